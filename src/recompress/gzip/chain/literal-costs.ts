import { MergeLengths } from "../huffman/merge-lengths.ts";

const BYTES = 256;
const MEMORY_BYTES = 65536;
const LONGEST_CODE = 15;
/** Counts are kept in 16 bits. */
const COUNTS = 65536;

/** What changed between revisions in the estimate of a match's worth. */
export interface CostRules {
  /** How many of the bytes ahead are counted. */
  readonly countedBytes: number;
  /** What a match costs besides its extra bits. */
  readonly baseCost: number;
  /** A match must save more than this. */
  readonly leastGain: number;
  /** What a byte costs that was not counted. */
  readonly costOfUncounted: 0 | 1;
}

/**
 * Estimates how many bits a match saves against its bytes written as literals.
 *
 * Each time the encoder has filled its memory it makes a Huffman code of the bytes ahead, and takes a
 * literal's cost from that. A match costs its extra bits (RFC 1951 section 3.2.5) and a constant. The extra
 * bits of a distance are looked up for one byte farther than it is: so the encoder does, and so must we.
 */
export class LiteralCosts {
  readonly leastGain: number;
  readonly #rules: CostRules;
  readonly #lengths = new Uint8Array(BYTES);
  readonly #counts = new Uint32Array(BYTES);
  readonly #builder = new MergeLengths();
  /** The cost of all literals before each place in the encoder's memory, counted from where it looked. */
  readonly #sums = new Int32Array(MEMORY_BYTES + 1);
  readonly #lengthBits = new Uint8Array(BYTES + 3);

  constructor(rules: CostRules) {
    this.#rules = rules;
    this.leastGain = rules.leastGain;
    for (let length = 3; length < this.#lengthBits.length; length++) {
      this.#lengthBits[length] = extraBitsOfLength(length);
    }
  }

  /**
   * Looks at the bytes ahead.
   *
   * @param ahead all that are in the encoder's memory
   * @param offset how many bytes in memory are before them
   */
  look(ahead: Uint8Array, offset: number): void {
    this.#count(ahead.subarray(0, this.#rules.countedBytes));
    this.#builder.build({
      counts: this.#counts,
      symbols: BYTES,
      longest: LONGEST_CODE,
      lengths: this.#lengths,
    });
    const least = this.#rules.costOfUncounted;
    const sums = this.#sums;
    let sum = 0;
    sums[offset] = 0;
    for (let index = 0; index < ahead.length; index++) {
      const cost = this.#lengths[ahead[index] ?? 0] ?? 0;
      sum += cost < least ? least : cost;
      sums[offset + index + 1] = sum;
    }
  }

  /** @param offset where in the encoder's memory the match stands */
  saved(offset: number, length: number, distance: number): number {
    const literals = (this.#sums[offset + length] ?? 0) - (this.#sums[offset] ?? 0);
    return (
      literals - extraBitsBeyond(distance) - this.#rules.baseCost - (this.#lengthBits[length] ?? 0)
    );
  }

  isAlike(other: LiteralCosts): boolean {
    return this.#lengths.every((length, byte) => length === other.#lengths[byte]);
  }

  #count(bytes: Uint8Array): void {
    const counts = this.#counts.fill(0);
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index] ?? 0;
      counts[byte] = (counts[byte] ?? 0) + 1;
    }
    for (let byte = 0; byte < BYTES; byte++) counts[byte] = (counts[byte] ?? 0) % COUNTS;
  }
}

/** From a length of 11 on, every doubling of the length less three takes a bit more; 258 has its own code. */
function extraBitsOfLength(length: number): number {
  if (length < 11 || length === 258) return 0;
  return 29 - Math.clz32(length - 3);
}

/** The extra bits of the distance one byte farther. At the farthest the encoder's table wraps around. */
function extraBitsBeyond(distance: number): number {
  if (distance < 4) return 0;
  return distance === 32768 ? 6 : 30 - Math.clz32(distance);
}
