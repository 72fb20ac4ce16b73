/**
 * What the recipe says of a block that is not all as foretold, in the sparse column `blocks`.
 *
 * First a number, whose bits say what follows:
 *
 * | bits | |
 * |---|---|
 * | 0 | the shape: twice the plain bytes, and 1 for the frame's last block |
 * | 1 | the size format of the literals |
 * | 2 | how many bytes the count of sequences takes |
 * | 3-6 | the Huffman tree and the tables of literal lengths, offsets and match lengths: in `tables`, each with its size and its bytes |
 * | 7 | there are `corrections`: how many, then for each how much higher its index is than the one before, and the three numbers of the sequence (all 0: the block ends there) |
 */
import type { ColumnReader, ColumnWriter } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";
import type { BlockShape } from "./block-shape.ts";
import type { DecodedBlock, LiteralsSection, SequencesSection } from "./decoded-block.ts";
import { LARGEST_BLOCK_BYTES, LONG_COUNT, MOST_SEQUENCES } from "./limits.ts";
import type { SparseReader, SparseWriter } from "./sparse-column.ts";
import type { ZstdColumnReaders, ZstdColumnWriters } from "./zstd-columns.ts";

const MOST_OFFSET_VALUE = 2 ** 28;
const MOST_MATCH_BYTES = LARGEST_BLOCK_BYTES + 3;
const MOST_TABLE_BYTES = 129;
const FIX_NUMBERS = 4;

const OWN_SHAPE = 1;
const OWN_SIZE_FORMAT = 2;
const OWN_COUNT_BYTES = 4;
const OWN_TREE = 8;
const OWN_LITERAL_LENGTHS = 16;
const OWN_OFFSETS = 32;
const OWN_MATCH_LENGTHS = 64;
const CORRECTED = 128;
const MOST_FLAGS = 255;

/** FSE descriptions for literal lengths, offsets, match lengths. */
export type TableDescriptions = readonly [
  Uint8Array | undefined,
  Uint8Array | undefined,
  Uint8Array | undefined,
];

/** What is not as foretold about a block. */
export interface BlockRecord {
  readonly shape: BlockShape | undefined;
  /** `undefined` for the usual one, see {@link usualSizeFormat}. */
  readonly sizeFormat: number | undefined;
  /** `undefined` for as few as can be. */
  readonly countBytes: number | undefined;
  /** The tree, where the encoder's rule makes another. */
  readonly tree: Uint8Array | undefined;
  /** The tables, where the encoder's rule makes others. */
  readonly tables: TableDescriptions;
  /** As a finder notes them: four numbers each. */
  readonly fixes: readonly number[];
}

/** Of a block that is all as foretold. */
export const NO_EXCEPTIONS: BlockRecord = {
  shape: undefined,
  sizeFormat: undefined,
  countBytes: undefined,
  tree: undefined,
  tables: [undefined, undefined, undefined],
  fixes: [],
};

/**
 * @param size of the literals
 * @returns the size format that an encoder chooses (RFC 8878 section 3.1.1.3.1.1): the smallest that can say the size,
 * and one stream below 1,024 Huffman-coded literals. Where the format leaves a bit open it is 0.
 */
export function usualSizeFormat(type: LiteralsSection["type"], size: number): number {
  if (type === "raw" || type === "rle") {
    if (size < 16) return 0;
    return size < 2048 ? 1 : 3;
  }
  if (size < 1024) return 0;
  return size < 16_384 ? 2 : 3;
}

/** @returns how many bytes the count of sequences takes at least (RFC 8878 section 3.1.1.3.2.1). */
export function usualCountBytes(count: number): number {
  if (count < 128) return 1;
  return count < LONG_COUNT ? 2 : 3;
}

/** @returns the formats of a block's sections that are not the usual ones. */
export function formatsOf({
  literals,
  sequences,
}: DecodedBlock): Pick<BlockRecord, "sizeFormat" | "countBytes"> {
  return {
    sizeFormat: literals && ownSizeFormat(literals),
    countBytes: sequences && ownCountBytes(sequences),
  };
}

function ownSizeFormat({ type, size, sizeFormat }: LiteralsSection): number | undefined {
  const usual = usualSizeFormat(type, size);
  const isOpenBit = (type === "raw" || type === "rle") && usual === 0 && sizeFormat === 2;
  return usual === sizeFormat || isOpenBit ? undefined : sizeFormat;
}

