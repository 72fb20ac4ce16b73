import { BrokenStream } from "../../stream-errors.ts";

const LONGEST_CODE_BITS = 15;
const MOST_SYMBOLS = 320;

/** How many symbols may lack a code. */
export type Completeness =
  /** Every sequence of bits is a code. */
  | "complete"
  /**
   * The same, but one code alone, of one bit, will do, and so will no code at all: what encoders write
   * for blocks with one distance or none (RFC 1951 section 3.2.7).
   */
  | "complete-or-one";

/**
 * Finds the codes that belong to lengths of codes (RFC 1951 section 3.2.2): shorter codes come before
 * longer ones, and those of one length are consecutive numbers in the order of their symbols.
 */
export class CanonicalCode {
  /** By symbol: the code with its first bit lowest, as it is met in the stream. */
  readonly reversed = new Uint16Array(MOST_SYMBOLS);
  readonly #counts = new Int32Array(LONGEST_CODE_BITS + 1);
  readonly #next = new Int32Array(LONGEST_CODE_BITS + 1);

  /**
   * @param lengths by symbol, 0 to 15; 0 is a symbol without a code
   * @throws {BrokenStream} when there are more codes than bits can tell apart, or too few.
   */
  assign(lengths: Uint8Array, completeness: Completeness): void {
    this.#countLengths(lengths);
    this.#check(completeness);
    const next = this.#next;
    const reversed = this.reversed;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol] ?? 0;
      if (length === 0) continue;
      const code = next[length] ?? 0;
      next[length] = code + 1;
      reversed[symbol] = reverseBits(code, length);
    }
  }

  #countLengths(lengths: Uint8Array): void {
    const counts = this.#counts.fill(0);
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol] ?? 0;
      counts[length] = (counts[length] ?? 0) + 1;
    }
    counts[0] = 0;
    let code = 0;
    for (let length = 1; length <= LONGEST_CODE_BITS; length++) {
      code = (code + (counts[length - 1] ?? 0)) << 1;
      this.#next[length] = code;
    }
  }

  #check(completeness: Completeness): void {
    const counts = this.#counts;
    let free = 1;
    let longest = 0;
    for (let length = 1; length <= LONGEST_CODE_BITS; length++) {
      const count = counts[length] ?? 0;
      free = free * 2 - count;
      if (count > 0) longest = length;
      if (free < 0)
        throw new BrokenStream("a Huffman code has more codes than bits can tell apart");
    }
    if (free === 0 || (completeness === "complete-or-one" && longest <= 1)) return;
    throw new BrokenStream("a Huffman code is incomplete");
  }
}

function reverseBits(code: number, length: number): number {
  let rest = code;
  let reversed = 0;
  for (let bit = 0; bit < length; bit++) {
    reversed = (reversed << 1) | (rest & 1);
    rest >>>= 1;
  }
  return reversed;
}
