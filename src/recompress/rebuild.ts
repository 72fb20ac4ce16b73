import type { EngineMemory } from "./engine-memory.ts";
import { GZIP_ENGINES } from "./gzip/gzip-engines.ts";
import { GzipRebuilder } from "./gzip/gzip-rebuilder.ts";
import { gzipRestarts } from "./gzip/gzip-restarts.ts";
import { RecipeError } from "./recipe-error.ts";
import type { Recipe } from "./recipe.ts";
import type { StreamRebuilder, TakeBytes } from "./stream-codec.ts";
import { ZstdRebuilder } from "./zstd/zstd-rebuilder.ts";
import { restartPoints as zstdRestartPoints } from "./zstd/zstd-restarts.ts";

/** A place in a stream from which it can be rebuilt without what lies far before it. */
export interface RestartPoint {
  /**
   * The rebuild must be given the plain bytes from here on; at most the model's memory before `plainAt`.
   * 0 where it takes all there is: the documents behind the files of zstd:chunked, the last point of such a
   * stream. From points before it a rebuild must stop there.
   */
  readonly plainFrom: number;
  /** The first plain byte that the bytes made there stand for. */
  readonly plainAt: number;
  /** The first byte of the stream that is made. */
  readonly streamByte: number;
  /**
   * How many of its lowest bits belong to what lies before: they come out as 0, to be ORed with the last
   * byte of the piece before. 0 to 7.
   */
  readonly streamBit: number;
}

/** Which piece of a stream to rebuild. Without either end it is all of it. */
export interface RebuildSpan {
  /** Index of the restart point to begin at. */
  readonly from?: number | undefined;
  /** Index of the restart point to stop at. Its byte is the piece's last one if its `streamBit` is not 0. */
  readonly until?: number | undefined;
}

/** How to rebuild a stream. */
export interface RebuildOptions extends RebuildSpan {
  /** For the engine: what is done in turn does with the memory of one. */
  readonly memory?: EngineMemory | undefined;
}

/** A rebuild that may stop early. */
export interface SpanRebuilder extends StreamRebuilder {
  /** As {@link StreamRebuilder.write}. @returns `false` when everything up to `until` has been made. */
  write(plain: Uint8Array): boolean;
}

/** @returns the recipe's restart points in order; the stream's start is none. @throws {RecipeError} */
export function restartPoints(recipe: Recipe): readonly RestartPoint[] {
  if (recipe.format === "zstd") {
    return zstdRestartPoints(recipe).map((point) => ({ ...point, streamBit: 0 }));
  }
  return gzipRestarts(recipe).map(({ plainByte, tokens, streamByte, streamBit }) => {
    const plainFrom = plainByte - (tokens?.historyBytes ?? 0);
    return { plainFrom, plainAt: plainByte, streamByte, streamBit };
  });
}

/**
 * Writes a compressed stream again, or a piece of it.
 *
 * What comes out is right only if recipe and plain bytes are: compare the digest of the whole.
 *
 * @param recipe is not trusted
 * @param onBytes is given the stream's bytes, in order, to keep
 * @throws {RecipeError} when the recipe is damaged or names an unknown engine
 */
export function rebuildStream(
  recipe: Recipe,
  onBytes: TakeBytes,
  options: RebuildOptions = {},
): SpanRebuilder {
  return recipe.format === "gzip"
    ? gzipRebuilder(recipe, onBytes, options)
    : zstdRebuilder(recipe, onBytes, options);
}

function gzipRebuilder(recipe: Recipe, onBytes: TakeBytes, span: RebuildSpan): SpanRebuilder {
  const restarts = gzipRestarts(recipe);
  const from = span.from === undefined ? undefined : at(restarts, span.from);
  const until = span.until === undefined ? undefined : at(restarts, span.until);
  return new GzipRebuilder({ recipe, engines: GZIP_ENGINES, onBytes, from, until });
}

function zstdRebuilder(
  recipe: Recipe,
  onBytes: TakeBytes,
  { from, until, memory }: RebuildOptions,
): SpanRebuilder {
  const points = zstdRestartPoints(recipe);
  const start = from === undefined ? 0 : at(points, from).streamByte;
  const end = until === undefined ? recipe.streamBytes : at(points, until).streamByte;
  const piece = new Piece(onBytes, end - start);
  const untilByte = until === undefined ? undefined : end;
  const place = { restart: from, untilByte };
  const rebuilder = new ZstdRebuilder({ recipe, onBytes: piece.take, ...place, memory });
  return {
    write: (plain) => {
      if (until !== undefined && piece.isWhole) return false;
      rebuilder.write(plain);
      return until === undefined || !piece.isWhole;
    },
    end: () => {
      if (until === undefined) rebuilder.end();
      else rebuilder.release();
      if (until !== undefined && !piece.isWhole)
        throw new RecipeError("the plain bytes end too early");
    },
  };
}

/** Lets through so many bytes and no more: zstd's blocks come whole, its pieces end between two. */
class Piece {
  readonly #onBytes: TakeBytes;
  #left: number;

  constructor(onBytes: TakeBytes, sizeBytes: number) {
    this.#onBytes = onBytes;
    this.#left = sizeBytes;
  }

  get isWhole(): boolean {
    return this.#left === 0;
  }

  readonly take = (bytes: Uint8Array): void => {
    const wanted = Math.min(bytes.length, this.#left);
    this.#left -= wanted;
    if (wanted > 0) this.#onBytes(bytes.subarray(0, wanted));
  };
}

function at<Value>(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new RecipeError(`the recipe has no restart point ${index}`);
  return value;
}
