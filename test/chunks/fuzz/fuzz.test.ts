import { expect, it } from "vitest";
import { runTrials } from "../../recompress/fuzz/run-trials.ts";
import { chunkSamples, runChunkTrial } from "./trials.ts";

it("spoilt tars come back, spoilt packs and recipes are refused or shown by a digest", async () => {
  const told: string[] = [];
  const samples = await chunkSamples();
  const { ends, failedSeeds } = await runTrials(
    (seed) => runChunkTrial(samples, seed),
    { seed: 0, trials: 600 },
    (text) => told.push(text),
  );
  expect({ failedSeeds, told }).toEqual({ failedSeeds: [], told: [] });
  const kinds = ["pack refused", "recipe refused", "recipe other bytes", "tar same bytes"];
  kinds.push("leaning packs all chunks", "leaning packs fewer chunks");
  kinds.push("gzip recipe refused", "base refused", "base leant on");
  expect(Object.keys(ends)).toEqual(expect.arrayContaining(kinds));
});
