/**
 * A skippable frame whose content can be made again: a document that was foretold, compressed with zstd.
 *
 * A record in the column `documents`: the lowest four bits of the frame's magic number; which guess the
 * document is near; the delta, see `document-delta.ts`; the size of the content, and of each column of its
 * own recipe, which come then. That recipe has no documents and no restarts.
 */
import type { ColumnReader, ColumnWriter } from "../../columns.ts";
import { RecipeError } from "../../recipe-error.ts";
import type { Recipe } from "../../recipe.ts";
import { ZSTD_COLUMNS } from "../zstd-columns.ts";
import type { DocumentKind } from "./chunked-documents.ts";
import { readDelta, writeDelta } from "./document-delta.ts";
import type { PackedBytes } from "./packed-bytes.ts";

const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const HEADER_BYTES = 8;
const LARGEST_CONTENT_BYTES = 2 ** 32 - 1;
const KINDS = ["tar-split", "toc", "early-toc"] as const satisfies readonly DocumentKind[];

/** No stream has more; each may be much work. */
export const MOST_DOCUMENTS = 4;

/** @returns the document as it is foretold, in memory of its own; `undefined` when none can be. */
export type Foretell = (kind: DocumentKind) => Uint8Array | undefined;

/** A document, and how it was compressed. */
export interface FoundDocument {
  readonly kind: DocumentKind;
  readonly guess: Uint8Array;
  readonly document: PackedBytes;
  /** What makes the frame's content out of the document. */
  readonly recipe: Recipe;
}

/** A skippable frame that is to be made. */
export interface ForetoldFrame {
  readonly header: Uint8Array;
  /** The document's bytes, in parts. */
  readonly document: readonly Uint8Array[];
  /** Of the content. */
  readonly recipe: Recipe;
}

/** @param header the frame's eight bytes (RFC 8878 section 3.1.2) */
export function writeDocumentRecord(
  column: ColumnWriter,
  header: Uint8Array,
  { kind, document, guess, recipe }: FoundDocument,
): void {
  column.number((header[0] ?? 0) & 15);
  column.number(KINDS.indexOf(kind));
  writeDelta(column, document, guess);
  column.number(recipe.streamBytes);
  for (const nested of recipe.columns) column.number(nested.length);
  for (const nested of recipe.columns) column.raw(nested);
}

/** @throws {RecipeError} when there is no guess, or the column does not tell of a document. */
export function readDocumentRecord(column: ColumnReader, foretell: Foretell): ForetoldFrame {
  const magic = SKIPPABLE_MAGIC + column.numberUpTo(15);
  const guess = foretell(KINDS[column.numberUpTo(KINDS.length - 1)] ?? "toc");
  if (guess === undefined) throw new RecipeError("there is nothing to make a document of");
  const document = readDelta(column, guess);
  const streamBytes = column.numberUpTo(LARGEST_CONTENT_BYTES);
  const plainBytes = document.reduce((sum, part) => sum + part.length, 0);
  const sizes = ZSTD_COLUMNS.map(() => column.number());
  const columns = sizes.map((size) => column.raw(size));
  return {
    header: headerOf(magic, streamBytes),
    document,
    recipe: { format: "zstd", streamBytes, plainBytes, columns },
  };
}

function headerOf(magic: number, contentBytes: number): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(contentBytes, MAGIC_BYTES);
  return header;
}
