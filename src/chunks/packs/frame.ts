/**
 * Frames of packs: chunks that are compressed together.
 *
 * | bytes | |
 * |---|---|
 * | 4 | `BFRM` |
 * | 4 | bytes of the head |
 * | 4 | bytes of the body |
 * | 4 | CRC-32 of head and body |
 * | head | the depth; the number of chunks and the size of each; the number of chunks that make the dictionary, and the id of each |
 * | body | a zstd frame (RFC 8878) of all chunks, one after the other, with that dictionary as raw content |
 *
 * Numbers outside of the head are unsigned, 32 bits, little endian; those in the head are LEB128 varints.
 *
 * A frame with a dictionary is a *delta*. Its depth is one more than that of the deepest frame its
 * dictionary comes from, 0 without a dictionary: so many further frames may have to be read for it, one after the other.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ColumnReader, ColumnWriter } from "../../recompress/columns.ts";
import { RecipeError } from "../../recompress/recipe-error.ts";
import { CHUNK_ID_BYTES, type ChunkId, chunkIdBytes, readChunkId } from "../chunk-id.ts";
import { LARGEST_CHUNK_BYTES } from "../cut/content-cutter.ts";
import { PackError } from "./pack-error.ts";

const MEBIBYTE = 1024 * 1024;
const MAGIC = 0x4d524642;
/** Of a frame, before its head. */
export const FRAME_START_BYTES = 16;
/** Of all chunks of a frame, uncompressed, */
export const LARGEST_FRAME_BYTES = 16 * MEBIBYTE;
/** and of its dictionary. */
export const LARGEST_DICTIONARY_BYTES = 64 * MEBIBYTE;
/** Chains of dictionaries are no longer than this. */
export const DEEPEST = 4;
const MOST_CHUNKS = LARGEST_FRAME_BYTES;
const MOST_DICTIONARY_CHUNKS = 1_000_000;
const LARGEST_HEAD_BYTES = 64 * MEBIBYTE;
/** What zstd may add to what it cannot compress, and more. */
const MOST_OVERHEAD_BYTES = MEBIBYTE;

/** Of the chunks alone: a dictionary can be reached as long as no more than a window has come out (RFC 8878 section 5). */
const WINDOW_BITS = { least: 10, most: 27 } as const;
/** With a dictionary: a place for each of its bytes, which those of the level alone are too few for. */
const TABLE_BITS = { least: 17, most: 24 } as const;

/** Chunks to be written as a frame. */
export interface FramePlan {
  /** All chunks, one after the other. At most {@link LARGEST_FRAME_BYTES}, at least one. */
  readonly raw: Uint8Array;
  /** Bytes of each chunk, above 0. */
  readonly sizes: readonly number[];
  /** Of zstd: 1 to 22. */
  readonly level: number;
  readonly delta?: FrameDelta | undefined;
}

/** What a frame leans on. */
export interface FrameDelta {
  readonly ids: readonly ChunkId[];
  /** Those chunks, one after the other. At most {@link LARGEST_DICTIONARY_BYTES}. */
  readonly dictionary: Uint8Array;
  /** 1 to {@link DEEPEST}. */
  readonly depth: number;
}

/** A frame's head, as it was read. */
export interface FrameHead {
  readonly sizes: readonly number[];
  /** Of the chunks that make the dictionary; empty when there is none. */
  readonly dictionaryIds: readonly ChunkId[];
  readonly depth: number;
}

/** A frame whose head and checksum are right. */
export interface ReadFrame extends FrameHead {
  readonly body: Uint8Array;
}

export function encodeFrame(plan: FramePlan): Buffer {
  const head = headOf(plan);
  const body = compress(plan);
  const start = Buffer.alloc(FRAME_START_BYTES);
  start.writeUInt32LE(MAGIC, 0);
  start.writeUInt32LE(head.length, 4);
  start.writeUInt32LE(body.length, 8);
  start.writeUInt32LE(crc32(body, crc32(head)), 12);
  return Buffer.concat([start, head, body]);
}

/**
 * @param bytes begin with the frame, and end with it
 * @throws {PackError} when they are no frame, or a damaged one.
 */
export function readFrame(bytes: Uint8Array): ReadFrame {
  const { headBytes, bodyBytes, checksum } = readStart(bytes);
  if (bytes.length !== FRAME_START_BYTES + headBytes + bodyBytes) {
    throw new PackError("a frame is longer or shorter than it says");
  }
  const bodyAt = FRAME_START_BYTES + headBytes;
  const head = bytes.subarray(FRAME_START_BYTES, bodyAt);
  const body = bytes.subarray(bodyAt);
  if (crc32(body, crc32(head)) !== checksum) throw new PackError("a frame has the wrong checksum");
  return { ...readHead(head), body };
}

