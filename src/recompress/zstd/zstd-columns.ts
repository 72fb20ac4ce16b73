import { ColumnReader, ColumnWriter } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";
import type { Recipe } from "../recipe.ts";

/**
 * The columns of a zstd recipe, in their order in the recipe:
 *
 * - `head`: what holds for the whole stream, see `zstd-head.ts`;
 * - `items`: one number for each frame or skippable frame, and what its bits say, see `frame-records.ts`;
 * - `blocks`, sparse: what is not as foretold about a block, see `block-records.ts`;
 * - `choices`, sparse: in which of the format's ways a block is written, where the encoder's rules choose another, see `choices/block-choice.ts`;
 * - `tables`: descriptions of Huffman trees and FSE tables that the encoder's rules do not make;
 * - `corrections`: the sequences that the encoder's model did not foresee, see `block-records.ts`;
 * - `bytes`: unusual frame headers, checksums, the content of skippable frames;
 * - `documents`: skippable frames whose content is foretold, see `chunked/document-records.ts`;
 * - `restarts`: where a rebuild can begin, see `zstd-restarts.ts`.
 *
 * A sparse column has records of the unusual only, see `sparse-column.ts`.
 */
export const ZSTD_COLUMNS = [
  "head",
  "items",
  "blocks",
  "choices",
  "tables",
  "corrections",
  "bytes",
  "documents",
  "restarts",
] as const;

/** One of {@link ZSTD_COLUMNS}. */
export type ZstdColumn = (typeof ZSTD_COLUMNS)[number];

/** The columns while an analysis fills them. */
export type ZstdColumnWriters = Readonly<Record<ZstdColumn, ColumnWriter>>;

/** The columns while a rebuild reads them. */
export type ZstdColumnReaders = Readonly<Record<ZstdColumn, ColumnReader>>;

/** Bytes read or written of each column, by name. */
export type ColumnPositions = Readonly<Record<ZstdColumn, number>>;

/** Empty columns. */
export function createZstdColumns(): ZstdColumnWriters {
  return byColumn(() => new ColumnWriter());
}

/** How many bytes the columns hold, before compression. */
export function zstdColumnsSizeBytes(columns: ZstdColumnWriters): number {
  return ZSTD_COLUMNS.reduce((sum, name) => sum + columns[name].sizeBytes, 0);
}

/** @returns where the next entry of each column will be written. */
export function writingPositions(columns: ZstdColumnWriters): ColumnPositions {
  return byColumn((name) => columns[name].sizeBytes);
}

/** @returns the recipe that the columns make; its columns are copies. */
export function toZstdRecipe(
  columns: ZstdColumnWriters,
  sizes: { readonly streamBytes: number; readonly plainBytes: number },
): Recipe {
  return {
    format: "zstd",
    streamBytes: sizes.streamBytes,
    plainBytes: sizes.plainBytes,
    columns: ZSTD_COLUMNS.map((name) => columns[name].written().slice()),
  };
}

/**
 * @param positions where to begin, the start of each column by default
 * @throws {RecipeError} when it is no zstd recipe, or has other columns.
 */
export function readZstdColumns(recipe: Recipe, positions?: ColumnPositions): ZstdColumnReaders {
  if (recipe.format !== "zstd") throw new RecipeError("the recipe is not for a zstd stream");
  if (recipe.columns.length !== ZSTD_COLUMNS.length) {
    throw new RecipeError("the recipe has not the columns of a zstd stream");
  }
  return byColumn((name, index) => {
    return new ColumnReader(recipe.columns[index] ?? new Uint8Array(0), positions?.[name] ?? 0);
  });
}

/** @returns one value for each column, made in their order. */
export function byColumn<Value>(
  make: (name: ZstdColumn, index: number) => Value,
): Record<ZstdColumn, Value> {
  let index = 0;
  return {
    head: make("head", index++),
    items: make("items", index++),
    blocks: make("blocks", index++),
    choices: make("choices", index++),
    tables: make("tables", index++),
    corrections: make("corrections", index++),
    bytes: make("bytes", index++),
    documents: make("documents", index++),
    restarts: make("restarts", index++),
  };
}
