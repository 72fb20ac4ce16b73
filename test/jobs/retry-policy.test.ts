import { expect, it } from "vitest";
import { retryDelayMs } from "../../src/jobs/retry-policy.ts";

const POLICY = { maxAttempts: 8, firstDelayMs: 1000, maxDelayMs: 60_000 };

it("retryDelayMs() doubles with each attempt, up to its limit", () => {
  const delaysMs = [1, 2, 3, 6, 7, 2000].map((attempt) => retryDelayMs(POLICY, attempt, 0.999_999));
  expect(delaysMs).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000]);
});

it("retryDelayMs() spreads over the upper half", () => {
  expect([0, 0.5].map((random) => retryDelayMs(POLICY, 2, random))).toEqual([1000, 1500]);
});
