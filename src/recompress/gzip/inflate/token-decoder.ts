import type { BitInput } from "./bit-input.ts";
import { BrokenStream, UnsupportedStream } from "../../stream-errors.ts";
import type { DecodeTables } from "./decode-tables.ts";
import {
  DISTANCE_INDEX_BITS,
  DISTANCE_SECOND_BITS,
  END_FLAG,
  FIRST_LENGTH_ENTRY,
  LINK_FLAG,
  LITERAL_INDEX_BITS,
  LITERAL_SECOND_BITS,
} from "./decode-tables.ts";
import type { StretchBuffer } from "./stretch-buffer.ts";
import { copyMatch } from "./stretch-buffer.ts";

const LITERAL_MASK = (1 << LITERAL_INDEX_BITS) - 1;
const LITERAL_SECOND_MASK = (1 << LITERAL_SECOND_BITS) - 1;
const DISTANCE_MASK = (1 << DISTANCE_INDEX_BITS) - 1;
const DISTANCE_SECOND_MASK = (1 << DISTANCE_SECOND_BITS) - 1;
/** More than any token can take: 15 + 5 bits of a length, 15 + 13 of a distance. */
const MOST_TOKEN_BITS = 48;
/** It has a code of its own, without extra bits; the one before could say it, too. */
const LONGEST_MATCH = 258;
/** What a turn of the fast loop may read: two literals and a token, and the rest of a four-byte load. */
const FAST_MARGIN_BITS = 128;

/** What a decoder of single tokens returns for what is no token. */
const END_OF_BLOCK = -1;
const NO_TOKEN = -2;

/** Why {@link TokenDecoder.run} came back: the block's end, a full buffer, or no more input. */
export type Pause = "end" | "full" | "starved";

/** Decodes the data of Huffman blocks (RFC 1951 section 3.2.3) into plain bytes and tokens. */
export class TokenDecoder {
  readonly #input: BitInput;
  readonly #output: StretchBuffer;

  constructor(input: BitInput, output: StretchBuffer) {
    this.#input = input;
    this.#output = output;
  }

  /**
   * Decodes until the block ends, the output is full, or the input does not hold a whole token.
   *
   * @throws {BrokenStream} for what is no token.
   * @throws {UnsupportedStream} for a token in other bits than encoders write it in.
   */
  run(tables: DecodeTables): Pause {
    for (;;) {
      this.#runFast(tables);
      if (this.#output.isFull) return "full";
      const pause = this.#step(tables);
      if (pause !== undefined) return pause;
    }
  }

  /** Decodes while nothing can go wrong; leaves ends, errors and scarce input to {@link #step}. */
  #runFast({ literals, distances }: DecodeTables): void {
    const { view, endBit } = this.#input;
    const { bytes, tokens, limit } = this.#output;
    const lastBit = endBit - FAST_MARGIN_BITS;
    let bit = this.#input.bit;
    let to = this.#output.end;
    let count = this.#output.tokenCount;
    while (bit < lastBit && to < limit) {
      let word = view.getUint32(bit >>> 3, true) >>> (bit & 7);
      let entry = at(literals, word & LITERAL_MASK);
      let codeBit = bit;
      if (entry < FIRST_LENGTH_ENTRY && (entry & LINK_FLAG) !== 0) {
        codeBit += LITERAL_INDEX_BITS;
        word >>>= LITERAL_INDEX_BITS;
        entry = at(literals, (entry & 0xffff) + (word & LITERAL_SECOND_MASK));
      }
      if (entry >= 0) {
        putLiterals(bytes, to, entry);
        putLiterals(tokens, count, entry);
        const literalCount = (entry >>> 4) & 3;
        to += literalCount;
        count += literalCount;
        bit = codeBit + (entry & 15);
        continue;
      }
      if (entry < FIRST_LENGTH_ENTRY) break;
      const length = lengthOf(entry, word);
      if (isLongestByOtherCode(length, entry)) break;
      codeBit += entry & 31;
      word = view.getUint32(codeBit >>> 3, true) >>> (codeBit & 7);
      let distanceEntry = at(distances, word & DISTANCE_MASK);
      if (distanceEntry < 0) {
        codeBit += DISTANCE_INDEX_BITS;
        word = view.getUint32(codeBit >>> 3, true) >>> (codeBit & 7);
        distanceEntry = at(distances, (distanceEntry & 0xffff) + (word & DISTANCE_SECOND_MASK));
      }
      const distance = distanceOf(distanceEntry, word);
      if (isOutside(distance, to)) break;
      const token = (length << 16) | distance;
      copyMatch(bytes, to, token);
      tokens[count++] = token;
      to += length;
      bit = codeBit + (distanceEntry & 15) + ((distanceEntry >>> 4) & 15);
    }
    this.#input.bit = bit;
    this.#output.end = to;
    this.#output.tokenCount = count;
  }

