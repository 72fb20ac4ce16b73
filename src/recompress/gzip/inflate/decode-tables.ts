import { CanonicalCode } from "./canonical-code.ts";

/**
 * Tables that turn the next bits of a block into what they mean.
 *
 * The next few bits are an index. Codes that are longer lead by a link to a second table, which the bits
 * after them index. An entry of a second table counts only the bits that are left for it.
 *
 * An entry of the literals' and lengths' table is 32 bits:
 * - one literal or two (bit 31 clear): bits 0-3 the bits that all take, 4-5 how many there are, 6-9 the
 *   bits that the first takes, 10-17 the first, 18-25 the second;
 * - a length (bits 31 and 30 set): bits 0-4 the bits of the code and of what follows it, 5-8 those of
 *   the code alone, 9-17 the length that the following bits add to;
 * - a link (bits 31 and 29 set): bits 0-15 where the second table begins;
 * - the block's end (bits 31 and 28 set): bits 0-3 the bits of the code;
 * - no code (bit 31 alone).
 *
 * An entry of the distances' table:
 * - a distance: bits 0-3 the bits of the code, 4-7 how many bits follow, 8-22 what these add to;
 * - a link (bits 31 and 29 set): bits 0-15 where the second table begins;
 * - no code: 0.
 */
export const LITERAL_INDEX_BITS = 11;
export const DISTANCE_INDEX_BITS = 10;
export const LITERAL_SECOND_BITS = 15 - LITERAL_INDEX_BITS;
export const DISTANCE_SECOND_BITS = 15 - DISTANCE_INDEX_BITS;

/** Entries from here up to -1 are lengths, those below are no token. */
export const FIRST_LENGTH_ENTRY = -0x40000000;
export const LINK_FLAG = 0x20000000;
export const END_FLAG = 0x10000000;
const LENGTH_FLAGS = -0x40000000;
const OTHER_FLAG = -0x80000000;
const NO_CODE = OTHER_FLAG;

const END_OF_BLOCK = 256;
const LONGEST_CODE_BITS = 15;

/** Shortest length of each length code from 257 on, and the bits that follow (RFC 1951 section 3.2.5). */
const LENGTH_BASES = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
] as const;
const LENGTH_BITS = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
] as const;
const DISTANCE_CODES = 30;

/** What sets the two tables apart. */
interface TableKind {
  readonly indexBits: number;
  /** Room for so many second tables. */
  readonly seconds: number;
  readonly noCode: number;
  /** @param bits how many of the code's bits are for the table where the entry will stand */
  readonly entry: (symbol: number, bits: number) => number;
}

const LITERALS: TableKind = {
  indexBits: LITERAL_INDEX_BITS,
  seconds: 150,
  noCode: NO_CODE,
  entry: literalEntry,
};

const DISTANCES: TableKind = {
  indexBits: DISTANCE_INDEX_BITS,
  seconds: 32,
  noCode: 0,
  entry: distanceEntry,
};

/** The tables of one block. They are filled anew for each. */
export class DecodeTables {
  readonly #literals = new DecodeTable(LITERALS);
  readonly #distances = new DecodeTable(DISTANCES);

  get literals(): Int32Array {
    return this.#literals.entries;
  }

  get distances(): Int32Array {
    return this.#distances.entries;
  }

  /**
   * @param literals lengths of the codes of literals and lengths, by symbol
   * @param distances lengths of the codes of distances, by symbol
   * @throws {BrokenStream} when they make no code.
   */
  fill(literals: Uint8Array, distances: Uint8Array): void {
    this.#literals.fill(literals);
    pairLiterals(this.literals);
    this.#distances.fill(distances);
  }
}

class DecodeTable {
  readonly entries: Int32Array;
  readonly #kind: TableKind;
  readonly #code = new CanonicalCode();
  #free = 0;

