/**
 * How zstd writes the three numbers of a sequence: a code, which FSE packs, and extra bits after it
 * (RFC 8878 section 3.1.1.3.2.1.1).
 *
 * A code stands for a range of values. Small values have a code each; from then on the ranges double, so
 * that a code is the number of a value's highest bit plus a constant.
 */

const LITERAL_LENGTH_CODES = 36;
const MATCH_LENGTH_CODES = 53;
/** From this literal length on, codes follow the highest bit. */
const LITERAL_LENGTHS_IN_TABLE = 64;
/** The same for match lengths. */
const MATCH_LENGTHS_IN_TABLE = 131;

/** The shortest match that has a code. */
export const SHORTEST_MATCH = 3;

/** How many extra bits follow each literal length code. */
export const LITERAL_LENGTH_BITS = Uint8Array.from([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12,
  13, 14, 15, 16,
]);

/** How many extra bits follow each match length code. */
export const MATCH_LENGTH_BITS = Uint8Array.from([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
  1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
]);

/** The smallest literal length of each code. */
export const LITERAL_LENGTH_BASES = bases(LITERAL_LENGTH_BITS, 0);

/** The smallest match length of each code. */
export const MATCH_LENGTH_BASES = bases(MATCH_LENGTH_BITS, SHORTEST_MATCH);

const LITERAL_LENGTH_TABLE = codesOf(LITERAL_LENGTH_BASES, LITERAL_LENGTHS_IN_TABLE);
const MATCH_LENGTH_TABLE = codesOf(MATCH_LENGTH_BASES, MATCH_LENGTHS_IN_TABLE);

/** @param length from 0 to 131,071 */
export function literalLengthCode(length: number): number {
  if (length < LITERAL_LENGTHS_IN_TABLE) return LITERAL_LENGTH_TABLE[length] ?? 0;
  return 50 - Math.clz32(length);
}

/** @param length from 3 to 131,074 */
export function matchLengthCode(length: number): number {
  if (length < MATCH_LENGTHS_IN_TABLE) return MATCH_LENGTH_TABLE[length] ?? 0;
  return 67 - Math.clz32(length - SHORTEST_MATCH);
}

/** @param value a sequence's offset value, 1 or more; as many extra bits follow as the code says */
export function offsetCode(value: number): number {
  return 31 - Math.clz32(value);
}

/** What the format says of one of the three kinds of codes. */
export interface CodeKind {
  readonly largestSymbol: number;
  /** The largest accuracy log that a description of its table may have. */
  readonly largestLog: number;
  /** The distribution that stands in the format (RFC 8878 section 3.1.1.3.2.2), and its log. */
  readonly defaultNorm: readonly number[];
  readonly defaultLog: number;
}

const LITERAL_LENGTH_KIND: CodeKind = {
  largestSymbol: LITERAL_LENGTH_CODES - 1,
  largestLog: 9,
  defaultNorm: [
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1,
    -1, -1, -1, -1,
  ],
  defaultLog: 6,
};

const OFFSET_KIND: CodeKind = {
  largestSymbol: 31,
  largestLog: 8,
  defaultNorm: [
    1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
  ],
  defaultLog: 5,
};

const MATCH_LENGTH_KIND: CodeKind = {
  largestSymbol: MATCH_LENGTH_CODES - 1,
  largestLog: 9,
  defaultNorm: [
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
  ],
  defaultLog: 6,
};

/** The kinds in the order of the format's headers: literal lengths, offsets, match lengths. */
export const CODE_KINDS = [LITERAL_LENGTH_KIND, OFFSET_KIND, MATCH_LENGTH_KIND] as const;

function bases(bits: Uint8Array, first: number): Int32Array {
  let next = first;
  return Int32Array.from(bits, (count) => {
    const base = next;
    next += 1 << count;
    return base;
  });
}

function codesOf(firsts: Int32Array, size: number): Uint8Array {
  const codes = new Uint8Array(size);
  firsts.forEach((first, code) => codes.fill(code, first));
  return codes;
}
