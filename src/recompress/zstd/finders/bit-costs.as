/** What the speed `best` takes a match to cost, in whole bits: the twin of bit-costs.ts. */
const OFFSET_CODE_BITS: i32 = 4;
const LENGTH_CODE_BITS: i32 = 5;
const LONGEST_TABLED: i32 = 130;

// @ts-ignore: decorator
@inline export function offsetBits(value: i32): i32 {
  return highestBit(value) + OFFSET_CODE_BITS;
}

/** Of a match of at least four bytes. */
export function lengthBits(length: i32): i32 {
  if (length > LONGEST_TABLED) return highestBit(length - 3) + LENGTH_CODE_BITS;
  if (length < 6) return LENGTH_CODE_BITS - 1;
  if (length < 35) return LENGTH_CODE_BITS;
  if (length < 43) return LENGTH_CODE_BITS + 1;
  if (length < 51) return LENGTH_CODE_BITS + 2;
  if (length < 67) return LENGTH_CODE_BITS + 3;
  return length < 99 ? LENGTH_CODE_BITS + 4 : LENGTH_CODE_BITS + 5;
}

// @ts-ignore: decorator
@inline function highestBit(value: i32): i32 {
  return 31 - clz(value);
}
