import { BLOCK_BYTES, NotTar, parseTarHeader } from "../tar/tar-header.ts";

/** What a layer's bytes are, as far as their beginning tells. */
export type BytesKind = "tar" | "gzip" | "zstd" | "xz" | "bzip2" | "lz4" | "other";

/** As much of a layer's beginning as {@link bytesKindOf} looks at: two blocks of zeros end a tar. */
export const KIND_BYTES = 2 * BLOCK_BYTES;

/** Bytes that streams of a format begin with. */
const BEGINNINGS: readonly (readonly [BytesKind, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  // A frame, and what the format was before there were frames.
  ["lz4", [0x04, 0x22, 0x4d, 0x18]],
  ["lz4", [0x02, 0x21, 0x4c, 0x18]],
];

/**
 * @param head the first {@link KIND_BYTES} of the layer, or all of a shorter one
 * @param sizeBytes of the whole layer
 */
export function bytesKindOf(head: Uint8Array, sizeBytes: number): BytesKind {
  if (beginsAsTar(head) || isEmptyTar(head, sizeBytes)) return "tar";
  if (isSkippable(head)) return "zstd";
  const known = BEGINNINGS.find(([, bytes]) => bytes.every((byte, at) => head[at] === byte));
  return known?.[0] ?? "other";
}

/** Whether the first block is a header whose checksum is right. */
function beginsAsTar(head: Uint8Array): boolean {
  if (head.length < BLOCK_BYTES) return false;
  try {
    return parseTarHeader(head.subarray(0, BLOCK_BYTES)) !== undefined;
  } catch (error) {
    if (error instanceof NotTar) return false;
    throw error;
  }
}

function isEmptyTar(head: Uint8Array, sizeBytes: number): boolean {
  const isWhole = head.length === KIND_BYTES && sizeBytes % BLOCK_BYTES === 0;
  return isWhole && head.every((byte) => byte === 0);
}

/** RFC 8878 section 3.1.2: sixteen magic numbers. */
function isSkippable(head: Uint8Array): boolean {
  const [first = 0, second, third, fourth] = head;
  return first >> 4 === 5 && second === 0x2a && third === 0x4d && fourth === 0x18;
}
