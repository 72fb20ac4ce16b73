/** Which chunks are which file's: found out from the skeleton, without a byte of the files. */
import { NotTar } from "../../tar/tar-header.ts";
import { type TarEntry, TarWalker } from "../../tar/tar-walker.ts";
import type { ChunkedPlain } from "../plain/plain-chunker.ts";
import { BlobRecipeError } from "../recipe/blob-recipe-error.ts";
import type { ChunkList } from "../recipe/chunk-list.ts";
import { SkeletonError } from "../tar-map/skeleton-error.ts";
import { SkeletonReader } from "../tar-map/skeleton-reader.ts";

/** Of all names together, one byte each: a few bytes of a skeleton can tell of very long ones. */
const MOST_NAME_CHARACTERS = 64 * 1024 * 1024;

/** A file with a body, as chunks of a list that follow each other. */
export interface ChunkedFile {
  /** One byte a character. Empty for what is no tar, and for the files behind 64 MiB of names. */
  readonly name: string;
  /** Its place in the list. */
  readonly firstChunk: number;
  /** At least one. */
  readonly chunkCount: number;
  readonly sizeBytes: number;
}

/** Where a chunk of a list stands. */
export interface ChunkInFile {
  /** As {@link ChunkedFile.name}. */
  readonly name: string;
  /** From the start of the file. */
  readonly offset: number;
}

/**
 * @param chunked is not trusted: it comes from disks and peers
 * @returns all files that have a body, in the order of the chunks: every chunk belongs to one
 * @throws {BlobRecipeError} when skeleton and chunks do not fit together, or are not as many bytes as they should be.
 */
export function filesOf({ skeleton, chunks, plainBytes }: ChunkedPlain): readonly ChunkedFile[] {
  const names = new BodyNames();
  const bodies = new Bodies(chunks);
  try {
    for (const item of new SkeletonReader(skeleton, plainBytes).items()) {
      if (item.kind === "bytes") names.bytes(item.bytes);
      else bodies.take(names.body(item.sizeBytes), item.sizeBytes);
    }
  } catch (cause) {
    if (!(cause instanceof SkeletonError)) throw cause;
    throw new BlobRecipeError("its skeleton is damaged", { cause });
  }
  if (names.at !== plainBytes) {
    throw new BlobRecipeError("there are fewer plain bytes than it says");
  }
  return bodies.end();
}

/** Where each chunk of a list stands, in order. @throws {BlobRecipeError} as {@link filesOf}. */
export function* placesOf(chunked: ChunkedPlain): Generator<ChunkInFile, void, undefined> {
  for (const { name, firstChunk, chunkCount } of filesOf(chunked)) {
    let offset = 0;
    for (let index = firstChunk; index < firstChunk + chunkCount; index++) {
      yield { name, offset };
      offset += chunked.chunks.at(index).sizeBytes;
    }
  }
}

/** Follows the skeleton to tell the name of the body that comes. */
class BodyNames {
  readonly #walker = new TarWalker((entry) => {
    this.#entry = entry;
  });
  #entry: TarEntry | undefined;
  #isTar = true;
  #charactersLeft = MOST_NAME_CHARACTERS;
  /** Offset in the plain bytes of what comes next. */
  #at = 0;

  get at(): number {
    return this.#at;
  }

  bytes(bytes: Uint8Array): void {
    if (this.#isTar && !this.#walker.hasEnded) this.#follow(bytes);
    this.#at += bytes.length;
  }

  /** A body that its header does not announce belongs to no tar, and what comes behind it neither. */
  body(sizeBytes: number): string {
    const entry = this.#entry;
    this.#isTar &&=
      entry !== undefined && entry.bodyStart === this.#at && entry.sizeBytes >= sizeBytes;
    this.#at += sizeBytes;
    const name = this.#isTar ? (entry?.name ?? "") : "";
    if (name.length > this.#charactersLeft) return "";
    this.#charactersLeft -= name.length;
    return name;
  }

  #follow(bytes: Uint8Array): void {
    try {
      this.#walker.skipTo(this.#at);
      this.#walker.write(bytes);
    } catch (error) {
      if (!(error instanceof NotTar)) throw error;
      this.#isTar = false;
    }
  }
}

/** Gives chunks to bodies: each begins with a chunk of its own. */
class Bodies {
  readonly #chunks: ChunkList;
  readonly #files: ChunkedFile[] = [];
  #next = 0;

  constructor(chunks: ChunkList) {
    this.#chunks = chunks;
  }

  take(name: string, sizeBytes: number): void {
    const firstChunk = this.#next;
    for (let left = sizeBytes; left > 0; this.#next++) {
      if (this.#next >= this.#chunks.length) throw new BlobRecipeError("it has too few chunks");
      left -= this.#chunks.at(this.#next).sizeBytes;
      if (left < 0) throw new BlobRecipeError("a chunk goes on behind its body");
    }
    this.#files.push({ name, firstChunk, chunkCount: this.#next - firstChunk, sizeBytes });
  }

  end(): readonly ChunkedFile[] {
    if (this.#next < this.#chunks.length) {
      throw new BlobRecipeError("it has more chunks than bodies for them");
    }
    return this.#files;
  }
}
