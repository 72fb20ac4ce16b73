/**
 * How a blob is made, as it is stored: from chunks, and from what stands between them.
 *
 * | bytes | |
 * |---|---|
 * | 4 | `BBLB` |
 * | 1 | version, 1 |
 * | 4 | CRC-32 of all that follows |
 * | 4 | bytes of the table |
 * | table | a zstd frame |
 * | 16 each | the ids of the chunks, in order |
 * | rest | the stream's recipe (`recompress/recipe.ts`); nothing where the blob is its own plain bytes |
 *
 * The table: LEB128 varints, first the length of the blob's digest, and the digest; the sizes of the blob and of its plain bytes; the
 * number of columns of the skeleton, and the size of each; the number of chunks; then the columns, and the sizes
 * of the chunks. Fixed numbers are unsigned and little endian.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { type Digest, isDigest } from "../../oci/digest.ts";
import { ColumnReader, ColumnWriter } from "../../recompress/columns.ts";
import { RecipeError } from "../../recompress/recipe-error.ts";
import { CHUNK_ID_BYTES, readChunkId } from "../chunk-id.ts";
import { LARGEST_CHUNK_BYTES } from "../cut/content-cutter.ts";
import { BlobRecipeError } from "./blob-recipe-error.ts";
import { ChunkList } from "./chunk-list.ts";

const MEBIBYTE = 1024 * 1024;
const MAGIC = Buffer.from("BBLB");
const VERSION = 1;
const CHECKSUM_AT = MAGIC.length + 1;
const CHECKED_AT = CHECKSUM_AT + 4;
const TABLE_AT = CHECKED_AT + 4;
/** Of the table, unpacked: the headers of a few million files. Larger blobs stay as they are. */
export const LARGEST_TABLE_BYTES = 128 * MEBIBYTE;
const MOST_DIGEST_CHARACTERS = 200;
const MOST_COLUMNS = 64;

/** How a blob is made. */
export interface BlobRecipe {
  /** Of the blob as it was pushed. */
  readonly digest: Digest;
  readonly blobBytes: number;
  /** Of what the chunks and the skeleton make. */
  readonly plainBytes: number;
  /** Makes the blob of its plain bytes; `undefined` where they are the same. */
  readonly stream: Uint8Array | undefined;
  /** What stands between the bodies: `tar-map/skeleton-columns.ts`. */
  readonly skeleton: readonly Uint8Array[];
  /** Of the bodies, in order. */
  readonly chunks: ChunkList;
}

/** @throws {BlobRecipeError} when it is too large to be read again. */
export function encodeBlobRecipe(recipe: BlobRecipe): Buffer {
  const table = tableOf(recipe);
  if (table.length > LARGEST_TABLE_BYTES) throw new BlobRecipeError("the recipe is too large");
  const packed = zstdCompressSync(table, {
    params: { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_windowLog]: 24 },
  });
  const size = Buffer.alloc(4);
  size.writeUInt32LE(packed.length);
  const { idBytes } = recipe.chunks;
  const checked = Buffer.concat([size, packed, idBytes, recipe.stream ?? new Uint8Array(0)]);
  const start = Buffer.alloc(CHECKED_AT);
  MAGIC.copy(start);
  start[MAGIC.length] = VERSION;
  start.writeUInt32LE(crc32(checked), CHECKSUM_AT);
  return Buffer.concat([start, checked]);
}

/** @throws {BlobRecipeError} when the bytes are no recipe of this version, or are damaged. */
export function decodeBlobRecipe(bytes: Buffer): BlobRecipe {
  checkStart(bytes);
  const tableEnd = TABLE_AT + bytes.readUInt32LE(CHECKED_AT);
  try {
    return readTable(unpack(bytes.subarray(TABLE_AT, tableEnd)), bytes.subarray(tableEnd));
  } catch (cause) {
    if (!(cause instanceof RecipeError)) throw cause;
    throw new BlobRecipeError("the recipe says what cannot be", { cause });
  }
}

function tableOf({ digest, blobBytes, plainBytes, skeleton, chunks }: BlobRecipe): Uint8Array {
  const table = new ColumnWriter();
  const name = Buffer.from(digest, "latin1");
  table.number(name.length);
  table.raw(name);
  table.number(blobBytes);
  table.number(plainBytes);
  table.number(skeleton.length);
  for (const column of skeleton) table.number(column.length);
  table.number(chunks.length);
  for (const column of skeleton) table.raw(column);
  for (const { sizeBytes } of chunks) table.number(sizeBytes);
  return table.written();
}

function checkStart(bytes: Buffer): void {
  if (bytes.length < TABLE_AT || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new BlobRecipeError("it is no recipe of a blob");
  }
  const version = bytes[MAGIC.length];
  if (version !== VERSION) {
    throw new BlobRecipeError(`it has version ${version}; this program reads ${VERSION}`);
  }
  if (crc32(bytes.subarray(CHECKED_AT)) !== bytes.readUInt32LE(CHECKSUM_AT)) {
    throw new BlobRecipeError("it has the wrong checksum");
  }
}

function unpack(packed: Uint8Array): Uint8Array {
  try {
    return zstdDecompressSync(packed, { maxOutputLength: LARGEST_TABLE_BYTES });
  } catch (cause) {
    throw new BlobRecipeError("its table cannot be decompressed", { cause });
  }
}

function readTable(bytes: Uint8Array, behind: Uint8Array): BlobRecipe {
  const table = new ColumnReader(bytes);
  const digest = Buffer.from(table.raw(table.numberUpTo(MOST_DIGEST_CHARACTERS))).toString(
    "latin1",
  );
  if (!isDigest(digest)) throw new BlobRecipeError("it names no digest");
  const blobBytes = table.number();
  const plainBytes = table.number();
  const columnSizes = Array.from({ length: table.numberUpTo(MOST_COLUMNS) }, () => table.number());
  const chunkCount = table.number();
  const skeleton = columnSizes.map((size) => table.raw(size));
  const rest = new ColumnReader(behind);
  const chunks = readChunks(table, { ids: rest, count: chunkCount, mostBytes: plainBytes });
  if (!table.isAtEnd) throw new BlobRecipeError("there are bytes behind its table");
  const stream = behind.subarray(rest.position);
  return {
    digest,
    blobBytes,
    plainBytes,
    stream: stream.length === 0 ? undefined : stream,
    skeleton,
    chunks,
  };
}

function readChunks(
  table: ColumnReader,
  told: { readonly ids: ColumnReader; readonly count: number; readonly mostBytes: number },
): ChunkList {
  const chunks = new ChunkList();
  let sum = 0;
  for (let left = told.count; left > 0; left--) {
    const sizeBytes = table.numberUpTo(LARGEST_CHUNK_BYTES);
    sum += sizeBytes;
    if (sizeBytes === 0 || sum > told.mostBytes) {
      throw new BlobRecipeError("its chunks are more than its plain bytes");
    }
    chunks.add({ id: readChunkId(told.ids.raw(CHUNK_ID_BYTES)), sizeBytes });
  }
  return chunks;
}
