import type { PlainWindow } from "../../plain-window.ts";
import { FARTHEST } from "./position-tables.ts";

const FOUR_BYTES_PRIME = 2_654_435_761 | 0;
const OLD_FOUR_BYTES_PRIME = 0x1e35a7bd;
/** The five-byte prime is 0xcf1bbcdcbb; these are its upper 8 and lower 32 bits. */
const FIVE_BYTES_HIGH = 0xcf;
const FIVE_BYTES_LOW = 0x1bbcdcbb;
/** The seven-byte prime is 0xcf1bbcdcbfa563; these are its upper 24 and lower 32 bits. */
const SEVEN_BYTES_HIGH = 0xcf1bbc;
const SEVEN_BYTES_LOW = 0xdcbfa563 | 0;

const FIVE_BYTES_FIRST = ((FIVE_BYTES_HIGH << 24) + (FIVE_BYTES_LOW >>> 8)) | 0;
const SEVEN_BYTES_FIRST = (SEVEN_BYTES_HIGH << 8) + (SEVEN_BYTES_LOW >>> 24);
const SEVEN_BYTES_REST = SEVEN_BYTES_LOW & 0xffffff;
const TO_UPPER_24_BITS = 1 / 0x1000000;

/**
 * Reads, compares and hashes plain bytes in a window.
 *
 * All hashes are multiplicative: bytes as a little-endian number, times a prime, and of the product the
 * upper bits. Those of five and seven bytes are defined on 64 bits: the bytes stand at the upper end of a
 * 64-bit word, and the product keeps its lower 64 bits. JavaScript multiplies 32 bits, or 53 as floating
 * point, so the product's upper 32 bits, all that counts, are put together from parts.
 */
export class SegmentBytes {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(window: PlainWindow) {
    this.bytes = window.bytes;
    this.#view = window.view;
  }

  /** The four bytes at `at` as a number. */
  word(at: number): number {
    return this.#view.getInt32(at, true);
  }

  /** Whether an earlier position is nearer than 32 KiB, and four bytes there are those at `at`. */
  isMatch(at: number, from: number): boolean {
    return (
      at - from < FARTHEST && this.#view.getInt32(from, true) === this.#view.getInt32(at, true)
    );
  }

  /** @returns 32 bits, the upper ones good: shift to the right by 32 less the bits that are wanted. */
  hash4(at: number): number {
    return Math.imul(this.#view.getInt32(at, true), FOUR_BYTES_PRIME);
  }

  /** As {@link hash4}, by the prime of Snappy. */
  oldHash4(at: number): number {
    return Math.imul(this.#view.getInt32(at, true), OLD_FOUR_BYTES_PRIME);
  }

  /**
   * As {@link hash4}, of five bytes.
   *
   * With the first byte f and the word w of the other four, the 64-bit number is w * 2^32 + f * 2^24. Of its
   * product with high * 2^32 + low, bits 32 to 63 are w * low + f * high * 2^24 + floor(f * low / 2^8).
   */
  hash5(at: number): number {
    return hashOfFive(this.bytes[at] ?? 0, this.#view.getInt32(at + 1, true));
  }

  /** As {@link hash5}, but as if the fifth byte were 0. */
  hash5OfFour(at: number): number {
    return hashOfFive(this.bytes[at] ?? 0, this.#view.getInt32(at, true) >>> 8);
  }

  /**
   * As {@link hash4}, of seven bytes.
   *
   * With the first three bytes f and the word w of the other four, the number is w * 2^32 + f * 2^8, and
   * bits 32 to 63 of the product are w * low + f * high * 2^8 + floor(f * low / 2^24). In the last term the
   * upper 8 bits of low give a whole number; the lower 24, times the 24 of f, are exact as floating point.
   */
  hash7(at: number): number {
    const first = this.#view.getInt32(at, true) & 0xffffff;
    const carry = (first * SEVEN_BYTES_REST * TO_UPPER_24_BITS) | 0;
    return (
      (Math.imul(this.#view.getInt32(at + 3, true), SEVEN_BYTES_LOW) +
        Math.imul(first, SEVEN_BYTES_FIRST) +
        carry) |
      0
    );
  }

  /** How many bytes are the same from `at` (to before `end`) and from the earlier position `from` on. */
  common(at: number, from: number, end: number): number {
    const view = this.#view;
    const back = at - from;
    let here = at;
    while (here + 4 <= end && view.getInt32(here, true) === view.getInt32(here - back, true))
      here += 4;
    while (here < end && this.bytes[here] === this.bytes[here - back]) here++;
    return here - at;
  }

  /** How many bytes are the same before `at` (down to `lowest`) and before the earlier position `from`. */
  commonBefore(at: number, from: number, lowest: number): number {
    const back = at - from;
    let here = at;
    while (here > lowest && this.bytes[here - 1] === this.bytes[here - back - 1]) here--;
    return at - here;
  }
}

function hashOfFive(first: number, others: number): number {
  const carry = Math.imul(first, FIVE_BYTES_LOW & 255) >>> 8;
  return (Math.imul(others, FIVE_BYTES_LOW) + Math.imul(first, FIVE_BYTES_FIRST) + carry) | 0;
}
