import { constants, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ZlibTreeBuilder } from "../../../src/recompress/gzip/huffman/zlib-tree.ts";
import { SymbolCounts } from "../../../src/recompress/gzip/huffman/symbol-counts.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { dynamicBlocks } from "./dynamic-blocks.ts";

/** Byte k stands so often as the k-th Fibonacci number: makes the deepest code there is. */
function fibonacciBytes(symbols: number): Uint8Array {
  const bytes: number[] = [];
  for (let symbol = 0, one = 1, other = 1; symbol < symbols; symbol++) {
    for (let time = 0; time < one; time++) bytes.push(symbol);
    [one, other] = [other, one + other];
  }
  return Uint8Array.from(bytes);
}

function skewedBytes(seed: number): Uint8Array {
  const random = new SeededRandom(seed);
  const symbols = random.between(1, 256);
  return Uint8Array.from({ length: random.between(200, 60_000) }, () => random.lowBelow(symbols));
}

function expectForeseen(plain: Uint8Array, options: { strategy?: number; level?: number }): number {
  const builder = new ZlibTreeBuilder();
  const blocks = dynamicBlocks(deflateRawSync(plain, { memLevel: 9, ...options }));
  for (const { tree, tokens } of blocks) {
    const counts = new SymbolCounts();
    counts.add(tokens, 0, tokens.length);
    const built = builder.build(counts);
    expect({ ...tree, lengths: [...tree.lengths] }).toEqual({
      litLenCount: built.litLenCount,
      distanceCount: built.distanceCount,
      codeLengthCount: built.codeLengthCount,
      codeLengthLengths: built.codeLengthLengths,
      sequence: [...built.sequence],
      lengths: [...built.lengths],
    });
  }
  return blocks.length;
}

describe("ZlibTreeBuilder", () => {
  it("makes the descriptions of zlib from the tokens of a layer", () => {
    const plain = plainLayer({ seed: 11, sizeBytes: 1_500_000 });
    for (const level of [1, 4, 6, 9]) expect(expectForeseen(plain, { level })).toBeGreaterThan(5);
  });

  it("makes them where few symbols are used, or one, or codes lean to one side", () => {
    let blocks = 0;
    for (let seed = 0; seed < 60; seed++) {
      blocks += expectForeseen(skewedBytes(seed), {});
      blocks += expectForeseen(skewedBytes(seed), { strategy: constants.Z_HUFFMAN_ONLY });
    }
    expect(blocks).toBeGreaterThan(100);
  });

  it("shortens codes that come out longer than 15 bits as zlib does", () => {
    for (const symbols of [16, 17, 18, 19, 20, 21]) {
      const plain = fibonacciBytes(symbols);
      expect(expectForeseen(plain, { strategy: constants.Z_HUFFMAN_ONLY })).toBeGreaterThan(0);
    }
  });
});
