import { hash } from "node:crypto";

declare const brand: unique symbol;
/** What a chunk is found by: the first 16 bytes of its sha256, as 32 lower-case hex digits. */
export type ChunkId = string & { readonly [brand]: "ChunkId" };

export const CHUNK_ID_BYTES = 16;
const GRAMMAR = /^[0-9a-f]{32}$/;

export function chunkIdOf(chunk: Uint8Array): ChunkId {
  return toChunkId(hash("sha256", chunk).slice(0, 2 * CHUNK_ID_BYTES));
}

/** @param bytes {@link CHUNK_ID_BYTES} of them. @throws {TypeError} for fewer or more. */
export function readChunkId(bytes: Uint8Array): ChunkId {
  return toChunkId(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex"));
}

/** @returns {@link CHUNK_ID_BYTES}, in memory of their own */
export function chunkIdBytes(id: ChunkId): Uint8Array {
  return Buffer.from(id, "hex");
}

function toChunkId(text: string): ChunkId {
  if (!isChunkId(text)) throw new TypeError("not the name of a chunk");
  return text;
}

function isChunkId(text: string): text is ChunkId {
  return GRAMMAR.test(text);
}
