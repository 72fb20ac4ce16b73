import type { TreeDescription } from "../blocks/block-header.ts";
import { CODE_LENGTH_ORDER } from "../blocks/block-header.ts";
import type { BitInput } from "./bit-input.ts";
import { BrokenStream } from "../../stream-errors.ts";
import { CanonicalCode } from "./canonical-code.ts";

const MOST_LITERAL_CODES = 286;
const MOST_DISTANCE_CODES = 30;
const END_OF_BLOCK = 256;
const LONGEST_CODE_BITS = 7;
const REPEAT_LAST = 16;
/** How many bits follow the symbols 16, 17 and 18, and the repetitions that 0 in them stands for. */
const REPEAT_BITS = [2, 3, 7] as const;
const REPEAT_LEAST = [3, 3, 11] as const;

/** Reads the descriptions of Huffman codes (RFC 1951 section 3.2.7). */
export class TreeReader {
  readonly #code = new CanonicalCode();
  readonly #codeLengthLengths = new Uint8Array(CODE_LENGTH_ORDER.length);
  /** By the next seven bits: (symbol << 4) | the bits of its code. */
  readonly #table = new Uint16Array(1 << LONGEST_CODE_BITS);
  readonly #lengths = new Uint8Array(MOST_LITERAL_CODES + MOST_DISTANCE_CODES);
  readonly #sequence: number[] = [];
  #lengthCount = 0;

  /**
   * @returns the description, in arrays that the next call uses again; `undefined` when the input ends
   * before it does.
   * @throws {BrokenStream} when it describes no code.
   */
  read(input: BitInput): TreeDescription | undefined {
    const litLenCount = input.take(5) + 257;
    const distanceCount = input.take(5) + 1;
    const codeLengthCount = input.take(4) + 4;
    this.#readCodeLengthLengths(input, codeLengthCount);
    if (input.isOverread) return undefined;
    checkCounts(litLenCount, distanceCount);
    this.#fillTable();
    if (!this.#readSequence(input, litLenCount + distanceCount)) return undefined;
    if (this.#lengths[END_OF_BLOCK] === 0) {
      throw new BrokenStream("a block has no code for its end");
    }
    return {
      litLenCount,
      distanceCount,
      codeLengthCount,
      codeLengthLengths: this.#codeLengthLengths,
      sequence: this.#sequence,
      lengths: this.#lengths.subarray(0, litLenCount + distanceCount),
    };
  }

  #readCodeLengthLengths(input: BitInput, count: number): void {
    this.#codeLengthLengths.fill(0);
    for (const symbol of CODE_LENGTH_ORDER.slice(0, count)) {
      this.#codeLengthLengths[symbol] = input.take(3);
    }
  }

  #fillTable(): void {
    this.#code.assign(this.#codeLengthLengths, "complete");
    for (const [symbol, length] of this.#codeLengthLengths.entries()) {
      const from = this.#code.reversed[symbol] ?? 0;
      if (length === 0) continue;
      for (let index = from; index < this.#table.length; index += 1 << length) {
        this.#table[index] = (symbol << 4) | length;
      }
    }
  }

  /** @returns whether the input lasted. */
  #readSequence(input: BitInput, total: number): boolean {
    this.#lengthCount = 0;
    this.#sequence.length = 0;
    while (this.#lengthCount < total) {
      const entry = this.#table[input.peek() & ((1 << LONGEST_CODE_BITS) - 1)] ?? 0;
      input.bit += entry & 15;
      const symbol = entry >>> 4;
      const repeat = symbol < REPEAT_LAST ? 1 : readRepeat(input, symbol);
      if (input.isOverread) return false;
      if (repeat > total - this.#lengthCount) {
        throw new BrokenStream("a block tells more lengths of codes than it announces");
      }
      this.#push(symbol, repeat);
    }
    return true;
  }

  #push(symbol: number, repeat: number): void {
    const from = this.#lengthCount;
    if (symbol === REPEAT_LAST && from === 0) {
      throw new BrokenStream("a block repeats a length of a code before there is one");
    }
    this.#lengthCount += repeat;
    this.#lengths.fill(this.#lengthOf(symbol, from), from, this.#lengthCount);
    this.#sequence.push(symbol < REPEAT_LAST ? symbol : symbol | (repeat << 8));
  }

  #lengthOf(symbol: number, at: number): number {
    if (symbol < REPEAT_LAST) return symbol;
    return symbol === REPEAT_LAST ? (this.#lengths[at - 1] ?? 0) : 0;
  }
}

function readRepeat(input: BitInput, symbol: number): number {
  const index = symbol - REPEAT_LAST;
  return (REPEAT_LEAST[index] ?? 0) + input.take(REPEAT_BITS[index] ?? 0);
}

function checkCounts(litLenCount: number, distanceCount: number): void {
  if (litLenCount <= MOST_LITERAL_CODES && distanceCount <= MOST_DISTANCE_CODES) return;
  throw new BrokenStream("a block has codes for lengths or distances that do not exist");
}
