import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ColumnReader, ColumnWriter } from "./columns.ts";
import { RecipeError } from "./recipe-error.ts";

const MAGIC = Uint8Array.of(0x42, 0x52, 0x43, 0x50);
const VERSION = 1;
const MOST_COLUMNS = 32;
/**
 * What a recipe may take before it is packed: bytes. Larger ones are refused, so whoever writes one has to
 * stay below, some bytes for its head included.
 */
export const LARGEST_RECIPE_BYTES = 32 * 1024 * 1024;
const FORMATS = ["gzip", "zstd"] as const;

/** The formats that have recipes; their order is part of the recipe. */
export type StreamFormat = (typeof FORMATS)[number];

/** What it takes, beside the plain bytes, to write a compressed stream again bit for bit. */
export interface Recipe {
  readonly format: StreamFormat;
  /** Size of the compressed stream. */
  readonly streamBytes: number;
  readonly plainBytes: number;
  /** What the format's codec wrote; the page beside this file says what each column holds. */
  readonly columns: readonly Uint8Array[];
}

/** @returns the recipe as bytes: `BRCP`, a version, and the rest compressed. */
export function encodeRecipe(recipe: Recipe): Uint8Array {
  const head = new ColumnWriter();
  head.number(FORMATS.indexOf(recipe.format));
  head.number(recipe.streamBytes);
  head.number(recipe.plainBytes);
  head.number(recipe.columns.length);
  for (const column of recipe.columns) head.number(column.length);
  const body = Buffer.concat([head.written(), ...recipe.columns]);
  const packed = zstdCompressSync(body, {
    params: { [constants.ZSTD_c_compressionLevel]: 19 },
  });
  return Buffer.concat([MAGIC, Uint8Array.of(VERSION), packed]);
}

/** @throws {RecipeError} when the bytes are no recipe that this version can read. */
export function decodeRecipe(bytes: Uint8Array): Recipe {
  checkHead(bytes);
  const body = unpack(bytes.subarray(MAGIC.length + 1));
  const reader = new ColumnReader(body);
  const format = FORMATS[reader.number()];
  if (format === undefined) throw new RecipeError("the recipe is for a format unknown here");
  const streamBytes = reader.number();
  const plainBytes = reader.number();
  const sizes = Array.from({ length: reader.numberUpTo(MOST_COLUMNS) }, () => reader.number());
  const columns = sizes.map((size) => reader.raw(size));
  if (!reader.isAtEnd) throw new RecipeError("there are bytes after the recipe");
  return { format, streamBytes, plainBytes, columns };
}

function checkHead(bytes: Uint8Array): void {
  const isMagic = MAGIC.every((byte, index) => bytes[index] === byte);
  if (!isMagic) throw new RecipeError("the bytes are no recipe");
  const version = bytes[MAGIC.length];
  if (version === VERSION) return;
  throw new RecipeError(`the recipe has version ${version}; this program reads ${VERSION}`);
}

function unpack(packed: Uint8Array): Uint8Array {
  try {
    return zstdDecompressSync(packed, { maxOutputLength: LARGEST_RECIPE_BYTES });
  } catch (cause) {
    throw new RecipeError("the recipe is damaged", { cause });
  }
}
