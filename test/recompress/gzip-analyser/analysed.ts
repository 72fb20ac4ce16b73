import { GzipAnalyser } from "../../../src/recompress/gzip/gzip-analyser.ts";
import type { GzipEngine } from "../../../src/recompress/gzip/gzip-engines.ts";
import { USUAL_SAMPLE } from "../../../src/recompress/gzip/token-sample.ts";
import type { SampleSizes } from "../../../src/recompress/gzip/token-sample.ts";
import { GzipRebuilder } from "../../../src/recompress/gzip/gzip-rebuilder.ts";
import type { GzipRestart } from "../../../src/recompress/gzip/gzip-restarts.ts";
import { gzipRestarts } from "../../../src/recompress/gzip/gzip-restarts.ts";
import type { Outcome } from "../../../src/recompress/outcome.ts";
import type { Recipe } from "../../../src/recompress/recipe.ts";
import { decodeRecipe, encodeRecipe } from "../../../src/recompress/recipe.ts";
import { literalsModel } from "../../fakes/literals-model.ts";

/** An engine for what `LITERALS_ONLY` writes. */
export const LITERALS_ENGINE: GzipEngine = {
  id: 7,
  family: "none",
  encoder: "zlib",
  level: "literals",
  model: () => literalsModel(),
};

/** What came of a stream. */
export interface Analysed {
  readonly outcome: Outcome;
  readonly plain: Uint8Array;
}

/** How to read a stream. */
export interface AnalyseOptions {
  readonly engines?: readonly GzipEngine[];
  readonly sampleSizes?: SampleSizes;
  /** How large the next piece is to be. By default 64 KiB. */
  readonly pieceBytes?: () => number;
}

/** Reads a stream to its end, or to where the analyser wants no more. */
export function analyse(stream: Uint8Array, options: AnalyseOptions = {}): Analysed {
  const { engines = [LITERALS_ENGINE], pieceBytes = (): number => 65_536 } = options;
  const { sampleSizes = USUAL_SAMPLE } = options;
  const plain: Uint8Array[] = [];
  const analyser = new GzipAnalyser({
    engines,
    sampleSizes,
    onPlain: (bytes) => plain.push(bytes.slice()),
  });
  for (let at = 0; at < stream.length;) {
    const piece = stream.subarray(at, at + pieceBytes());
    at += piece.length;
    if (!analyser.write(piece)) break;
  }
  return { outcome: analyser.end(), plain: Buffer.concat(plain) };
}

/** The recipe of a stream that must have one, as it comes back from bytes. */
export function recipeOf(outcome: Outcome): Recipe {
  if (outcome.kind === "raw") throw new Error(`raw, because ${outcome.reason.text}`);
  return decodeRecipe(encodeRecipe(outcome.recipe));
}

/** Writes a stream again, or a part of it between two restarts. */
export function rebuild(
  recipe: Recipe,
  plain: Uint8Array,
  part: { from?: GzipRestart; until?: GzipRestart | undefined } = {},
): Uint8Array {
  const pieces: Uint8Array[] = [];
  const rebuilder = new GzipRebuilder({
    recipe,
    engines: [LITERALS_ENGINE],
    onBytes: (bytes) => pieces.push(bytes.slice()),
    ...part,
  });
  const from = part.from;
  const start = from === undefined ? 0 : from.plainByte - (from.tokens?.historyBytes ?? 0);
  for (let at = start; at < plain.length; at += 50_000) {
    if (!rebuilder.write(plain.subarray(at, at + 50_000))) break;
  }
  rebuilder.end();
  return Buffer.concat(pieces);
}

/** Writes a stream again in the parts that its restarts make, joined as `GzipRestart` says. */
export function rebuildInParts(recipe: Recipe, plain: Uint8Array): Uint8Array {
  const restarts = gzipRestarts(recipe);
  const stream = new Uint8Array(recipe.streamBytes);
  for (const [index, until] of [...restarts, undefined].entries()) {
    const from = restarts[index - 1];
    const part = rebuild(recipe, plain, from === undefined ? { until } : { from, until });
    for (const [offset, byte] of part.entries()) {
      const at = (from?.streamByte ?? 0) + offset;
      stream[at] = (stream[at] ?? 0) | byte;
    }
  }
  return stream;
}
