import { expect, it } from "vitest";
import { EngineMemory } from "../../../src/recompress/engine-memory.ts";
import { fuzzSamples } from "./samples.ts";
import { runTrial } from "./trials.ts";
import { faultsOf, merged, runTrials } from "./run-trials.ts";

const TRIALS = 250;

it("spoilt streams, recipes and plain bytes end as raw, refused, or in bytes that a digest shows", async () => {
  const told: string[] = [];
  const samples = fuzzSamples();
  const memory = new EngineMemory();
  const { ends, failedSeeds } = await runTrials(
    (seed) => runTrial(samples, seed, memory),
    { seed: 0, trials: TRIALS },
    (text) => told.push(text),
  );
  expect({ failedSeeds, told }).toEqual({ failedSeeds: [], told: [] });
  // All kinds of ends occur, or the trials try nothing.
  const kinds = ["stream raw", "stream exact", "recipe refused", "plain refused"];
  expect(Object.keys(ends)).toEqual(expect.arrayContaining(kinds));
}, 120_000);

it("a fuzz run fails by its failed seeds, its slowest trial and its memory", () => {
  const summary = {
    ends: { "stream raw": 3 },
    failedSeeds: [7, 9],
    slowestSeed: 8,
    slowestMs: 31_000,
    memoryBytes: 401_000_000,
    cpuMs: 60_000,
  };
  const limits = { memoryBytes: 400_000_000, trialMs: 30_000 };
  expect(faultsOf(summary, limits)).toEqual([
    "seeds that failed: 7 9",
    "seed 8 took 31.0 s",
    "took 401 MB of memory",
  ]);
  const calm = { ...summary, failedSeeds: [], slowestMs: 30_000, memoryBytes: 400_000_000 };
  expect(faultsOf(calm, limits)).toEqual([]);
  expect(merged([summary, summary])).toMatchObject({ ends: { "stream raw": 6 }, cpuMs: 120_000 });
});
