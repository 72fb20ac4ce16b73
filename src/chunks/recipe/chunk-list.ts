import { CHUNK_ID_BYTES, type ChunkId, chunkIdBytes, readChunkId } from "../chunk-id.ts";

const FIRST_CHUNKS = 1024;
const SIZE_BYTES = 4;

/** A chunk of a list. */
export interface ListedChunk {
  readonly id: ChunkId;
  readonly sizeBytes: number;
}

/** The chunks of a blob in order, 20 bytes each in memory. */
export class ChunkList {
  #ids = new Uint8Array(FIRST_CHUNKS * CHUNK_ID_BYTES);
  #sizes = new Uint32Array(FIRST_CHUNKS);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** All ids, {@link CHUNK_ID_BYTES} each: a view until a chunk is added. */
  get idBytes(): Uint8Array {
    return this.#ids.subarray(0, this.#length * CHUNK_ID_BYTES);
  }

  /** What the list takes in memory, about. */
  get sizeBytes(): number {
    return this.#length * (CHUNK_ID_BYTES + SIZE_BYTES);
  }

  add({ id, sizeBytes }: ListedChunk): void {
    if (this.#length === this.#sizes.length) this.#grow();
    this.#ids.set(chunkIdBytes(id), this.#length * CHUNK_ID_BYTES);
    this.#sizes[this.#length] = sizeBytes;
    this.#length += 1;
  }

  /** @throws {RangeError} when there is none. */
  at(index: number): ListedChunk {
    const sizeBytes = index < this.#length ? this.#sizes[index] : undefined;
    if (sizeBytes === undefined) throw new RangeError(`there is no chunk ${index}`);
    const at = index * CHUNK_ID_BYTES;
    return { id: readChunkId(this.#ids.subarray(at, at + CHUNK_ID_BYTES)), sizeBytes };
  }

  *[Symbol.iterator](): Generator<ListedChunk> {
    for (let index = 0; index < this.#length; index++) yield this.at(index);
  }

  #grow(): void {
    const ids = new Uint8Array(this.#ids.length * 2);
    const sizes = new Uint32Array(this.#sizes.length * 2);
    ids.set(this.#ids);
    sizes.set(this.#sizes);
    this.#ids = ids;
    this.#sizes = sizes;
  }
}
