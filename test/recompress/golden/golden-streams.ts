import { analyseStream } from "../../../src/recompress/analyse.ts";
import { rebuildStream } from "../../../src/recompress/rebuild.ts";
import { decodeRecipe } from "../../../src/recompress/recipe.ts";

/** @returns the golden stream, made from its recipe. */
export function rebuilt(recipe: Uint8Array, plain: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  const rebuilder = rebuildStream(decodeRecipe(recipe), (bytes) => void pieces.push(bytes.slice()));
  rebuilder.write(plain);
  rebuilder.end();
  return Buffer.concat(pieces);
}

/** @returns the corrections, or why the stream is raw. */
export function correctionsIn(stream: Uint8Array): number | string {
  const analyser = analyseStream(() => undefined);
  analyser.write(stream);
  const outcome = analyser.end();
  return outcome.kind === "raw" ? outcome.reason.text : outcome.findings.corrections;
}
