import { expect, it } from "vitest";
import { mapBytes } from "../../../src/chunks/delta/map-bytes.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { chunk, noise, tarOf } from "./made-versions.ts";

const LAYER = chunk(plainLayer({ seed: 9, sizeBytes: 3_000_000 })).chunked;
const NOTHING = chunk(new Uint8Array(0)).chunked;

it("mapBytes() is a few bytes for the same again, and much more for someone who has nothing", () => {
  const same = mapBytes(LAYER, LAYER);
  expect(same).toBeLessThan(100);
  expect(mapBytes(LAYER, NOTHING)).toBeGreaterThan(10 * same);
  expect(mapBytes(NOTHING, LAYER)).toBeLessThan(100);
  expect(mapBytes(NOTHING, NOTHING)).toBeLessThan(100);
});

it("mapBytes() counts what stands where", () => {
  const names = Array.from({ length: 300 }, (_, index) => `file-${1000 + index}`);
  const bodies = names.map((_, index) => noise(40, index));
  const tar = (order: readonly number[]) => {
    const files = order.map((from, at) => [names[at] ?? "", bodies[from] ?? ""] as const);
    return chunk(tarOf(Object.fromEntries(files))).chunked;
  };
  const inOrder = names.map((_, index) => index);
  const random = new SeededRandom(1);
  const mixed = inOrder.toSorted(() => random.below(3) - 1);
  const base = tar(inOrder);
  expect(mapBytes(base, base)).toBeLessThan(100);
  expect(mapBytes(tar(mixed), base)).toBeGreaterThan(200);
});
