/**
 * `node test/recompress/fuzz/fuzz.ts [--trials 100000] [--seed 1]`: spoils streams and recipes and looks
 * that nothing worse comes of it than "raw", a refusal, or bytes that the digest shows to be wrong.
 */
import { parseArgs } from "node:util";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { mutate } from "./mutations.ts";
import { type FuzzSample, fuzzSamples } from "./samples.ts";
import { type TrialEnd, tryRecipe, tryStream } from "./trials.ts";

const { values } = parseArgs({
  options: {
    trials: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
  },
});
const samples = await fuzzSamples();
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
for (const [end, count] of [...ends].toSorted()) process.stdout.write(`${end}: ${count}\n`);
process.stdout.write(`slowest ${Math.round(slowestMs)} ms, largest memory ${largest} MiB\n`);

/** One trial; the seed tells all about it, so that it can be run again. */
function runTrial(from: readonly FuzzSample[], trialSeed: number): string {
  const random = new SeededRandom(trialSeed);
  const { name, stream, plain, recipe } = random.pick(from);
  const kind = random.oneIn(2) && recipe !== undefined ? "recipe" : "stream";
  try {
    const end: TrialEnd =
      kind === "recipe" && recipe !== undefined
        ? tryRecipe(mutate(recipe, random), plain, { random, stream })
        : tryStream(mutate(stream, random), random);
    return `${kind} ${end}`;
  } catch (error) {
    throw new Error(`${name}: ${kind} with seed ${trialSeed}`, { cause: error });
  }
}