function ownCountBytes({ count, countBytes }: SequencesSection): number | undefined {
  return countBytes === usualCountBytes(count) ? undefined : countBytes;
}

/** Writes what there is to say of the next block. @param blocks of the column of that name */
export function writeBlockRecord(
  columns: ZstdColumnWriters,
  blocks: SparseWriter,
  record: BlockRecord,
): void {
  const flags = flagsOf(record);
  if (flags === 0) {
    blocks.pass();
    return;
  }
  const column = blocks.note();
  column.number(flags);
  const { shape, sizeFormat, countBytes, fixes } = record;
  if (shape !== undefined) column.number(2 * shape.sizeBytes + (shape.isLast ? 1 : 0));
  if (sizeFormat !== undefined) column.number(sizeFormat);
  if (countBytes !== undefined) column.number(countBytes);
  for (const table of [record.tree, ...record.tables]) writeTable(columns.tables, table);
  if (fixes.length > 0) writeFixes(columns.corrections, fixes);
}

function flagsOf({ shape, sizeFormat, countBytes, tree, tables, fixes }: BlockRecord): number {
  return [shape, sizeFormat, countBytes, tree, ...tables].reduce<number>(
    (bits, value, index) => (value === undefined ? bits : bits | (1 << index)),
    fixes.length > 0 ? CORRECTED : 0,
  );
}

function writeTable(column: ColumnWriter, table: Uint8Array | undefined): void {
  if (table === undefined) return;
  column.number(table.length);
  column.raw(table);
}

function writeFixes(column: ColumnWriter, fixes: readonly number[]): void {
  column.number(fixes.length / FIX_NUMBERS);
  let before = 0;
  for (const [at, value] of fixes.entries()) {
    const isIndex = at % FIX_NUMBERS === 0;
    column.number(isIndex ? value - before : value);
    if (isIndex) before = value;
  }
}

/** @throws {RecipeError} when the columns do not tell of a block. */
export function readBlockRecord(columns: ZstdColumnReaders, blocks: SparseReader): BlockRecord {
  return blocks.next() ? readExceptions(columns) : NO_EXCEPTIONS;
}

function readExceptions({ blocks, tables, corrections }: ZstdColumnReaders): BlockRecord {
  const flags = blocks.numberUpTo(MOST_FLAGS);
  const number = (bit: number, most: number): number | undefined =>
    (flags & bit) === 0 ? undefined : blocks.numberUpTo(most);
  const table = (bit: number): Uint8Array | undefined =>
    (flags & bit) === 0 ? undefined : readTable(tables);
  return {
    shape: (flags & OWN_SHAPE) === 0 ? undefined : readShape(blocks),
    sizeFormat: number(OWN_SIZE_FORMAT, 3),
    countBytes: number(OWN_COUNT_BYTES, 3),
    tree: table(OWN_TREE),
    tables: [table(OWN_LITERAL_LENGTHS), table(OWN_OFFSETS), table(OWN_MATCH_LENGTHS)],
    fixes: (flags & CORRECTED) === 0 ? [] : readFixes(corrections),
  };
}

function readShape(column: ColumnReader): BlockShape {
  const number = column.numberUpTo(2 * LARGEST_BLOCK_BYTES + 1);
  return { sizeBytes: number >> 1, isLast: number % 2 === 1 };
}

function readTable(column: ColumnReader): Uint8Array {
  return column.raw(column.numberUpTo(MOST_TABLE_BYTES));
}

function readFixes(column: ColumnReader): readonly number[] {
  const count = column.numberUpTo(MOST_SEQUENCES + 1);
  const fixes: number[] = [];
  let index = 0;
  for (let fix = 0; fix < count; fix++) {
    index += column.numberUpTo(MOST_SEQUENCES);
    if (index > MOST_SEQUENCES)
      throw new RecipeError("the recipe corrects more than a block holds");
    fixes.push(index, column.numberUpTo(LARGEST_BLOCK_BYTES));
    fixes.push(column.numberUpTo(MOST_MATCH_BYTES), column.numberUpTo(MOST_OFFSET_VALUE));
  }
  return fixes;
}
