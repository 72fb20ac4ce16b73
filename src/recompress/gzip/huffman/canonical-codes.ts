import { RecipeError } from "../../recipe-error.ts";

const LONGEST = 15;

/**
 * Gives each symbol its code from the lengths of all codes (RFC 1951 section 3.2.2).
 *
 * @param lengths 0 to 15 by symbol
 * @param codes where the codes go, by symbol: bits reversed, as deflate writes a code's first bit first
 * @throws {RecipeError} when there are more codes than the lengths have room for.
 */
export function canonicalCodes(lengths: Uint8Array, codes: Uint16Array): void {
  const next = firstCodes(lengths);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] ?? 0;
    if (length === 0) continue;
    const code = next[length] ?? 0;
    next[length] = code + 1;
    codes[symbol] = reversed(code, length);
  }
}

function firstCodes(lengths: Uint8Array): Uint32Array {
  const counts = new Uint32Array(LONGEST + 1);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  counts[0] = 0;
  const next = new Uint32Array(LONGEST + 1);
  let code = 0;
  for (let length = 1; length <= LONGEST; length++) {
    code = 2 * (code + (counts[length - 1] ?? 0));
    next[length] = code;
    if (code + (counts[length] ?? 0) > 2 ** length) {
      throw new RecipeError("a Huffman code has more codes than its lengths have room for");
    }
  }
  return next;
}

function reversed(code: number, length: number): number {
  let bits = code;
  let result = 0;
  for (let bit = 0; bit < length; bit++) {
    result = (result << 1) | (bits & 1);
    bits >>>= 1;
  }
  return result;
}
