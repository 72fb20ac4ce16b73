import { decodeRecipe, encodeRecipe } from "../../../src/recompress/recipe.ts";
import type { Recipe } from "../../../src/recompress/recipe.ts";
import type { Findings, Outcome } from "../../../src/recompress/outcome.ts";
import { ZstdAnalyser } from "../../../src/recompress/zstd/zstd-analyser.ts";
import type { ZstdAnalysis } from "../../../src/recompress/zstd/zstd-analyser.ts";
import { ZstdRebuilder } from "../../../src/recompress/zstd/zstd-rebuilder.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { BEST_ENGINE, TEST_ENGINES } from "./test-engines.ts";

export const ENGINES = [...TEST_ENGINES, BEST_ENGINE];

export interface Analysed {
  readonly outcome: Outcome;
  readonly plain: Buffer;
}

/** @returns the bytes in pieces of random sizes up to `most`. */
export function cut(bytes: Uint8Array, seed: number, most = 50_000): Uint8Array[] {
  const random = new SeededRandom(seed);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = random.between(1, most);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** Analyses a stream that comes in pieces. */
export function analyse(
  pieces: readonly Uint8Array[],
  options: Omit<ZstdAnalysis, "onPlain"> = {},
): Analysed {
  const plain: Buffer[] = [];
  const analyser = new ZstdAnalyser({
    engines: TEST_ENGINES,
    ...options,
    onPlain: (bytes) => void plain.push(Buffer.from(bytes)),
  });
  for (const piece of pieces) if (!analyser.write(piece)) break;
  return { outcome: analyser.end(), plain: Buffer.concat(plain) };
}

/** @returns the recipe, written and read again, and the findings. Fails unless the stream has a recipe. */
export function recipeOf(outcome: Outcome): {
  readonly recipe: Recipe;
  readonly findings: Findings;
} {
  if (outcome.kind === "raw") throw new Error(`raw, because ${outcome.reason.text}`);
  return { recipe: decodeRecipe(encodeRecipe(outcome.recipe)), findings: outcome.findings };
}

/** @returns the stream that the recipe makes of plain bytes that come in pieces. */
export function rebuild(recipe: Recipe, pieces: readonly Uint8Array[], restart?: number): Buffer {
  const stream: Buffer[] = [];
  const rebuilder = new ZstdRebuilder({
    recipe,
    engines: ENGINES,
    restart,
    onBytes: (bytes) => void stream.push(Buffer.from(bytes)),
  });
  for (const piece of pieces) rebuilder.write(piece);
  rebuilder.end();
  return Buffer.concat(stream);
}

/** @returns where the files of a plain layer begin and end; its headers are ustar's. */
export function fileBorders(tar: Uint8Array): number[] {
  const borders: number[] = [];
  const buffer = Buffer.from(tar);
  for (let at = 0; buffer.toString("latin1", at + 257, at + 262) === "ustar";) {
    const size = Number.parseInt(buffer.toString("latin1", at + 124, at + 135), 8);
    const type = buffer.toString("latin1", at + 156, at + 157);
    if (type === "0" && size > 0) borders.push(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return borders;
}
