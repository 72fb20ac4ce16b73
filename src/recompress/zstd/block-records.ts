/**
 * What the recipe says of a block.
 *
 * One number in `blocks`:
 *
 * | bits | |
 * |---|---|
 * | 0 | the frame's last block |
 * | 1-2 | type: raw, rle, compressed |
 * | 3-4 | of a compressed block, its literals: raw, rle, compressed, treeless |
 * | 5 | a compressed block without sequences |
 * | 6 | there are `corrections`: how many, then for each how much higher its index is than the one before, and the three numbers of the sequence (all 0: the block ends there) |
 * | 7 | there are `exceptions`: a number whose bits say what is unusual, then what is |
 *
 * Bits of the exceptions, in the order of their values: 0 the plain bytes of the block, else as many as
 * the head says, and for the last block up to the border; 1 the size format of the literals; 2 how many
 * bytes the count of sequences takes; 3 to 6 the Huffman tree and the tables of literal lengths, offsets
 * and match lengths, each with its size and its bytes in `tables`.
 */
import type { ColumnReader, ColumnWriter } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";
import type { DecodedBlock, LiteralsSection, SequencesSection } from "./decoded-block.ts";
import { LARGEST_BLOCK_BYTES, LONG_COUNT, MOST_SEQUENCES } from "./limits.ts";
import type { ZstdColumnReaders, ZstdColumnWriters } from "./zstd-columns.ts";

const MOST_OFFSET_VALUE = 2 ** 28;
const MOST_MATCH_BYTES = LARGEST_BLOCK_BYTES + 3;
const MOST_TABLE_BYTES = 129;
const FIX_NUMBERS = 4;

const BLOCK_TYPES = ["raw", "rle", "compressed"] as const;
const LITERAL_TYPES = ["raw", "rle", "compressed", "treeless"] as const;

const LAST = 1;
const WITHOUT_SEQUENCES = 32;
const CORRECTED = 64;
const EXCEPTIONAL = 128;
const MOST_FLAGS = 255;

const OWN_SIZE = 1;
const OWN_SIZE_FORMAT = 2;
const OWN_COUNT_BYTES = 4;
const OWN_TREE = 8;
const OWN_LITERAL_LENGTHS = 16;
const OWN_OFFSETS = 32;
const OWN_MATCH_LENGTHS = 64;
const MOST_EXCEPTIONS = 127;

/** FSE descriptions for literal lengths, offsets, match lengths. */
export type TableDescriptions = readonly [
  Uint8Array | undefined,
  Uint8Array | undefined,
  Uint8Array | undefined,
];

/** What is unusual about a block, or was not foreseen. */
export interface BlockExceptions {
  /** The block's plain bytes, where nothing else tells them. */
  readonly sizeBytes: number | undefined;
  /** The tree, where the encoder's rule makes another. */
  readonly tree: Uint8Array | undefined;
  /** The tables, where the encoder's rule makes others. */
  readonly tables: TableDescriptions;
  /** As a finder notes them: four numbers each. */
  readonly fixes: readonly number[];
}

/** A block as the recipe tells it. */
export interface BlockRecord extends BlockExceptions {
  readonly isLast: boolean;
  readonly type: DecodedBlock["type"];
  /** Of a compressed block; else meaningless. */
  readonly literalsType: LiteralsSection["type"];
  /** `undefined` for the usual one, see {@link usualSizeFormat}. */
  readonly sizeFormat: number | undefined;
  readonly hasSequences: boolean;
  /** The byte of compression modes, 0 without sequences. */
  readonly modes: number;
  /** `undefined` for as few as can be. */
  readonly countBytes: number | undefined;
}

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

/** @returns what the recipe has to say of a block; `exceptions` are the caller's. */
export function toBlockRecord(block: DecodedBlock, exceptions: BlockExceptions): BlockRecord {
  const { literals, sequences } = block;
  const hasSequences = sequences !== undefined && sequences.count > 0;
  return {
    ...exceptions,
    isLast: block.isLast,
    type: block.type,
    literalsType: literals?.type ?? "raw",
    sizeFormat: literals && ownSizeFormat(literals),
    hasSequences,
    modes: hasSequences ? sequences.modes : 0,
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

/** Writes a block's record into the columns. */
export function writeBlockRecord(columns: ZstdColumnWriters, record: BlockRecord): void {
  const oddities = odditiesOf(record);
  columns.blocks.number(flagsOf(record) | (oddities === 0 ? 0 : EXCEPTIONAL));
  if (record.hasSequences) columns.modes.number(record.modes);
  if (record.fixes.length > 0) writeFixes(columns.corrections, record.fixes);
  if (oddities === 0) return;
  columns.exceptions.number(oddities);
  for (const value of [record.sizeBytes, record.sizeFormat, record.countBytes]) {
    if (value !== undefined) columns.exceptions.number(value);
  }
  for (const table of [record.tree, ...record.tables]) writeTable(columns.tables, table);
}

function flagsOf(record: BlockRecord): number {
  let flags = (BLOCK_TYPES.indexOf(record.type) << 1) | (record.isLast ? LAST : 0);
  if (record.type === "compressed") {
    flags |= LITERAL_TYPES.indexOf(record.literalsType) << 3;
    if (!record.hasSequences) flags |= WITHOUT_SEQUENCES;
  }
  return record.fixes.length > 0 ? flags | CORRECTED : flags;
}

function odditiesOf(record: BlockRecord): number {
  const values = [record.sizeBytes, record.sizeFormat, record.countBytes];
  return [...values, record.tree, ...record.tables].reduce<number>(
    (bits, value, index) => (value === undefined ? bits : bits | (1 << index)),
    0,
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
export function readBlockRecord(columns: ZstdColumnReaders): BlockRecord {
  const flags = columns.blocks.numberUpTo(MOST_FLAGS);
  const type = BLOCK_TYPES[(flags >> 1) & 3];
  if (type === undefined) throw new RecipeError("the recipe has a block of an unknown type");
  const hasSequences = type === "compressed" && (flags & WITHOUT_SEQUENCES) === 0;
  const modes = hasSequences ? columns.modes.numberUpTo(255) : 0;
  const fixes = (flags & CORRECTED) === 0 ? [] : readFixes(columns.corrections);
  return {
    isLast: (flags & LAST) !== 0,
    type,
    literalsType: LITERAL_TYPES[(flags >> 3) & 3] ?? "raw",
    hasSequences,
    modes,
    fixes,
    ...readOddities(columns, (flags & EXCEPTIONAL) !== 0),
  };
}

function readOddities(
  columns: ZstdColumnReaders,
  areThere: boolean,
): Pick<BlockRecord, "sizeBytes" | "sizeFormat" | "countBytes" | "tree" | "tables"> {
  const bits = areThere ? columns.exceptions.numberUpTo(MOST_EXCEPTIONS) : 0;
  const number = (bit: number, most: number): number | undefined =>
    (bits & bit) === 0 ? undefined : columns.exceptions.numberUpTo(most);
  const table = (bit: number): Uint8Array | undefined =>
    (bits & bit) === 0 ? undefined : readTable(columns.tables);
  return {
    sizeBytes: number(OWN_SIZE, LARGEST_BLOCK_BYTES),
    sizeFormat: number(OWN_SIZE_FORMAT, 3),
    countBytes: number(OWN_COUNT_BYTES, 3),
    tree: table(OWN_TREE),
    tables: [table(OWN_LITERAL_LENGTHS), table(OWN_OFFSETS), table(OWN_MATCH_LENGTHS)],
  };
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