/**
 * @param bytes begin with the frame; at least {@link FRAME_START_BYTES}
 * @returns how many bytes the frame has in all
 * @throws {PackError} when no frame begins there.
 */
export function frameBytes(bytes: Uint8Array): number {
  const { headBytes, bodyBytes } = readStart(bytes);
  return FRAME_START_BYTES + headBytes + bodyBytes;
}

/**
 * @param dictionary the chunks that `frame.dictionaryIds` name, one after the other
 * @returns all chunks, one after the other; whether they are the right ones, their ids tell
 * @throws {PackError} when the body is damaged, or the dictionary another.
 */
export function decompressFrame(frame: ReadFrame, dictionary: Uint8Array | undefined): Uint8Array {
  const rawBytes = frame.sizes.reduce((sum, size) => sum + size, 0);
  try {
    const raw = zstdDecompressSync(frame.body, {
      maxOutputLength: rawBytes,
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_BITS.most },
      ...(dictionary === undefined ? {} : { dictionary }),
    });
    if (raw.length === rawBytes) return raw;
  } catch (cause) {
    throw new PackError("a frame cannot be decompressed", { cause });
  }
  throw new PackError("a frame holds fewer bytes than it says");
}

function headOf({ sizes, delta }: FramePlan): Uint8Array {
  const head = new ColumnWriter();
  head.number(delta?.depth ?? 0);
  head.number(sizes.length);
  for (const size of sizes) head.number(size);
  head.number(delta?.ids.length ?? 0);
  for (const id of delta?.ids ?? []) head.raw(chunkIdBytes(id));
  return head.written();
}

function compress({ raw, level, delta }: FramePlan): Buffer {
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_contentSizeFlag]: 0,
    [constants.ZSTD_c_windowLog]: within(bitsOf(raw.length), WINDOW_BITS),
  };
  if (delta === undefined) return zstdCompressSync(raw, { params });
  const reachedBytes = raw.length + delta.dictionary.length;
  const tables = { [constants.ZSTD_c_hashLog]: within(bitsOf(reachedBytes), TABLE_BITS) };
  return zstdCompressSync(raw, { params: { ...params, ...tables }, dictionary: delta.dictionary });
}

function bitsOf(sizeBytes: number): number {
  return Math.ceil(Math.log2(sizeBytes));
}

function within(
  value: number,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  return Math.min(Math.max(value, least), most);
}

interface FrameStart {
  readonly headBytes: number;
  readonly bodyBytes: number;
  readonly checksum: number;
}

function readStart(bytes: Uint8Array): FrameStart {
  if (bytes.length < FRAME_START_BYTES) throw new PackError("a frame ends early");
  const view = new DataView(bytes.buffer, bytes.byteOffset, FRAME_START_BYTES);
  if (view.getUint32(0, true) !== MAGIC)
    throw new PackError("there is no frame where one should be");
  const headBytes = view.getUint32(4, true);
  const bodyBytes = view.getUint32(8, true);
  const isPossible =
    headBytes <= LARGEST_HEAD_BYTES && bodyBytes <= LARGEST_FRAME_BYTES + MOST_OVERHEAD_BYTES;
  if (!isPossible) throw new PackError("a frame is larger than any");
  return { headBytes, bodyBytes, checksum: view.getUint32(12, true) };
}

function readHead(bytes: Uint8Array): FrameHead {
  try {
    const head = new ColumnReader(bytes);
    const depth = head.numberUpTo(DEEPEST);
    const sizes = readSizes(head);
    const count = head.numberUpTo(MOST_DICTIONARY_CHUNKS);
    const ids = head.raw(count * CHUNK_ID_BYTES);
    if (!head.isAtEnd || (depth === 0) !== (count === 0)) {
      throw new PackError("a frame's head says what cannot be");
    }
    const dictionaryIds = Array.from({ length: count }, (_, index) =>
      readChunkId(ids.subarray(index * CHUNK_ID_BYTES, (index + 1) * CHUNK_ID_BYTES)),
    );
    return { depth, sizes, dictionaryIds };
  } catch (cause) {
    if (!(cause instanceof RecipeError)) throw cause;
    throw new PackError("a frame's head says what cannot be", { cause });
  }
}

function readSizes(head: ColumnReader): readonly number[] {
  const count = head.numberUpTo(MOST_CHUNKS);
  const sizes: number[] = [];
  let rawBytes = 0;
  for (let index = 0; index < count; index++) {
    const size = head.numberUpTo(LARGEST_CHUNK_BYTES);
    rawBytes += size;
    if (size === 0 || rawBytes > LARGEST_FRAME_BYTES) {
      throw new PackError("a frame's head says what cannot be");
    }
    sizes.push(size);
  }
  if (count === 0) throw new PackError("a frame has no chunks");
  return sizes;
}
