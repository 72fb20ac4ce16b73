import type { ChunkId } from "../chunk-id.ts";
import type { ListedChunk } from "../recipe/chunk-list.ts";
import type { ChunkedFile } from "./chunked-files.ts";
import type { DeltaBase } from "./delta-base.ts";
import { type IndexRange, joined, outside } from "./index-range.ts";

const MEBIBYTE = 1024 * 1024;
/** How far around the same offset of the older file content is looked for, */
const LEAST_MARGIN_BYTES = MEBIBYTE;
/** or this part of it where that is more, */
const MARGIN_SHARE = 1 / 16;
/** but on either side no more than this part of the dictionary. */
const MOST_MARGIN_SHARE = 1 / 4;
/** A file is taken whole where so much of the batch leans on it that it is at most this many times as large. */
const MOST_PER_WANTED = 4;
/** Of a dictionary: each costs its id in the frame. */
const MOST_DICTIONARY_CHUNKS = 65_536;

/** Bytes that are to be compressed with the help of older ones. */
export interface WantedBytes {
  /** Of the file they are in, one byte a character. */
  readonly file: string;
  /** From the start of the file. */
  readonly offset: number;
  readonly sizeBytes: number;
}

interface PickedChunk {
  readonly index: number;
  readonly sizeBytes: number;
}

type Picked = Map<ChunkId, PickedChunk>;

/** What was looked at of a file of the base. */
interface LeantOn {
  readonly range: IndexRange;
  /** How much leans on it. */
  readonly wantedBytes: number;
}

/**
 * Collects what a batch should lean on: for each piece what stands around the same offset of the older file, and
 * in the room that is left the rest of files on which much leans, for content may have moved further. Each chunk once.
 */
export class DeltaDictionary {
  readonly #base: DeltaBase;
  readonly #mostBytes: number;
  readonly #picked: Picked = new Map();
  readonly #files = new Map<ChunkedFile, LeantOn>();
  #sizeBytes = 0;

  /** @param mostBytes of its chunks together: up to `LARGEST_DICTIONARY_BYTES` of `packs/frame.ts` */
  constructor(base: DeltaBase, mostBytes: number) {
    this.#base = base;
    this.#mostBytes = mostBytes;
  }

  /**
   * Takes in what those bytes should lean on, if there is anything.
   *
   * @returns `false` when there is no room for it: then nothing was taken. An empty dictionary takes what it can.
   */
  leanOn(wanted: WantedBytes): boolean {
    const file = this.#base.fileLike(wanted.file);
    if (file === undefined) return true;
    const known = this.#files.get(file);
    const range = this.#rangeFor(file, wanted);
    const { chunks, isAll } = this.#found(outside(range, known?.range));
    if (!isAll && this.#picked.size > 0) return false;
    this.#pick(chunks);
    const wantedBytes = (known?.wantedBytes ?? 0) + wanted.sizeBytes;
    this.#files.set(file, { range: joined(range, known?.range), wantedBytes });
    return true;
  }

  /** Fills up what room is left. Call once. @returns the chunks in the order of the base */
  end(): readonly ListedChunk[] {
    const files = [...this.#files].toSorted(([, a], [, b]) => b.wantedBytes - a.wantedBytes);
    for (const [{ firstChunk, chunkCount, sizeBytes }, { range, wantedBytes }] of files) {
      if (sizeBytes > MOST_PER_WANTED * wantedBytes) continue;
      const all = { from: firstChunk, to: firstChunk + chunkCount };
      const { chunks, isAll } = this.#found(outside(all, range));
      if (isAll) this.#pick(chunks);
    }
    return [...this.#picked]
      .toSorted(([, a], [, b]) => a.index - b.index)
      .map(([id, { sizeBytes }]) => ({ id, sizeBytes }));
  }

  #rangeFor(file: ChunkedFile, { offset, sizeBytes }: WantedBytes): IndexRange {
    const usual = Math.max(LEAST_MARGIN_BYTES, file.sizeBytes * MARGIN_SHARE);
    const margin = Math.floor(Math.min(usual, this.#mostBytes * MOST_MARGIN_SHARE));
    const stretch = { fromByte: offset - margin, toByte: offset + sizeBytes + margin };
    return this.#base.chunksBetween(file, stretch);
  }

  /** What of those may be leant on and is not in yet, as far as there is room. */
  #found(ranges: readonly IndexRange[]): { readonly chunks: Picked; readonly isAll: boolean } {
    const chunks: Picked = new Map();
    let sizeBytes = this.#sizeBytes;
    for (const index of placesIn(ranges)) {
      const chunk = this.#base.usableChunk(index);
      if (chunk === undefined || this.#picked.has(chunk.id) || chunks.has(chunk.id)) continue;
      sizeBytes += chunk.sizeBytes;
      const count = this.#picked.size + chunks.size;
      const hasRoom = sizeBytes <= this.#mostBytes && count < MOST_DICTIONARY_CHUNKS;
      if (!hasRoom) return { chunks, isAll: false };
      chunks.set(chunk.id, { index, sizeBytes: chunk.sizeBytes });
    }
    return { chunks, isAll: true };
  }

  #pick(chunks: Picked): void {
    for (const [id, chunk] of chunks) {
      this.#picked.set(id, chunk);
      this.#sizeBytes += chunk.sizeBytes;
    }
  }
}

function* placesIn(ranges: readonly IndexRange[]): Generator<number, void, undefined> {
  for (const { from, to } of ranges) {
    for (let index = from; index < to; index++) yield index;
  }
}
