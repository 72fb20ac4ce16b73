import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readFseDescription } from "../../../src/recompress/zstd/fse.ts";
import { fseDescription } from "../../../src/recompress/zstd/tables/fse-description.ts";
import { readHuffmanDescription } from "../../../src/recompress/zstd/huffman.ts";
import { type Histogram, histogramOf } from "../../../src/recompress/zstd/tables/histogram.ts";
import { huffmanDescription } from "../../../src/recompress/zstd/tables/huffman-description.ts";
import { huffmanLengths } from "../../../src/recompress/zstd/tables/huffman-lengths.ts";
import { normalisedCounts } from "../../../src/recompress/zstd/tables/normalised-counts.ts";
import { sequenceTable } from "../../../src/recompress/zstd/tables/sequence-tables.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

function predictSequenceTable(histogram: Histogram): Uint8Array | undefined {
  const table = sequenceTable(histogram);
  return table && fseDescription(table.cells, table.log);
}

function predictHuffmanTree(histogram: Histogram): Uint8Array | undefined {
  const lengths = huffmanLengths(histogram);
  return lengths && huffmanDescription(lengths);
}

/**
 * What klauspost/compress 1.20.3 itself makes of counts: a line each, first the description in hexadecimal
 * (`none` where it fails or makes none), then the counts by symbol.
 */
function golden(name: string): readonly (readonly [string, Int32Array])[] {
  const text = readFileSync(new URL(name, import.meta.url), "utf8").trimEnd();
  return text.split("\n").map((line) => {
    const [description = "", ...counts] = line.split(" ");
    return [description, Int32Array.from(counts, Number)];
  });
}

function totalOf(counts: Int32Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function hex(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "none" : Buffer.from(bytes).toString("hex");
}

function randomCounts(random: SeededRandom, symbols: number): Int32Array {
  const scale = 2 ** random.between(1, 11);
  return Int32Array.from({ length: symbols }, () => random.lowBelow(scale));
}

describe("sequenceTable", () => {
  test("makes what the encoder makes of the same counts", () => {
    for (const [description, counts] of golden("sequence-tables.txt")) {
      expect(hex(predictSequenceTable(histogramOf(counts, totalOf(counts))))).toBe(description);
    }
  });

  test("makes nothing of one code, or of none", () => {
    expect(predictSequenceTable(histogramOf(Int32Array.of(0, 7, 0), 7))).toBe(undefined);
    expect(predictSequenceTable(histogramOf(new Int32Array(53), 0))).toBe(undefined);
  });

  test("makes tables that share out all cells, whatever the counts", () => {
    const random = new SeededRandom(1);
    for (let trial = 0; trial < 500; trial++) {
      const counts = randomCounts(random, random.between(2, 53));
      const table = predictSequenceTable(histogramOf(counts, totalOf(counts)));
      if (table === undefined) continue;
      const { norm, log, size } = readFseDescription(table, 0, {
        largestLog: 9,
        largestSymbol: 52,
      });
      expect(size).toBe(table.length);
      expect(norm.reduce((sum, cells) => sum + Math.abs(cells), 0)).toBe(2 ** log);
    }
  });
});

describe("normalisedCounts", () => {
  test("gives up where rare symbols alone would take more than all cells", () => {
    const counts = new Int32Array(53).fill(1);
    expect(normalisedCounts(histogramOf(counts, 53), 5)).toBe(undefined);
  });
});

describe("huffmanDescription", () => {
  test("makes what the encoder makes of the same counts", () => {
    for (const [description, counts] of golden("huffman-trees.txt")) {
      expect(hex(predictHuffmanTree(histogramOf(counts, totalOf(counts))))).toBe(description);
    }
  });

  test("makes nothing of fewer than two bytes", () => {
    expect(predictHuffmanTree(histogramOf(Int32Array.of(0, 99), 99))).toBe(undefined);
    expect(predictHuffmanTree(histogramOf(new Int32Array(256), 0))).toBe(undefined);
  });

  test("makes whole trees of at most 11 bits that a decoder reads, whatever the counts", () => {
    const random = new SeededRandom(2);
    for (let trial = 0; trial < 500; trial++) {
      const counts = randomCounts(random, random.between(2, 256));
      const histogram = histogramOf(counts, totalOf(counts));
      const lengths = huffmanLengths(histogram);
      if (lengths === undefined) continue;
      const space = lengths.reduce((sum, bits) => sum + (bits === 0 ? 0 : 2 ** -bits), 0);
      expect(space).toBe(1);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(11);
      const tree = predictHuffmanTree(histogram);
      if (tree === undefined) continue;
      const longest = Math.max(...lengths);
      const weights = Array.from(lengths, (bits) => (bits === 0 ? 0 : longest + 1 - bits));
      expect(Array.from(readHuffmanDescription(tree, 0).weights)).toEqual(weights);
    }
  });
});
