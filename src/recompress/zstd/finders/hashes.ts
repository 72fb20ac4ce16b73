/**
 * Hashes of the next 4, 5, 6 or 8 bytes, read as a little-endian number.
 *
 * The number is pushed to the top of 64 bits and multiplied by a constant; what counts are the upper 32
 * bits of the product, modulo 2^64. A table of 2^n entries is indexed by the uppermost n of those. All
 * three long constants begin with the same 32 bits. So a hash is a sum of products of 32 bits, and a
 * carry from below: no 64-bit arithmetic is needed.
 */
const FACTOR_4 = 0x9e3779b1 | 0;
/** The uppermost 32 bits of the constants for 5, 6 and 8 bytes. */
const FACTOR_TOP = 0xcf1bbcdc | 0;

const FACTOR_5_LOW = 0x1bbcdcbb | 0;
const FACTOR_5_BYTE = 0xbb;

const FACTOR_6_LOW = 0xbcdcbf9b | 0;
const FACTOR_6_HALF = 0xbf9b;

const FACTOR_8_LOW = 0xb7a56463 | 0;
const FACTOR_8_LOW_UPPER = 0xb7a5;
const FACTOR_8_LOW_LOWER = 0x6463;

/** Of the four bytes at `at`. */
export function hash4(view: DataView, at: number): number {
  return Math.imul(view.getInt32(at, true), FACTOR_4);
}

/** Of the five bytes at `at`. The first byte carries into the product of the other four. */
export function hash5(view: DataView, at: number): number {
  const first = view.getUint8(at);
  const carry = Math.imul(first, FACTOR_TOP) + ((first * FACTOR_5_BYTE) >>> 8);
  return (Math.imul(view.getInt32(at + 1, true), FACTOR_5_LOW) + carry) | 0;
}

/** Of the six bytes at `at`. The first two carry into the product of the other four. */
export function hash6(view: DataView, at: number): number {
  const first = view.getUint16(at, true);
  const carry = Math.imul(first, FACTOR_TOP) + (Math.imul(first, FACTOR_6_HALF) >>> 16);
  return (Math.imul(view.getInt32(at + 2, true), FACTOR_6_LOW) + carry) | 0;
}

/** Of the eight bytes at `at`. */
export function hash8(view: DataView, at: number): number {
  const low = view.getInt32(at, true);
  const high = Math.imul(view.getInt32(at + 4, true), FACTOR_8_LOW);
  return (high + Math.imul(low, FACTOR_TOP) + carryOf8(low)) | 0;
}

/** The upper half of the 64-bit product of `low` and the lower 32 bits of the constant. */
function carryOf8(low: number): number {
  const lower = low & 0xffff;
  const upper = low >>> 16;
  const cross =
    Math.imul(upper, FACTOR_8_LOW_LOWER) + (Math.imul(lower, FACTOR_8_LOW_LOWER) >>> 16);
  const middle = Math.imul(lower, FACTOR_8_LOW_UPPER) + (cross & 0xffff);
  return Math.imul(upper, FACTOR_8_LOW_UPPER) + (cross >>> 16) + (middle >>> 16);
}
