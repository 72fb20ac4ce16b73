import { expect, it } from "vitest";
import { separationOf } from "./two-samples.ts";

it.each([
  { first: [1, 2, 3], second: [1, 2, 3], share: 0.5 },
  { first: [1, 2, 3], second: [4, 5], share: 1 },
  { first: [4, 5], second: [1, 2, 3], share: 0 },
  { first: [2], second: [1, 2, 3], share: 0.5 },
  { first: [1, 3], second: [2, 4], share: 0.75 },
])("separationOf($first, $second) finds $share of them greater", ({ first, second, share }) => {
  expect(separationOf(first, second).share).toBe(share);
});

it("separationOf() measures by what chance does to samples of that size", () => {
  const figures = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => from + n);
  // 12 pairs: the square root of 8 in 144.
  expect(separationOf([1, 2, 3], [4, 5, 6, 7]).deviations).toBeCloseTo(0.5 / Math.sqrt(8 / 144));
  expect(separationOf(figures(0, 100), figures(0, 100)).deviations).toBe(0);
});
