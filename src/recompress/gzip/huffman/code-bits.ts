import type { TreeDescription } from "../blocks/block-header.ts";
import {
  DISTANCE_SYMBOLS,
  distanceExtraBits,
  END_OF_BLOCK,
  lengthExtraBits,
  LIT_LEN_SYMBOLS,
} from "./deflate-symbols.ts";
import type { SymbolCounts } from "./symbol-counts.ts";

/** HLIT, HDIST and HCLEN (RFC 1951 section 3.2.7), and what each code length takes. */
const COUNTS_BITS = 14;
const CODE_LENGTH_BITS = 3;
/** Extra bits of 16, 17 and 18. */
const REPETITION_BITS = [2, 3, 7] as const;
const FIRST_REPETITION = 16;

/** RFC 1951 section 3.2.6. */
const FIXED_LENGTHS: Uint8Array = new Uint8Array(LIT_LEN_SYMBOLS)
  .fill(8)
  .fill(9, 144, END_OF_BLOCK)
  .fill(7, END_OF_BLOCK, 280);
const FIXED_DISTANCE_LENGTHS: Uint8Array = new Uint8Array(DISTANCE_SYMBOLS).fill(5);

/** @returns the bits of a block with these symbols and fixed codes, without the three of its type. */
export function fixedBits(counts: SymbolCounts): number {
  return symbolBits(counts, FIXED_LENGTHS, FIXED_DISTANCE_LENGTHS);
}

/** @returns the bits of a block with these symbols and codes, without the three of its type. */
export function dynamicBits(counts: SymbolCounts, tree: TreeDescription): number {
  let bits = COUNTS_BITS + CODE_LENGTH_BITS * tree.codeLengthCount;
  for (const entry of tree.sequence) {
    const symbol = entry & 255;
    bits +=
      (tree.codeLengthLengths[symbol] ?? 0) + (REPETITION_BITS[symbol - FIRST_REPETITION] ?? 0);
  }
  const { lengths, litLenCount } = tree;
  return bits + symbolBits(counts, lengths.subarray(0, litLenCount), lengths.subarray(litLenCount));
}

/** The bits of the symbols with their extra bits, and of one end of the block. */
function symbolBits(counts: SymbolCounts, litLen: Uint8Array, distance: Uint8Array): number {
  let bits = litLen[END_OF_BLOCK] ?? 0;
  for (let symbol = 0; symbol < litLen.length; symbol++) {
    if (symbol === END_OF_BLOCK) continue;
    const extra = symbol < END_OF_BLOCK ? 0 : lengthExtraBits(symbol);
    bits += (counts.litLen[symbol] ?? 0) * ((litLen[symbol] ?? 0) + extra);
  }
  for (let symbol = 0; symbol < distance.length; symbol++) {
    bits += (counts.distance[symbol] ?? 0) * ((distance[symbol] ?? 0) + distanceExtraBits(symbol));
  }
  return bits;
}
