import { RecipeError } from "../../recipe-error.ts";
import type { TreeDescription } from "../blocks/block-header.ts";
import { canonicalCodes } from "./canonical-codes.ts";
import {
  DISTANCE_SYMBOLS,
  distanceExtraBits,
  END_OF_BLOCK,
  LENGTH_BASE,
  LENGTH_SYMBOL,
  lengthExtraBits,
  LIT_LEN_SYMBOLS,
  LONGEST_MATCH,
} from "./deflate-symbols.ts";

/** Stands for a symbol without a code. As a number it is negative, as no other entry is. */
export const NO_CODE = -0x80000000;

/** Two symbols that fixed codes have room for and nothing stands for (RFC 1951 section 3.2.6). */
const FIXED_LIT_LEN_SYMBOLS = LIT_LEN_SYMBOLS + 2;

/**
 * The bits of every token under a block's Huffman codes, looked up by token.
 *
 * An entry has the number of bits in its lowest 5 bits and the bits from bit 5 on.
 */
export class TokenCodes {
  /** By literal, or by 256 + length; a length's extra bits are in the entry. */
  readonly literalOrLength = new Int32Array(257 + LONGEST_MATCH);
  /**
   * By symbol: the entry has the number of bits of the code in its lowest 5 bits, the number of extra
   * bits in the next 5, and the code from bit 10 on.
   */
  readonly distance = new Int32Array(DISTANCE_SYMBOLS);
  endOfBlock = NO_CODE;
  readonly #codes = new Uint16Array(FIXED_LIT_LEN_SYMBOLS);

  constructor() {
    this.literalOrLength.fill(NO_CODE);
  }

  /** @throws {RecipeError} when the lengths make no codes. */
  load(tree: TreeDescription): void {
    this.#loadLitLen(tree.lengths.subarray(0, tree.litLenCount));
    this.#loadDistance(tree.lengths.subarray(tree.litLenCount));
  }

  /** Loads the codes that need no description (RFC 1951 section 3.2.6). */
  loadFixed(): void {
    const lengths = new Uint8Array(FIXED_LIT_LEN_SYMBOLS).fill(8);
    lengths.fill(9, 144, 256);
    lengths.fill(7, 256, 280);
    this.#loadLitLen(lengths);
    this.#loadDistance(new Uint8Array(DISTANCE_SYMBOLS).fill(5));
  }

  #loadLitLen(lengths: Uint8Array): void {
    const entries = this.literalOrLength;
    canonicalCodes(lengths, this.#codes);
    for (let literal = 0; literal < END_OF_BLOCK; literal++) {
      entries[literal] = this.#entry(lengths, literal);
    }
    this.endOfBlock = this.#entry(lengths, END_OF_BLOCK);
    for (let length = 3; length <= LONGEST_MATCH; length++) {
      const symbol = LENGTH_SYMBOL[length] ?? 0;
      entries[256 + length] = withExtra(this.#entry(lengths, symbol), symbol, length);
    }
  }

  #loadDistance(lengths: Uint8Array): void {
    canonicalCodes(lengths, this.#codes);
    for (let symbol = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
      const size = lengths[symbol] ?? 0;
      const code = this.#codes[symbol] ?? 0;
      this.distance[symbol] =
        size === 0 ? NO_CODE : (code << 10) | (distanceExtraBits(symbol) << 5) | size;
    }
  }

  #entry(lengths: Uint8Array, symbol: number): number {
    const size = lengths[symbol] ?? 0;
    return size === 0 ? NO_CODE : ((this.#codes[symbol] ?? 0) << 5) | size;
  }
}

function withExtra(entry: number, symbol: number, length: number): number {
  if (entry === NO_CODE) return NO_CODE;
  const size = entry & 31;
  const extra = length - (LENGTH_BASE[symbol - END_OF_BLOCK - 1] ?? 0);
  const bits = (entry >>> 5) | (extra << size);
  return (bits << 5) | (size + lengthExtraBits(symbol));
}

/** @throws {RecipeError} when `entry` is that of a symbol without a code. */
export function checkHasCode(entry: number): void {
  if (entry < 0) throw new RecipeError("a block's Huffman codes lack a symbol that it uses");
}
