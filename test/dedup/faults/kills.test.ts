import { expect, it } from "vitest";
import { runKills } from "./kill-rounds.ts";

it("all blobs pull after each of some kills, and a second run finds nothing to do", async () => {
  const summary = await runKills({
    storage: "filesystem",
    kills: 8,
    limitMs: 60_000,
    seed: 1,
    keepsQueue: false,
    tell: () => undefined,
  });
  expect(summary.kills).toBeGreaterThan(0);
  expect(summary.cold).toBeGreaterThan(0);
}, 120_000);
