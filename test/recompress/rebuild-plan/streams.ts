/** Short streams whose recipes have several restart points. */
import { gzipSync } from "node:zlib";
import { GzipAnalyser } from "../../../src/recompress/gzip/gzip-analyser.ts";
import type { Recipe } from "../../../src/recompress/recipe.ts";
import type { StreamAnalyser } from "../../../src/recompress/stream-codec.ts";
import { ZstdAnalyser } from "../../../src/recompress/zstd/zstd-analyser.ts";
import { ZSTD_ENGINES } from "../../../src/recompress/zstd/zstd-engines.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { encodeLike } from "../zstd-codec/encode-like.ts";

export interface RecipedStream {
  readonly plain: Uint8Array;
  readonly stream: Uint8Array;
  readonly recipe: Recipe;
}

const WINDOW_BYTES = 128 * 1024;

/** Its restart points are in the midst of bytes. */
export function gzipStream(): RecipedStream {
  const plain = plainLayer({ seed: 8, sizeBytes: 2_200_000 });
  const stream = gzipSync(plain, { level: 6, memLevel: 5 });
  const restartSpacing = { plainBytes: 100_000, streamBytes: 1 };
  // There is no restart point in the sample by which the encoder is found.
  const sampleSizes = { leastBytes: 200_000, enoughLessons: 0, mostBytes: 200_000 };
  const onPlain = (): void => undefined;
  const analyser = new GzipAnalyser({ onPlain, restartSpacing, sampleSizes });
  return { plain, stream, recipe: recipeBy(analyser, stream) };
}

/** Before each restart point a rebuild has to warm up. */
export function zstdStream(): RecipedStream {
  const plain = plainLayer({ seed: 8, sizeBytes: 2_000_000 });
  const engine = ZSTD_ENGINES.find(({ level }) => level === "better");
  if (engine === undefined) throw new Error("no such engine");
  const stream = encodeLike(plain, { engine, windowBytes: WINDOW_BYTES });
  const restartSpacing = { spacingBytes: 300_000, warmUpBytes: 50_000 };
  const analyser = new ZstdAnalyser({ onPlain: () => undefined, restartSpacing });
  return { plain, stream, recipe: recipeBy(analyser, stream) };
}

function recipeBy(analyser: StreamAnalyser, stream: Uint8Array): Recipe {
  analyser.write(stream);
  const outcome = analyser.end();
  if (outcome.kind === "raw") throw new Error(`raw, because ${outcome.reason.text}`);
  return outcome.recipe;
}
