/**
 * The end of a pack, which tells all that is in it.
 *
 * | bytes | |
 * |---|---|
 * | 4 | `BDIR` |
 * | 4 | bytes of the table |
 * | table | a zstd frame: the number of frames; of each its bytes, its depth, the number of its chunks and the size of each |
 * | 16 each | the ids of all chunks, in order |
 *
 * and behind it the trailer, the last bytes of a pack:
 *
 * | bytes | |
 * |---|---|
 * | 8 | where the directory begins |
 * | 4 | its CRC-32 |
 * | 8 | `BPACK1\r\n` |
 *
 * Only a pack that is complete has a trailer: it is the commit mark. Numbers of the table are LEB128 varints.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ColumnReader, ColumnWriter } from "../../recompress/columns.ts";
import { RecipeError } from "../../recompress/recipe-error.ts";
import { CHUNK_ID_BYTES, type ChunkId, chunkIdBytes, readChunkId } from "../chunk-id.ts";
import { LARGEST_CHUNK_BYTES } from "../cut/content-cutter.ts";
import { DEEPEST, FRAME_START_BYTES, LARGEST_FRAME_BYTES } from "./frame.ts";
import { PackError } from "./pack-error.ts";

const MEBIBYTE = 1024 * 1024;
const MAGIC = Buffer.from("BDIR");
const END = Buffer.from("BPACK1\r\n");
const START_BYTES = 8;
export const TRAILER_BYTES = 20;
export const LARGEST_DIRECTORY_BYTES = 256 * MEBIBYTE;
const LARGEST_TABLE_BYTES = 128 * MEBIBYTE;
const LARGEST_FRAME_IN_PACK_BYTES = 2 ** 32;
const MAX_COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 19 } };

/** A chunk in a frame. */
export interface PlacedChunk {
  readonly id: ChunkId;
  readonly sizeBytes: number;
}

/** A frame in a pack. */
export interface PlacedFrame {
  /** From the start of the pack. */
  readonly at: number;
  readonly sizeBytes: number;
  readonly depth: number;
  /** In their order in the frame. */
  readonly chunks: readonly PlacedChunk[];
}

/** Where a pack's directory lies. */
export interface DirectoryPlace {
  readonly at: number;
  readonly sizeBytes: number;
  readonly checksum: number;
}

/** @returns directory and trailer. @param at where they will begin */
export function encodeDirectory(frames: readonly PlacedFrame[], at: number): Buffer {
  const table = zstdCompressSync(tableOf(frames), MAX_COMPRESSION);
  const start = Buffer.alloc(START_BYTES);
  MAGIC.copy(start);
  start.writeUInt32LE(table.length, MAGIC.length);
  const ids = frames.flatMap(({ chunks }) => chunks.map(({ id }) => chunkIdBytes(id)));
  const directory = Buffer.concat([start, table, ...ids]);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeBigUInt64LE(BigInt(at), 0);
  trailer.writeUInt32LE(crc32(directory), 8);
  END.copy(trailer, 12);
  return Buffer.concat([directory, trailer]);
}

/**
 * @param trailer the pack's last {@link TRAILER_BYTES}
 * @param packBytes of the whole pack
 * @throws {PackError} when the pack has no end: it was cut short, or is none.
 */
export function readTrailer(trailer: Buffer, packBytes: number): DirectoryPlace {
  if (trailer.length !== TRAILER_BYTES || !trailer.subarray(12).equals(END)) {
    throw new PackError("it has no end");
  }
  const at = Number(trailer.readBigUInt64LE(0));
  const sizeBytes = packBytes - TRAILER_BYTES - at;
  if (!(sizeBytes >= START_BYTES && sizeBytes <= LARGEST_DIRECTORY_BYTES)) {
    throw new PackError("its directory is nowhere");
  }
  return { at, sizeBytes, checksum: trailer.readUInt32LE(8) };
}

/** @param framesAt where the first frame begins. @throws {PackError} when the directory is damaged. */
export function decodeDirectory(
  bytes: Buffer,
  { place, framesAt }: { readonly place: DirectoryPlace; readonly framesAt: number },
): readonly PlacedFrame[] {
  if (bytes.length !== place.sizeBytes || crc32(bytes) !== place.checksum) {
    throw new PackError("its directory has the wrong checksum");
  }
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new PackError("it has no directory");
  const idsAt = START_BYTES + bytes.readUInt32LE(MAGIC.length);
  const ids = new ColumnReader(bytes.subarray(idsAt));
  try {
    const table = new ColumnReader(unpackTable(bytes.subarray(START_BYTES, idsAt)));
    const frames = readFrames(table, { ids, at: framesAt, end: place.at });
    if (table.isAtEnd && ids.isAtEnd) return frames;
  } catch (cause) {
    if (!(cause instanceof RecipeError)) throw cause;
    throw new PackError("its directory says what cannot be", { cause });
  }
  throw new PackError("its directory says what cannot be");
}

function tableOf(frames: readonly PlacedFrame[]): Uint8Array {
  const table = new ColumnWriter();
  table.number(frames.length);
  for (const { sizeBytes, depth, chunks } of frames) {
    table.number(sizeBytes);
    table.number(depth);
    table.number(chunks.length);
    for (const chunk of chunks) table.number(chunk.sizeBytes);
  }
  return table.written();
}

function unpackTable(packed: Uint8Array): Uint8Array {
  try {
    return zstdDecompressSync(packed, { maxOutputLength: LARGEST_TABLE_BYTES });
  } catch (cause) {
    throw new PackError("its directory cannot be decompressed", { cause });
  }
}

interface Directory {
  readonly ids: ColumnReader;
  readonly at: number;
  /** Behind the last frame. */
  readonly end: number;
}

function readFrames(table: ColumnReader, { ids, at: first, end }: Directory): PlacedFrame[] {
  const frames: PlacedFrame[] = [];
  let at = first;
  for (let left = table.number(); left > 0; left--) {
    const sizeBytes = table.numberUpTo(LARGEST_FRAME_IN_PACK_BYTES);
    const depth = table.numberUpTo(DEEPEST);
    const chunks = readChunks(table, ids);
    if (sizeBytes <= FRAME_START_BYTES) throw new PackError("its directory says what cannot be");
    frames.push({ at, sizeBytes, depth, chunks });
    at += sizeBytes;
  }
  if (at !== end) throw new PackError("its frames are not where its directory says");
  return frames;
}

function readChunks(table: ColumnReader, ids: ColumnReader): readonly PlacedChunk[] {
  const chunks: PlacedChunk[] = [];
  let rawBytes = 0;
  for (let left = table.number(); left > 0; left--) {
    const sizeBytes = table.numberUpTo(LARGEST_CHUNK_BYTES);
    rawBytes += sizeBytes;
    if (rawBytes > LARGEST_FRAME_BYTES) throw new PackError("its directory says what cannot be");
    chunks.push({ id: readChunkId(ids.raw(CHUNK_ID_BYTES)), sizeBytes });
  }
  return chunks;
}
