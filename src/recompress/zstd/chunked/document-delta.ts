/**
 * What makes a document out of a guess of it: how many bytes the two have in common at their start and at
 * their end, and what stands between, compressed with the guess as a dictionary. Of a guess that is right
 * but for a few bytes nothing else need be in memory.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { ColumnReader, ColumnWriter } from "../../columns.ts";
import { RecipeError } from "../../recipe-error.ts";
import type { PackedBytes } from "./packed-bytes.ts";

/** Larger documents are kept as they are: a delta needs all of one in memory. */
export const LARGEST_DOCUMENT_BYTES = 48 * 1024 * 1024;

/** What lies between is compressed well if it and the guess are up to this size, with less memory above. */
const MOST_LABOURED_BYTES = 4 * 1024 * 1024;
/** A middle of this size stands as it is beside a guess of that: to pack it would take far more memory. */
const PLAIN_MIDDLE_BYTES = 1024;
const LARGE_GUESS_BYTES = 1024 * 1024;
const LABOURED_LEVEL = 19;
const EASY_LEVEL = 6;
const LEAST_WINDOW_LOG = 17;
/** What zstd lets a decoder ask for without being told more; 128 MiB covers a document and its guess. */
const LARGEST_WINDOW_LOG = 27;

/** @param document and its guess: both at most {@link LARGEST_DOCUMENT_BYTES} */
export function writeDelta(column: ColumnWriter, document: PackedBytes, guess: Uint8Array): void {
  const rest = withoutCommonStart(document, guess);
  const start = document.sizeBytes - rest.length;
  const end = commonEnd(rest, guess.subarray(start));
  const middle = rest.subarray(0, rest.length - end);
  const packed = isLeftPlain(middle, guess) ? middle : packedBy(middle, guess);
  column.number(start);
  column.number(end);
  // Nothing that zstd makes is empty, so 0 says that the bytes stand here.
  const isPacked = packed.length < middle.length;
  column.number(isPacked ? packed.length : 0);
  if (!isPacked) column.number(middle.length);
  column.raw(isPacked ? packed : middle);
}

/** @returns the document in parts, views of the guess or new. @throws {RecipeError} when it is not for this guess. */
export function readDelta(column: ColumnReader, guess: Uint8Array): readonly Uint8Array[] {
  const start = column.numberUpTo(guess.length);
  const end = column.numberUpTo(guess.length);
  const packedBytes = column.number();
  const middle =
    packedBytes === 0
      ? column.raw(column.numberUpTo(LARGEST_DOCUMENT_BYTES))
      : unpacked(column.raw(packedBytes), guess);
  if (start + middle.length + end > LARGEST_DOCUMENT_BYTES) {
    throw new RecipeError("a document of the stream is too large");
  }
  return [guess.subarray(0, start), middle, guess.subarray(guess.length - end)];
}

/** @returns what follows the bytes that both begin with: only that is unpacked as a whole. */
function withoutCommonStart(document: PackedBytes, guess: Uint8Array): Uint8Array {
  let start = 0;
  let rest = new Uint8Array(0);
  let filled = 0;
  for (const piece of document.pieces()) {
    const common = filled > 0 ? 0 : commonStart(piece, guess.subarray(start));
    start += common;
    if (common === piece.length) continue;
    if (filled === 0) rest = new Uint8Array(document.sizeBytes - start);
    rest.set(piece.subarray(common), filled);
    filled += piece.length - common;
  }
  return rest;
}

function isLeftPlain(middle: Uint8Array, guess: Uint8Array): boolean {
  if (guess.length <= LARGE_GUESS_BYTES) return middle.length === 0;
  return middle.length <= PLAIN_MIDDLE_BYTES;
}

function packedBy(bytes: Uint8Array, guess: Uint8Array): Uint8Array {
  const spanBytes = bytes.length + guess.length;
  const windowLog = Math.ceil(Math.log2(spanBytes));
  const isSmall = spanBytes <= MOST_LABOURED_BYTES;
  return zstdCompressSync(bytes, {
    dictionary: guess,
    params: {
      [constants.ZSTD_c_compressionLevel]: isSmall ? LABOURED_LEVEL : EASY_LEVEL,
      [constants.ZSTD_c_windowLog]: Math.min(
        LARGEST_WINDOW_LOG,
        Math.max(LEAST_WINDOW_LOG, windowLog),
      ),
      [constants.ZSTD_c_enableLongDistanceMatching]: 1,
    },
  });
}

function unpacked(packed: Uint8Array, guess: Uint8Array): Uint8Array {
  try {
    return zstdDecompressSync(packed, {
      dictionary: guess,
      maxOutputLength: LARGEST_DOCUMENT_BYTES,
      params: { [constants.ZSTD_d_windowLogMax]: LARGEST_WINDOW_LOG },
    });
  } catch (cause) {
    throw new RecipeError("a document of the stream cannot be made again", { cause });
  }
}

function commonStart(one: Uint8Array, other: Uint8Array): number {
  const most = Math.min(one.length, other.length);
  let size = 0;
  while (size < most && one[size] === other[size]) size++;
  return size;
}

function commonEnd(one: Uint8Array, other: Uint8Array): number {
  const most = Math.min(one.length, other.length);
  let size = 0;
  while (size < most && one[one.length - 1 - size] === other[other.length - 1 - size]) size++;
  return size;
}
