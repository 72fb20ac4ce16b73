/**
 * `node test/chunks/fuzz/fuzz.ts`: spoils tars, packs and recipes of blobs, and looks that nothing worse comes of
 * it than a refusal, or bytes that a digest shows to be wrong. Options: test/recompress/fuzz/fuzz-program.ts.
 */
import { fileURLToPath } from "node:url";
import { runFuzzProgram } from "../../recompress/fuzz/fuzz-program.ts";
import { chunkSamples, runChunkTrial } from "./trials.ts";

const samples = await chunkSamples();
await runFuzzProgram(fileURLToPath(import.meta.url), () => {
  return (seed) => runChunkTrial(samples, seed);
});
