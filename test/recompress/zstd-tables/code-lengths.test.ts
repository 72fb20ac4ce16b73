import { expect, it } from "vitest";
import { huffmanCodeLengths, huffmanCodes } from "../../../src/recompress/zstd/huffman.ts";
import { LiteralStatistics } from "../../../src/recompress/zstd/tables/literal-statistics.ts";

it("huffmanCodeLengths tells the lengths of the codes that huffmanCodes gives out", () => {
  const weights = [4, 3, 2, 0, 1, 1];
  const lengths = huffmanCodeLengths(weights);
  expect([...lengths.subarray(0, 7)]).toEqual([1, 2, 3, 0, 4, 4, 0]);
  expect([...lengths]).toEqual([...huffmanCodes(weights).codes].map((code) => code >> 16));
});

it("LiteralStatistics counts anew how often the most frequent byte is there", () => {
  const literals = new LiteralStatistics();
  literals.take(Buffer.from("abcabca"), 7);
  expect([literals.most, literals.most]).toEqual([3, 3]);
  literals.take(Buffer.from("abcabca"), 2);
  expect(literals.most).toBe(1);
  literals.take(Buffer.alloc(0), 0);
  expect(literals.most).toBe(0);
});
