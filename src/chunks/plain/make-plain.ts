import type { ChunkId } from "../chunk-id.ts";
import { BlobRecipeError } from "../recipe/blob-recipe-error.ts";
import type { ChunkList } from "../recipe/chunk-list.ts";
import { SkeletonReader } from "../tar-map/skeleton-reader.ts";
import { SkeletonError } from "../tar-map/skeleton-error.ts";
import type { ChunkedPlain } from "./plain-chunker.ts";

/** Where chunks come from: packs, or a peer. */
export interface ChunkSource {
  /** @returns the chunk's bytes, which have that id. What it rejects with ends the making. */
  read(id: ChunkId): Promise<Uint8Array>;
}

/**
 * Puts plain bytes together again.
 *
 * @param chunked is not trusted: it comes from disks and peers
 * @param options.from the first plain byte that is wanted, 0 by default; chunks before it are not read
 * @returns the plain bytes from there on, to use until the next piece is asked for
 * @throws {BlobRecipeError} when skeleton and chunks do not fit together, or are not as many bytes as they should be.
 */
export async function* makePlain(
  { skeleton, chunks, plainBytes }: ChunkedPlain,
  source: ChunkSource,
  { from = 0 }: { readonly from?: number } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const bodies = new Bodies(chunks, source);
  let at = 0;
  for (const item of itemsOf(skeleton, plainBytes)) {
    const sizeBytes = item.kind === "bytes" ? item.bytes.length : item.sizeBytes;
    const skipped = Math.min(Math.max(from - at, 0), sizeBytes);
    if (item.kind === "body") yield* bodies.next(sizeBytes, skipped);
    else if (skipped < sizeBytes) yield item.bytes.subarray(skipped);
    at += sizeBytes;
  }
  if (at !== plainBytes) throw new BlobRecipeError("there are fewer plain bytes than it says");
  bodies.checkAllTaken();
}

type Items = ReturnType<SkeletonReader["items"]>;

function* itemsOf(skeleton: readonly Uint8Array[], mostBytes: number): Items {
  try {
    yield* new SkeletonReader(skeleton, mostBytes).items();
  } catch (cause) {
    if (!(cause instanceof SkeletonError)) throw cause;
    throw new BlobRecipeError("its skeleton is damaged", { cause });
  }
}

/** Gives out chunks body by body: each begins with a chunk of its own. */
class Bodies {
  readonly #chunks: ChunkList;
  readonly #source: ChunkSource;
  #next = 0;

  constructor(chunks: ChunkList, source: ChunkSource) {
    this.#chunks = chunks;
    this.#source = source;
  }

  /** @param skipped bytes at the body's start that are not wanted */
  async *next(sizeBytes: number, skipped: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = 0; at < sizeBytes;) {
      const chunk = this.#take(sizeBytes - at);
      const unwanted = Math.min(Math.max(skipped - at, 0), chunk.sizeBytes);
      if (unwanted < chunk.sizeBytes) yield (await this.#read(chunk)).subarray(unwanted);
      at += chunk.sizeBytes;
    }
  }

  /** @throws {BlobRecipeError} */
  checkAllTaken(): void {
    if (this.#next < this.#chunks.length) {
      throw new BlobRecipeError("it has more chunks than bodies for them");
    }
  }

  #take(leftBytes: number): { readonly id: ChunkId; readonly sizeBytes: number } {
    if (this.#next >= this.#chunks.length) throw new BlobRecipeError("it has too few chunks");
    const chunk = this.#chunks.at(this.#next);
    this.#next += 1;
    if (chunk.sizeBytes > leftBytes) throw new BlobRecipeError("a chunk goes on behind its body");
    return chunk;
  }

  async #read({ id, sizeBytes }: { id: ChunkId; sizeBytes: number }): Promise<Uint8Array> {
    const bytes = await this.#source.read(id);
    if (bytes.length !== sizeBytes) throw new BlobRecipeError("a chunk has another size");
    return bytes;
  }
}
