/**
 * `node test/recompress/fuzz/fuzz.ts`: spoils streams, recipes and plain bytes, and looks that nothing worse
 * comes of it than "raw", a refusal, or bytes that the digest shows to be wrong. Options: fuzz-program.ts.
 */
import { fileURLToPath } from "node:url";
import { EngineMemory } from "../../../src/recompress/engine-memory.ts";
import { runFuzzProgram } from "./fuzz-program.ts";
import { fuzzSamples } from "./samples.ts";
import { runTrial } from "./trials.ts";

await runFuzzProgram(fileURLToPath(import.meta.url), () => {
  const samples = fuzzSamples();
  const memory = new EngineMemory();
  return (seed) => runTrial(samples, seed, memory);
});
