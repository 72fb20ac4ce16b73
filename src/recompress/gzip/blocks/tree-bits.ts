import type { BitWriter } from "../bit-writer.ts";
import { canonicalCodes } from "../huffman/canonical-codes.ts";
import { checkHasCode, NO_CODE } from "../huffman/token-codes.ts";
import { CODE_LENGTH_ORDER } from "./block-header.ts";
import type { TreeDescription } from "./block-header.ts";

/** How many bits the repetitions of 16, 17 and 18 take, and what is taken off them. */
const REPETITIONS = [
  { bits: 2, base: 3 },
  { bits: 3, base: 3 },
  { bits: 7, base: 11 },
] as const;

/**
 * Writes a description of codes into the stream (RFC 1951 section 3.2.7).
 *
 * @throws {RecipeError} when its sequence uses a symbol without a code.
 */
export function putTree(writer: BitWriter, tree: TreeDescription): void {
  writer.put(tree.litLenCount - 257, 5);
  writer.put(tree.distanceCount - 1, 5);
  writer.put(tree.codeLengthCount - 4, 4);
  for (const symbol of CODE_LENGTH_ORDER.slice(0, tree.codeLengthCount)) {
    writer.put(tree.codeLengthLengths[symbol] ?? 0, 3);
  }
  const codes = new Uint16Array(tree.codeLengthLengths.length);
  canonicalCodes(tree.codeLengthLengths, codes);
  for (const entry of tree.sequence) {
    const symbol = entry & 255;
    const size = tree.codeLengthLengths[symbol] ?? 0;
    checkHasCode(size === 0 ? NO_CODE : 0);
    writer.put(codes[symbol] ?? 0, size);
    const repetition = REPETITIONS[symbol - 16];
    if (repetition !== undefined) writer.put((entry >> 8) - repetition.base, repetition.bits);
  }
}
