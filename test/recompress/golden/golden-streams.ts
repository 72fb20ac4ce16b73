import { existsSync, readFileSync } from "node:fs";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { analyseStream } from "../../../src/recompress/analyse.ts";
import { rebuildStream } from "../../../src/recompress/rebuild.ts";
import { decodeRecipe } from "../../../src/recompress/recipe.ts";
import { goldenInputNamed } from "./golden-inputs.ts";

/** Where the stream is of an encoder that changes the tar before it compresses it. */
export function keptStreamFile(encoder: string): URL {
  return new URL(`kept/${encoder}.bin`, import.meta.url);
}

/** @returns the plain bytes of a golden stream. @throws {RangeError} when there is no such input. */
export function goldenPlain(encoder: string, input: string): Uint8Array {
  const kept = keptStreamFile(encoder);
  return existsSync(kept) ? decompressed(readFileSync(kept)) : goldenInputNamed(input).make();
}

function decompressed(stream: Uint8Array): Uint8Array {
  return stream[0] === 0x1f ? gunzipSync(stream) : zstdDecompressSync(stream);
}

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
