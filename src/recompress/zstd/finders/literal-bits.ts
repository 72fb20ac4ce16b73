/**
 * What the speed `best` takes a block's literals to cost: Shannon's entropy of all the block's bytes.
 *
 * The encoder rounds logarithms in floating point, so each operation counts. Go's logarithm is made here
 * again from its rule, with additions, multiplications and divisions alone: these are exact to the last
 * bit on every machine, which `Math.log2` is not. What remains: a Go program for a processor that
 * multiplies and adds in one rounding (arm64, for one) may find another number, in rare blocks.
 */

/** The estimate is a whole number of bits times this. */
const SCALE = 1024;
const SYMBOLS = 256;

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SQRT_HALF = 0.7071067811865476;
/** 1 / ln 2, rounded once. */
const LOG2_E = 1.4426950408889634;

/** Approximate ln((1 + s) / (1 - s)) by powers of s, from the third to the fifteenth. */
const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605106586;

/** Estimates the cost of literals, block by block. */
export class LiteralBits {
  readonly #counts = new Uint32Array(SYMBOLS);

  /**
   * A byte value that makes up the part p of the block takes -log2(p) bits, all its occurrences together
   * rounded up. No literal takes less than a bit: a Huffman code cannot.
   *
   * @param bytes at least one
   * @returns bits per byte times 1024, 1024 to 8192 or slightly more
   */
  estimate(bytes: Uint8Array): number {
    const size = bytes.length;
    const part = 1 / size;
    let bits = 0;
    for (const count of this.#count(bytes)) {
      if (count > 0) bits += Math.ceil(-log2(count * part) * count);
    }
    return Math.max(Math.floor((Math.ceil(bits) * SCALE) / size), SCALE);
  }

  #count(bytes: Uint8Array): Uint32Array {
    const counts = this.#counts.fill(0);
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      counts[byte] = (counts[byte] ?? 0) + 1;
    }
    return counts;
  }
}

/**
 * Of a number above 0: exact for powers of two, else by way of the natural logarithm of its fraction.
 */
function log2(value: number): number {
  let fraction = value;
  let exponent = 0;
  for (; fraction >= 1; exponent++) fraction /= 2;
  for (; fraction < 0.5; exponent--) fraction *= 2;
  return fraction === 0.5 ? exponent - 1 : log(fraction) * LOG2_E + exponent;
}

/** The natural logarithm of a number from 0.5 up to 1. */
function log(fraction: number): number {
  const isLow = fraction <= SQRT_HALF;
  const k = isLow ? -1 : 0;
  const f = (isLow ? fraction * 2 : fraction) - 1;
  const s = f / (2 + f);
  const s2 = s * s;
  const s4 = s2 * s2;
  const odd = s2 * (L1 + s4 * (L3 + s4 * (L5 + s4 * L7)));
  const even = s4 * (L2 + s4 * (L4 + s4 * L6));
  const halfSquare = 0.5 * f * f;
  const rest = s * (halfSquare + (odd + even)) + k * LN2_LOW;
  return k * LN2_HIGH - (halfSquare - rest - f);
}
