/**
 * `node test/recompress/fuzz/fuzz.ts [--trials 100000] [--seed 1]`: spoils streams and recipes and looks
 * that nothing worse comes of it than "raw", a refusal, or bytes that the digest shows to be wrong.
 */
import { parseArgs } from "node:util";
import { fuzzSamples } from "./samples.ts";
import { runTrial } from "./trials.ts";

const { values } = parseArgs({
  options: {
    trials: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
  },
});
const samples = fuzzSamples();
const ends = new Map<string, number>();
let slowestMs = 0;
const trials = Number(values.trials);
const seed = Number(values.seed);
for (let trial = 0; trial < trials; trial++) {
  const startedMs = performance.now();
  const end = runTrial(samples, seed + trial);
  ends.set(end, (ends.get(end) ?? 0) + 1);
  slowestMs = Math.max(slowestMs, performance.now() - startedMs);
}
const largest = Math.round(process.resourceUsage().maxRSS / 1024);
for (const end of [...ends.keys()].toSorted((one, other) => (one < other ? -1 : 1))) {
  process.stdout.write(`${end}: ${ends.get(end)}\n`);
}
process.stdout.write(`slowest ${Math.round(slowestMs)} ms, largest memory ${largest} MiB\n`);
