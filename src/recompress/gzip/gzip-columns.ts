import { ColumnReader, ColumnWriter } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";
import type { Recipe } from "../recipe.ts";

/**
 * The columns of a gzip recipe, in their order in the recipe:
 *
 * - `members`: one record for each gzip member, see `gzip-members.ts`: flags, its plain bytes, then what
 *   the flags say;
 * - `headers`: the members' headers as bytes (RFC 1952 section 2.3), those that differ from the one before;
 * - `blocks`: one number for each deflate block: type, whether it is final, how its codes are made; or that
 *   all this, where it ends and whether a mark follows is as the encoder's rule foretells;
 * - `sizes`: the sizes of blocks that are neither final (a final one goes to the member's end) nor foretold,
 *   in tokens or in plain bytes as the member's model says, of stored blocks always in bytes, see `blocks/`;
 * - `trees`: what no rule makes: descriptions of Huffman codes, padding of stored blocks;
 * - `corrections`: what each member's model noted, one after the other; their sizes are in `members`;
 * - `restarts`: where a rebuild can begin, see `gzip-restarts.ts`;
 * - `trailers`: eight bytes for each member that does not end with its own CRC-32 and size;
 * - `tail`: the bytes after the last member.
 */
export const GZIP_COLUMNS = [
  "members",
  "headers",
  "blocks",
  "sizes",
  "trees",
  "corrections",
  "restarts",
  "trailers",
  "tail",
] as const;

/** One of {@link GZIP_COLUMNS}. */
export type GzipColumn = (typeof GZIP_COLUMNS)[number];

/** The columns while an analysis fills them. */
export type GzipColumnWriters = Readonly<Record<GzipColumn, ColumnWriter>>;

/** The columns while a rebuild reads them. */
export type GzipColumnReaders = Readonly<Record<GzipColumn, ColumnReader>>;

/** Empty columns. */
export function createGzipColumns(): GzipColumnWriters {
  return {
    members: new ColumnWriter(),
    headers: new ColumnWriter(),
    blocks: new ColumnWriter(),
    sizes: new ColumnWriter(),
    trees: new ColumnWriter(),
    corrections: new ColumnWriter(),
    restarts: new ColumnWriter(),
    trailers: new ColumnWriter(),
    tail: new ColumnWriter(),
  };
}

/** How many bytes the columns hold, before compression. */
export function gzipColumnsSizeBytes(columns: GzipColumnWriters): number {
  return GZIP_COLUMNS.reduce((sum, name) => sum + columns[name].sizeBytes, 0);
}

/** What the recipe says of the whole stream. */
export interface StreamSizes {
  readonly streamBytes: number;
  readonly plainBytes: number;
}

/** @returns the recipe that the columns make; its columns are copies. */
export function toGzipRecipe(columns: GzipColumnWriters, sizes: StreamSizes): Recipe {
  return {
    format: "gzip",
    streamBytes: sizes.streamBytes,
    plainBytes: sizes.plainBytes,
    columns: GZIP_COLUMNS.map((name) => columns[name].written().slice()),
  };
}

/**
 * @returns readers at the start of each column.
 * @throws {RecipeError} when it is no gzip recipe, or has other columns.
 */
export function readGzipColumns(recipe: Recipe): GzipColumnReaders {
  if (recipe.format !== "gzip") throw new RecipeError("the recipe is not for a gzip stream");
  if (recipe.columns.length !== GZIP_COLUMNS.length) {
    throw new RecipeError("the recipe has not the columns of a gzip stream");
  }
  const reader = (name: GzipColumn): ColumnReader =>
    new ColumnReader(recipe.columns[GZIP_COLUMNS.indexOf(name)] ?? new Uint8Array(0));
  return {
    members: reader("members"),
    headers: reader("headers"),
    blocks: reader("blocks"),
    sizes: reader("sizes"),
    trees: reader("trees"),
    corrections: reader("corrections"),
    restarts: reader("restarts"),
    trailers: reader("trailers"),
    tail: reader("tail"),
  };
}
