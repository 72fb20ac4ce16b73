import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { BitWriter } from "../../../src/recompress/gzip/bit-writer.ts";
import { putTree } from "../../../src/recompress/gzip/blocks/tree-bits.ts";
import { dynamicBits, fixedBits } from "../../../src/recompress/gzip/huffman/code-bits.ts";
import { SymbolCounts } from "../../../src/recompress/gzip/huffman/symbol-counts.ts";
import { TokenCodes } from "../../../src/recompress/gzip/huffman/token-codes.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { dynamicBlocks } from "./dynamic-blocks.ts";

const BLOCKS = dynamicBlocks(deflateRawSync(plainLayer({ seed: 12, sizeBytes: 300_000 })));

/** The bits that a block takes when it is written. */
function writtenBits(tokens: Uint32Array, load: (writer: BitWriter, codes: TokenCodes) => void) {
  const writer = new BitWriter(() => undefined, { mostBytes: Infinity });
  const codes = new TokenCodes();
  load(writer, codes);
  writer.putTokens(tokens, codes, { from: 0, to: tokens.length });
  writer.putEntry(codes.endOfBlock);
  return writer.bytes * 8 + writer.bit;
}

function countsOf(tokens: Uint32Array): SymbolCounts {
  const counts = new SymbolCounts();
  counts.add(tokens, 0, tokens.length);
  return counts;
}

describe("dynamicBits()", () => {
  it("says how many bits a block with its own codes takes", () => {
    expect(BLOCKS.length).toBeGreaterThan(2);
    for (const { tokens, tree } of BLOCKS) {
      const expected = writtenBits(tokens, (writer, codes) => {
        putTree(writer, tree);
        codes.load(tree);
      });
      expect(dynamicBits(countsOf(tokens), tree)).toBe(expected);
    }
  });
});

describe("fixedBits()", () => {
  it("says how many bits a block with fixed codes takes", () => {
    for (const { tokens } of BLOCKS) {
      const expected = writtenBits(tokens, (_writer, codes) => codes.loadFixed());
      expect(fixedBits(countsOf(tokens))).toBe(expected);
    }
  });
});
