/** Tars with chosen files, their chunks, and versions of a made-up layer. */
import type { ChunkId } from "../../../src/chunks/chunk-id.ts";
import { type ChunkedPlain, PlainChunker } from "../../../src/chunks/plain/plain-chunker.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { ARCHIVE_END, entry } from "../tar-map/made-archives.ts";

export interface Chunked {
  readonly chunked: ChunkedPlain;
  readonly bytes: ReadonlyMap<ChunkId, Uint8Array>;
  /** Of all chunks, in order. */
  readonly ids: readonly ChunkId[];
}

export function chunk(plain: Uint8Array): Chunked {
  const bytes = new Map<ChunkId, Uint8Array>();
  const ids: ChunkId[] = [];
  const chunker = new PlainChunker((id, piece) => {
    bytes.set(id, piece.slice());
    ids.push(id);
  });
  chunker.write(plain);
  return { chunked: chunker.end(), bytes, ids };
}

/** @param files by name */
export function tarOf(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const entries = Object.entries(files).map(([name, body]) => entry({ name }, body));
  return Buffer.concat([...entries, ARCHIVE_END]);
}

/** Bytes that do not compress, the same for the same seed. */
export function noise(sizeBytes: number, seed: number): Buffer {
  const random = new SeededRandom(seed);
  return Buffer.from(Uint8Array.from({ length: sizeBytes }, () => random.below(256)));
}

/** A newer version: a few bytes differ in each stretch of 10,000, so that no chunk stays as it is. */
export function revised(bytes: Uint8Array): Buffer {
  const newer = Buffer.from(bytes);
  for (let at = 5000; at < newer.length; at += 10_000) newer[at] = (newer[at] ?? 0) ^ 0xff;
  return newer;
}
