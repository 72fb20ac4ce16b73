import { describe, expect, it } from "vitest";
import { canonicalCodes } from "../../../src/recompress/gzip/huffman/canonical-codes.ts";
import {
  distanceSymbol,
  LENGTH_SYMBOL,
} from "../../../src/recompress/gzip/huffman/deflate-symbols.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";

/** RFC 1951 section 3.2.5: the first length and the first distance of each symbol. */
const LENGTHS = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const DISTANCES = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
];

describe("symbols", () => {
  it("are those of the tables in RFC 1951", () => {
    for (let length = 3; length <= 258; length++) {
      const symbol = 257 + LENGTHS.findLastIndex((first) => first <= length);
      expect(LENGTH_SYMBOL[length]).toBe(symbol);
    }
    for (let distance = 1; distance <= 32_768; distance++) {
      const symbol = DISTANCES.findLastIndex((first) => first <= distance);
      if (distanceSymbol(distance) !== symbol) expect.fail(`${distance} has not symbol ${symbol}`);
    }
  });
});

describe("canonicalCodes()", () => {
  it("gives the codes of the example in RFC 1951 section 3.2.2, first bit lowest", () => {
    const codes = new Uint16Array(8);
    canonicalCodes(Uint8Array.of(3, 3, 3, 3, 3, 2, 4, 4), codes);
    expect([...codes]).toEqual([0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111]);
  });

  it("refuses lengths that have no room for all codes", () => {
    expect(() => canonicalCodes(Uint8Array.of(1, 1, 1), new Uint16Array(3))).toThrow(RecipeError);
  });
});