  constructor(kind: TableKind) {
    this.#kind = kind;
    const secondSize = 1 << (LONGEST_CODE_BITS - kind.indexBits);
    this.entries = new Int32Array((1 << kind.indexBits) + kind.seconds * secondSize);
  }

  fill(lengths: Uint8Array): void {
    this.#code.assign(lengths, "complete-or-one");
    this.#free = 1 << this.#kind.indexBits;
    this.entries.fill(this.#kind.noCode);
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol] ?? 0;
      if (length > 0) this.#put(symbol, length);
    }
  }

  #put(symbol: number, length: number): void {
    const { indexBits, entry } = this.#kind;
    const code = this.#code.reversed[symbol] ?? 0;
    if (length <= indexBits) {
      this.#spread(entry(symbol, length), { from: code, step: 1 << length, end: 1 << indexBits });
      return;
    }
    const start = this.#secondTable(code & ((1 << indexBits) - 1));
    const left = length - indexBits;
    const from = start + (code >>> indexBits);
    const end = start + (1 << (LONGEST_CODE_BITS - indexBits));
    this.#spread(entry(symbol, left), { from, step: 1 << left, end });
  }

  /** Where the second table begins of the codes that begin with `prefix`; makes one if need be. */
  #secondTable(prefix: number): number {
    const { indexBits, noCode } = this.#kind;
    if (this.entries[prefix] === noCode) {
      this.entries[prefix] = OTHER_FLAG | LINK_FLAG | this.#free;
      this.#free += 1 << (LONGEST_CODE_BITS - indexBits);
    }
    return (this.entries[prefix] ?? 0) & 0xffff;
  }

  /** A code shorter than the index stands at every index that begins with it. */
  #spread(entry: number, { from, step, end }: Places): void {
    for (let index = from; index < end; index += step) this.entries[index] = entry;
  }
}

interface Places {
  readonly from: number;
  readonly step: number;
  readonly end: number;
}

/** @param bits how many of the code's bits are for this table */
function literalEntry(symbol: number, bits: number): number {
  if (symbol < END_OF_BLOCK) return (symbol << 10) | (bits << 6) | (1 << 4) | bits;
  if (symbol === END_OF_BLOCK) return OTHER_FLAG | END_FLAG | bits;
  const base = LENGTH_BASES[symbol - END_OF_BLOCK - 1];
  // The fixed code has codes for 286 and 287, but they mean nothing.
  if (base === undefined) return NO_CODE;
  const extraBits = LENGTH_BITS[symbol - END_OF_BLOCK - 1] ?? 0;
  return LENGTH_FLAGS | (base << 9) | (bits << 5) | (bits + extraBits);
}

/** Distance codes come in pairs; each pair has one bit more to follow than the one before. */
function distanceEntry(symbol: number, bits: number): number {
  // Nor have the distances 30 and 31 of the fixed code a meaning.
  if (symbol >= DISTANCE_CODES) return 0;
  if (symbol < 4) return ((symbol + 1) << 8) | bits;
  const extraBits = (symbol >>> 1) - 1;
  const base = ((2 + (symbol & 1)) << extraBits) + 1;
  return (base << 8) | (extraBits << 4) | bits;
}

/** Where an index holds the codes of two literals, lets its entry stand for both. */
function pairLiterals(table: Int32Array): void {
  // Downwards: an entry looks at one further down, which must still be of one literal.
  for (let index = (1 << LITERAL_INDEX_BITS) - 1; index >= 0; index--) {
    const first = table[index] ?? 0;
    if (first < 0) continue;
    const bits = first & 15;
    const second = table[index >>> bits] ?? 0;
    const bothBits = bits + (second & 15);
    if (second < 0 || bothBits > LITERAL_INDEX_BITS) continue;
    const symbols = (first & 0x3fc00) | ((second & 0x3fc00) << 8);
    table[index] = symbols | (bits << 6) | (2 << 4) | bothBits;
  }
}
