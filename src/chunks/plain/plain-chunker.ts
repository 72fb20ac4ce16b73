import { type ChunkId, chunkIdOf } from "../chunk-id.ts";
import { ChunkCollector } from "../cut/chunk-collector.ts";
import { ChunkList } from "../recipe/chunk-list.ts";
import { PlainSplitter } from "../tar-map/plain-splitter.ts";
import { SkeletonWriter } from "../tar-map/skeleton-writer.ts";

/** Is given each chunk with its id, in order: the bytes are to copy, their memory is used again. */
export type TakeChunk = (id: ChunkId, chunk: Uint8Array) => void;

/** What plain bytes were made into. */
export interface ChunkedPlain {
  readonly plainBytes: number;
  /** As in `BlobRecipe`. */
  readonly skeleton: readonly Uint8Array[];
  readonly chunks: ChunkList;
}

/**
 * Makes chunks of plain bytes, and keeps what stands between them.
 *
 * What comes of it does not depend on how the bytes are cut. Memory: a chunk, 20 bytes for each chunk, and
 * some bytes for each header of a tar; a stream made of nothing but headers would fill it, so look at {@link keptBytes}.
 */
export class PlainChunker {
  readonly #splitter: PlainSplitter;
  readonly #skeleton = new SkeletonWriter();
  readonly #chunks = new ChunkList();
  #plainBytes = 0;
  #bodyBytes = 0;

  constructor(onChunk: TakeChunk) {
    const collector = new ChunkCollector((chunk) => {
      const id = chunkIdOf(chunk);
      this.#chunks.add({ id, sizeBytes: chunk.length });
      onChunk(id, chunk);
    });
    this.#splitter = new PlainSplitter({
      skeleton: (bytes) => this.#skeleton.skeleton(bytes),
      bodyStart: () => {
        this.#bodyBytes = 0;
      },
      body: (bytes) => {
        this.#bodyBytes += bytes.length;
        collector.write(bytes);
      },
      bodyEnd: () => {
        collector.end();
        this.#skeleton.body(this.#bodyBytes);
      },
    });
  }

  /** What is kept of the bytes so far, their chunks' own bytes apart. */
  get keptBytes(): number {
    return this.#skeleton.sizeBytes + this.#chunks.sizeBytes;
  }

  /** The next plain bytes, however they are cut. */
  write(plain: Uint8Array): void {
    this.#plainBytes += plain.length;
    this.#splitter.write(plain);
  }

  /** The plain bytes have ended. Call once. */
  end(): ChunkedPlain {
    this.#splitter.end();
    const skeleton = this.#skeleton.end();
    return { plainBytes: this.#plainBytes, skeleton, chunks: this.#chunks };
  }
}
