import { expect, it } from "vitest";
import { fuzzSamples } from "./samples.ts";
import { runTrial } from "./trials.ts";

const TRIALS = 600;

it("spoilt streams and recipes end as raw, refused, or in bytes that a digest shows", () => {
  const samples = fuzzSamples();
  const ends = new Set(Array.from({ length: TRIALS }, (_, seed) => runTrial(samples, seed)));
  // All kinds of ends occur, or the trials try nothing.
  const kinds = ["stream raw", "stream exact", "recipe refused"];
  expect([...ends]).toEqual(expect.arrayContaining(kinds));
}, 120_000);