  /** Decodes one token with every check. */
  #step(tables: DecodeTables): Pause | undefined {
    const input = this.#input;
    const start = input.bit;
    const token = this.#read(tables);
    if (input.isOverread || (token === NO_TOKEN && input.endBit - start < MOST_TOKEN_BITS)) {
      input.bit = start;
      return "starved";
    }
    if (token === END_OF_BLOCK) return "end";
    if (token === NO_TOKEN) throw new BrokenStream("a block has bits that are no code");
    this.#output.put(token);
    return undefined;
  }

  #read({ literals, distances }: DecodeTables): number {
    const input = this.#input;
    let entry = at(literals, input.peek() & LITERAL_MASK);
    if (entry < FIRST_LENGTH_ENTRY && (entry & LINK_FLAG) !== 0) {
      input.bit += LITERAL_INDEX_BITS;
      entry = at(literals, (entry & 0xffff) + (input.peek() & LITERAL_SECOND_MASK));
    }
    if (entry >= 0) {
      input.bit += (entry >>> 6) & 15;
      return (entry >>> 10) & 255;
    }
    if (entry >= FIRST_LENGTH_ENTRY) return this.#readMatch(entry, distances);
    if ((entry & END_FLAG) === 0) return NO_TOKEN;
    input.bit += entry & 15;
    return END_OF_BLOCK;
  }

  #readMatch(lengthEntry: number, distances: Int32Array): number {
    const input = this.#input;
    const length = lengthOf(lengthEntry, input.peek());
    input.bit += lengthEntry & 31;
    if (isLongestByOtherCode(length, lengthEntry) && !input.isOverread) {
      throw new UnsupportedStream("it says the length 258 by the code of shorter ones");
    }
    let entry = at(distances, input.peek() & DISTANCE_MASK);
    if (entry < 0) {
      input.bit += DISTANCE_INDEX_BITS;
      entry = at(distances, (entry & 0xffff) + (input.peek() & DISTANCE_SECOND_MASK));
    }
    const distance = distanceOf(entry, input.peek());
    input.bit += (entry & 15) + ((entry >>> 4) & 15);
    return distance === 0 ? NO_TOKEN : (length << 16) | distance;
  }
}

function at(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}

/** Writes two literals, of which the second is to be written over when the entry has but one. */
function putLiterals(to: Uint8Array | Uint32Array, index: number, entry: number): void {
  to[index] = (entry >>> 10) & 255;
  to[index + 1] = (entry >>> 18) & 255;
}

/** @param word the bits from the length's code on, the code included */
function lengthOf(entry: number, word: number): number {
  const extra = (word & ((1 << (entry & 31)) - 1)) >>> ((entry >>> 5) & 15);
  return ((entry >>> 9) & 511) + extra;
}

/** @param entry the length's, with bits for more than the code */
function isLongestByOtherCode(length: number, entry: number): boolean {
  return length === LONGEST_MATCH && (entry & 31) !== ((entry >>> 5) & 15);
}

/** Nothing, or more bytes back than there are. */
function isOutside(distance: number, to: number): boolean {
  return distance === 0 || distance > to;
}

/** @param word the bits from the distance's code on, the code included */
function distanceOf(entry: number, word: number): number {
  const extra = (word >>> (entry & 15)) & ((1 << ((entry >>> 4) & 15)) - 1);
  return (entry >>> 8) + extra;
}
