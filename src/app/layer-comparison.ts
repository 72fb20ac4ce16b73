/** What of a layer would have to travel to someone who holds another one. */
import type { ChunkId } from "../chunks/chunk-id.ts";
import { type ChunkInFile, placesOf } from "../chunks/delta/chunked-files.ts";
import { DeltaBase } from "../chunks/delta/delta-base.ts";
import { type DeltaBatch, DeltaBatches } from "../chunks/delta/delta-batches.ts";
import { mapBytes } from "../chunks/delta/map-bytes.ts";
import { encodeFrame } from "../chunks/packs/frame.ts";
import type { ChunkedPlain } from "../chunks/plain/plain-chunker.ts";
import type { ChunkList } from "../chunks/recipe/chunk-list.ts";
import { type Analysis, chunkLayer } from "./layer-analysis.ts";
import { OpenBase } from "./layer-base.ts";
import type { OpenLayer } from "./layer-bytes.ts";
import type { BaseComparison, HeldBase } from "./layer-report.ts";

/** Of zstd: more costs much time, less many bytes, as dictionaries are large. */
const LEVEL = 12;

/** What is known of the layer that is compared. */
export interface Compared {
  readonly layer: OpenLayer;
  readonly analysis: Analysis;
  /** Of the recipe that puts its compression on again; 0 for a layer that is kept as it is. */
  readonly recipeBytes: number;
  /** As for `bytesOf`: the layer is read once more, if anything of it has to travel. */
  readonly onRead: (bytes: number) => void;
}

/**
 * Compares a layer with the base that it shares most bytes with.
 *
 * `deltaBytes` counts all that travels, as it would be encoded: the chunks that the base does not have, in frames that lean on
 * the base's (with the ids of those); the skeleton and the list of chunks, as `mapBytes` counts them; and
 * the recipe of the compression. Not counted is what a protocol adds. Of the very same layer nothing travels.
 *
 * @returns `undefined` where there is nothing to compare
 */
export async function compareLayer(
  compared: Compared,
  bases: readonly HeldBase[],
): Promise<BaseComparison | undefined> {
  const { chunked, digest } = compared.analysis;
  if (chunked === undefined) return undefined;
  const held = await mostShared(chunked.chunks, bases);
  if (held === undefined) return undefined;
  using base = await OpenBase.open(held);
  const isSame = digest === base.recipe.digest;
  return {
    file: held.file,
    isWhole: held.isWhole,
    digest: base.recipe.digest,
    sharedBytes: base.sharedBytes(chunked.chunks),
    deltaBytes: isSame ? 0 : await deltaBytes(compared, { chunked, base }),
  };
}

async function mostShared(
  chunks: ChunkList,
  bases: readonly HeldBase[],
): Promise<HeldBase | undefined> {
  let [best] = bases;
  let most = 0;
  for (const held of bases.length > 1 ? bases : []) {
    using base = await OpenBase.open(held);
    const shared = base.sharedBytes(chunks);
    if (shared > most) [best, most] = [held, shared];
  }
  return best;
}

interface Pair {
  readonly chunked: ChunkedPlain;
  readonly base: OpenBase;
}

async function deltaBytes(compared: Compared, pair: Pair): Promise<number> {
  const { layer, analysis, recipeBytes, onRead } = compared;
  const meter = new FrameMeter(pair);
  const form = analysis.outcome.kind === "exact" ? "plain" : "as it is";
  const onChunk = (id: ChunkId, chunk: Uint8Array): void => meter.take(id, chunk);
  await chunkLayer(layer, { form, onChunk, onRead });
  return meter.end() + mapBytes(pair.chunked, pair.base.recipe) + recipeBytes;
}

/** Makes the frames of all that the base does not have, and keeps their sizes alone. */
class FrameMeter {
  readonly #base: OpenBase;
  readonly #batches: DeltaBatches;
  readonly #places: Iterator<ChunkInFile>;
  readonly #seen = new Set<ChunkId>();
  #frameBytes = 0;

  constructor({ chunked, base }: Pair) {
    this.#base = base;
    this.#batches = new DeltaBatches(new DeltaBase(base.recipe, () => true));
    this.#places = placesOf(chunked);
  }

  /** Of each chunk of the layer, in order. */
  take(id: ChunkId, bytes: Uint8Array): void {
    const place: ChunkInFile | undefined = this.#places.next().value;
    if (place === undefined || this.#base.has(id) || this.#seen.has(id)) return;
    this.#seen.add(id);
    this.#count(this.#batches.add({ id, bytes, file: place.name, offset: place.offset }));
  }

  /** @returns bytes of all frames */
  end(): number {
    this.#count(this.#batches.end());
    return this.#frameBytes;
  }

  #count(batch: DeltaBatch | undefined): void {
    if (batch === undefined) return;
    const ids = batch.dictionary.map(({ id }) => id);
    const isDelta = ids.length > 0;
    const frame = encodeFrame({
      raw: Buffer.concat(batch.chunks.map(({ bytes }) => bytes)),
      sizes: batch.chunks.map(({ bytes }) => bytes.length),
      level: LEVEL,
      delta: isDelta ? { ids, dictionary: this.#base.read(ids), depth: 1 } : undefined,
    });
    this.#frameBytes += frame.length;
  }
}
