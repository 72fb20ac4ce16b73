import type { ChunkId } from "../chunk-id.ts";
import type { ChunkedPlain } from "../plain/plain-chunker.ts";
import type { ListedChunk } from "../recipe/chunk-list.ts";
import { type ChunkedFile, filesOf } from "./chunked-files.ts";
import type { IndexRange } from "./index-range.ts";
import { LikeFiles } from "./like-files.ts";

/** An older blob that chunks of a newer one may lean on. */
export class DeltaBase {
  readonly #base: ChunkedPlain;
  readonly #isUsable: (id: ChunkId) => boolean;
  readonly #files: LikeFiles;
  /** How many bytes of bodies are before each chunk. */
  readonly #starts: Float64Array;

  /**
   * Memory: 8 bytes for each chunk, and the names of the files.
   *
   * @param base is not trusted
   * @param isUsable whether the chunk may be leant on: asked each time
   * @throws {BlobRecipeError} when skeleton and chunks do not fit together.
   */
  constructor(base: ChunkedPlain, isUsable: (id: ChunkId) => boolean) {
    this.#base = base;
    this.#isUsable = isUsable;
    this.#files = new LikeFiles(filesOf(base));
    this.#starts = new Float64Array(base.chunks.length);
    let at = 0;
    for (let index = 0; index < base.chunks.length; index++) {
      this.#starts[index] = at;
      at += base.chunks.at(index).sizeBytes;
    }
  }

  /** The file that one of this name was most likely made from. */
  fileLike(name: string): ChunkedFile | undefined {
    return this.#files.find(name);
  }

  /** @returns `undefined` for a chunk that must not be leant on. */
  usableChunk(index: number): ListedChunk | undefined {
    const chunk = this.#base.chunks.at(index);
    return this.#isUsable(chunk.id) ? chunk : undefined;
  }

  /**
   * The chunks of a file that have bytes between two offsets in it; none for a stretch behind its end.
   *
   * @param stretch in bytes; may begin before the file, and end behind it
   */
  chunksBetween(
    { firstChunk, chunkCount, sizeBytes }: ChunkedFile,
    stretch: { readonly fromByte: number; readonly toByte: number },
  ): IndexRange {
    const start = this.#starts[firstChunk] ?? 0;
    const file = { from: firstChunk, to: firstChunk + chunkCount };
    if (stretch.fromByte >= sizeBytes) return { from: file.to, to: file.to };
    const to = this.#firstFrom(start + stretch.toByte, file);
    const behindFirst = this.#firstFrom(start + stretch.fromByte + 1, file);
    return { from: Math.max(firstChunk, behindFirst - 1), to };
  }

  /** @returns the first chunk in `within` that begins at `at` or behind it, or the range's end */
  #firstFrom(at: number, within: IndexRange): number {
    let { from, to } = within;
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      if ((this.#starts[middle] ?? 0) < at) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
