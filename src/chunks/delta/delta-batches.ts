import type { ChunkId } from "../chunk-id.ts";
import type { ListedChunk } from "../recipe/chunk-list.ts";
import type { DeltaBase } from "./delta-base.ts";
import { DeltaDictionary } from "./delta-dictionary.ts";

const MEBIBYTE = 1024 * 1024;
/** What a delta is made with as a rule: larger ones save little more, and cost memory on both sides. */
export const USUAL_DELTA_LIMITS = {
  batchBytes: 8 * MEBIBYTE,
  dictionaryBytes: 32 * MEBIBYTE,
} as const satisfies DeltaLimits;

/** How much is compressed together. */
export interface DeltaLimits {
  /** Of chunks; at most `LARGEST_FRAME_BYTES` of `packs/frame.ts`. A larger chunk has a batch of its own. */
  readonly batchBytes: number;
  /** Of what they lean on; at most `LARGEST_DICTIONARY_BYTES` there. */
  readonly dictionaryBytes: number;
}

/** A chunk that is wanted, and that the base does not have. */
export interface MissingChunk {
  readonly id: ChunkId;
  readonly bytes: Uint8Array;
  /** The name of the file it is first in, one byte a character. */
  readonly file: string;
  /** From the start of that file. */
  readonly offset: number;
}

/** Chunks that are to be compressed as one frame. */
export interface DeltaBatch {
  /** At least one. */
  readonly chunks: readonly { readonly id: ChunkId; readonly bytes: Uint8Array }[];
  /** What the frame should lean on, in this order. Empty where the base has nothing like them: then usual frames do. */
  readonly dictionary: readonly ListedChunk[];
}

/** Cuts chunks into batches, and finds what each should lean on. Holds one batch. */
export class DeltaBatches {
  readonly #base: DeltaBase;
  readonly #limits: DeltaLimits;
  #chunks: { readonly id: ChunkId; readonly bytes: Uint8Array }[] = [];
  #rawBytes = 0;
  #dictionary: DeltaDictionary;

  constructor(base: DeltaBase, limits: DeltaLimits = USUAL_DELTA_LIMITS) {
    this.#base = base;
    this.#limits = limits;
    this.#dictionary = new DeltaDictionary(base, limits.dictionaryBytes);
  }

  /**
   * Takes the next chunk, in the order of the blob.
   *
   * @param chunk its bytes are copied
   * @returns the batch before it, when that is complete
   */
  add(chunk: MissingChunk): DeltaBatch | undefined {
    const { id, bytes, file, offset } = chunk;
    const wanted = { file, offset, sizeBytes: bytes.length };
    const isFull = this.#rawBytes + bytes.length > this.#limits.batchBytes;
    const complete = isFull || !this.#dictionary.leanOn(wanted) ? this.end() : undefined;
    // An empty dictionary never refuses.
    if (complete !== undefined || isFull) this.#dictionary.leanOn(wanted);
    this.#chunks.push({ id, bytes: bytes.slice() });
    this.#rawBytes += bytes.length;
    return complete;
  }

  /** @returns what is left, if anything; another batch may be begun */
  end(): DeltaBatch | undefined {
    const chunks = this.#chunks;
    const dictionary = this.#dictionary.end();
    this.#chunks = [];
    this.#rawBytes = 0;
    this.#dictionary = new DeltaDictionary(this.#base, this.#limits.dictionaryBytes);
    return chunks.length === 0 ? undefined : { chunks, dictionary };
  }
}
