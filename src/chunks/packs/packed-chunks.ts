import { WeightedMap } from "../../lib/weighted-map.ts";
import { type ChunkId, chunkIdOf } from "../chunk-id.ts";
import type { ChunkPlace } from "../index/chunk-index.ts";
import type { ChunkSource } from "../plain/make-plain.ts";
import {
  decompressFrame,
  LARGEST_DICTIONARY_BYTES,
  LARGEST_FRAME_BYTES,
  type ReadFrame,
  readFrame,
} from "./frame.ts";
import { PackError } from "./pack-error.ts";
import type { PackSource } from "./read-pack.ts";

/** No pack has the chunk, as far as the index knows. */
export class ChunkMissing extends Error {
  readonly kind = "chunk-missing";
  readonly id: ChunkId;

  constructor(id: ChunkId) {
    super(`no pack has chunk ${id}`);
    this.id = id;
  }
}

/** A chunk lies in a pack, but not as it was put there. */
export class ChunkDamaged extends Error {
  readonly kind = "chunk-damaged";
  readonly id: ChunkId;
  readonly pack: string;
  /** Of its frame, in the pack. */
  readonly at: number;

  constructor(id: ChunkId, { pack, at }: Pick<ChunkPlace, "pack" | "at">, cause: unknown) {
    super(`chunk ${id} is damaged in pack ${pack}`, { cause });
    this.id = id;
    this.pack = pack;
    this.at = at;
  }
}

/** Where {@link PackedChunks} reads from. */
export interface PackedChunksOptions {
  /** @returns all places of a chunk, in the order in which they are tried. */
  readonly find: (id: ChunkId) => readonly ChunkPlace[];
  /** Told of each damage that is met, also where another place has the chunk unharmed. */
  readonly onDamaged?: (damage: ChunkDamaged) => void;
  /** May be called again and again for the same pack. What it rejects with goes to the reader. */
  readonly open: (pack: string) => Promise<Pick<PackSource, "read">>;
  /** Unpacked frames that are kept, for the chunks of a file come from one after the other. */
  readonly keptBytes: number;
}

interface UnpackedFrame {
  readonly raw: Uint8Array;
  readonly sizes: readonly number[];
}

/**
 * Reads chunks out of packs, one at a time.
 *
 * Memory: `keptBytes`, and for a delta frame its dictionary, up to 64 MiB. Nothing that is read is believed:
 * every chunk is hashed, and a frame leans only on frames that lean on fewer.
 */
export class PackedChunks implements ChunkSource {
  readonly #options: PackedChunksOptions;
  readonly #frames: WeightedMap<string, UnpackedFrame>;

  constructor(options: PackedChunksOptions) {
    this.#options = options;
    this.#frames = new WeightedMap({
      maxWeight: options.keptBytes,
      maxEntryWeight: LARGEST_FRAME_BYTES,
      weigh: ({ raw }) => raw.length,
    });
  }

  /** @throws {ChunkMissing} {ChunkDamaged} What opening and reading packs fails with. */
  async read(id: ChunkId): Promise<Uint8Array> {
    return await this.#readBelow(id, Infinity);
  }

  async #readBelow(id: ChunkId, depthLimit: number): Promise<Uint8Array> {
    let failure: ChunkMissing | ChunkDamaged | undefined;
    for (const place of this.#options.find(id)) {
      // Nothing is wrong with that frame: it is only too deep to lean on from here.
      if (place.depth >= depthLimit) {
        const cause = new PackError("frames lean on each other in a circle");
        failure = new ChunkDamaged(id, place, cause);
        continue;
      }
      try {
        return await this.#readAt(place, id);
      } catch (error) {
        if (!(error instanceof ChunkDamaged || error instanceof ChunkMissing)) throw error;
        failure = error;
      }
    }
    throw failure ?? new ChunkMissing(id);
  }

  /** @throws {ChunkDamaged} {ChunkMissing} also for what the chunk's frame leans on. */
  async #readAt(place: ChunkPlace, id: ChunkId): Promise<Uint8Array> {
    try {
      return chunkIn(await this.#frameAt(place), id, place);
    } catch (cause) {
      if (!(cause instanceof PackError)) throw cause;
      const damage = new ChunkDamaged(id, place, cause);
      this.#options.onDamaged?.(damage);
      throw damage;
    }
  }

  async #frameAt(place: ChunkPlace): Promise<UnpackedFrame> {
    const key = `${place.pack}:${place.at}`;
    const kept = this.#frames.get(key);
    if (kept !== undefined) return kept;
    const pack = await this.#options.open(place.pack);
    const read = readFrame(await pack.read(place.at, place.frameBytes));
    if (read.depth !== place.depth) throw new PackError("a frame has another depth");
    const frame = { sizes: read.sizes, raw: decompressFrame(read, await this.#dictionaryOf(read)) };
    this.#frames.set(key, frame);
    return frame;
  }

  async #dictionaryOf({ dictionaryIds, depth }: ReadFrame): Promise<Uint8Array | undefined> {
    if (dictionaryIds.length === 0) return undefined;
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for (const id of dictionaryIds) {
      const chunk = await this.#readBelow(id, depth);
      sizeBytes += chunk.length;
      if (sizeBytes > LARGEST_DICTIONARY_BYTES) throw new PackError("a dictionary is too large");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }
}

function chunkIn({ raw, sizes }: UnpackedFrame, id: ChunkId, { slot }: ChunkPlace): Uint8Array {
  const from = sizes.slice(0, slot).reduce((sum, size) => sum + size, 0);
  const chunk = raw.subarray(from, from + (sizes[slot] ?? 0));
  if (chunkIdOf(chunk) !== id) throw new PackError("there is another chunk in its place");
  return chunk;
}
