/**
 * What the speed `best` takes a match to cost, in whole bits.
 *
 * It reckons with the predefined tables (RFC 8878 section 3.1.1.3.2.2): the extra bits, and for the code
 * one bit less than it may take at most. Any code of an offset takes up to 5 bits, any of a match length
 * up to 6, but those of the lengths 4 and 5 take up to 5.
 */
const OFFSET_CODE_BITS = 4;
const LENGTH_CODE_BITS = 5;
const LIKELY_LENGTH_CODE_BITS = 4;
const LIKELY_LENGTHS: readonly number[] = [4, 5];
const SHORTEST_MATCH = 3;
/** Above it there is one code for each power of two. */
const LONGEST_TABLED = 130;

/**
 * How many lengths, from the shortest on, have 0, 1, 2, ... extra bits in their codes (RFC 8878 section
 * 3.1.1.3.2.1.1).
 */
const LENGTHS_BY_EXTRA_BITS = [32, 8, 8, 16, 32, 32] as const;
const LENGTH_BITS = tabulate();

/** @param value as in a sequence: an offset plus 3, or a repeat, 1 to 3 */
export function offsetBits(value: number): number {
  return highestBit(value) + OFFSET_CODE_BITS;
}

/** @param length of a match, in bytes */
export function lengthBits(length: number): number {
  if (length > LONGEST_TABLED) return highestBit(length - SHORTEST_MATCH) + LENGTH_CODE_BITS;
  return LENGTH_BITS[length] ?? 0;
}

function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}

/** @returns by length */
function tabulate(): Uint8Array {
  const bits = new Uint8Array(LONGEST_TABLED + 1);
  let length = SHORTEST_MATCH;
  for (const [extraBits, lengths] of LENGTHS_BY_EXTRA_BITS.entries()) {
    bits.fill(LENGTH_CODE_BITS + extraBits, length, length + lengths);
    length += lengths;
  }
  for (const likely of LIKELY_LENGTHS) bits[likely] = LIKELY_LENGTH_CODE_BITS;
  return bits;
}
