import { describe, expect, test } from "vitest";
import { BrokenStream } from "../../../src/recompress/stream-errors.ts";
import {
  huffmanCodes,
  huffmanDecodingTable,
  readHuffmanDescription,
} from "../../../src/recompress/zstd/huffman.ts";
import { spreadSymbols } from "../../../src/recompress/zstd/fse.ts";
import { fseDescription } from "../../../src/recompress/zstd/tables/fse-description.ts";
import { backwardBits } from "./frame-bytes.ts";

describe("readHuffmanDescription", () => {
  test("works out the last weight of the example of RFC 8878 section 4.2.1", () => {
    // Weights 4, 3, 2, 0, 1 and, not written, 1.
    const bytes = Uint8Array.of(99, 127 + 5, 0x43, 0x20, 0x10, 99);
    const { weights, size } = readHuffmanDescription(bytes, 1);
    expect([...weights]).toEqual([4, 3, 2, 0, 1, 1]);
    expect(size).toBe(4);
  });

  test.each<[string, number[]]>([
    ["nothing", []],
    ["a cut off list", [127 + 5, 0x43]],
    ["a cut off packed list", [20, 1, 2]],
    ["weights that fill no tree", [127 + 3, 0x43, 0x10]],
    ["weights of 0 alone", [127 + 2, 0x00]],
    ["a tree with a single deepest code", [127 + 1, 0x20]],
    ["codes of 12 bits", [127 + 12, 0xcb, 0xa9, 0x87, 0x65, 0x43, 0x21]],
    [
      "weights up to 11 that make codes of 12 bits",
      [127 + 13, 0xbb, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10],
    ],
    ["a packed list without bits", [1, 0x40]],
    [
      "a packed list without end",
      packed(
        [32],
        [
          [0, 5],
          [0, 5],
        ],
      ),
    ],
    ["a packed weight that there is not", packed(halfOf(34), [statesOf(1), statesOf(34)])],
  ])("refuses %s", (_, bytes) => {
    expect(() => readHuffmanDescription(Uint8Array.from(bytes), 0)).toThrow(BrokenStream);
  });

  test("takes packed weights", () => {
    const bytes = Uint8Array.from(packed(halfOf(2), [statesOf(1), statesOf(2)]));
    const { weights, size } = readHuffmanDescription(bytes, 0);
    expect([...weights]).toEqual([1, 2, 1]);
    expect(size).toBe(bytes.length);
  });

  /** Half of the states for weight 1, half for the other. */
  function halfOf(weight: number): number[] {
    return Array.from({ length: weight + 1 }, (_, each) =>
      each === 1 || each === weight ? 16 : 0,
    );
  }

  /** A state of the table of {@link halfOf}, and how many bits say it. */
  function statesOf(weight: number): readonly [number, number] {
    return [spreadSymbols(halfOf(Math.max(weight, 2)), 5).indexOf(weight === 1 ? 1 : weight), 5];
  }

  /** A description whose weights are packed: the table, then the two states. */
  function packed(
    norm: readonly number[],
    states: readonly (readonly [number, number])[],
  ): number[] {
    const table = fseDescription(Int16Array.from(norm), 5) ?? [];
    const body = [...table, ...backwardBits(states.toReversed())];
    return [body.length, ...body];
  }

  test("takes codes of 11 bits", () => {
    const bytes = Uint8Array.of(127 + 11, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10);
    expect(huffmanCodes(readHuffmanDescription(bytes, 0).weights).longest).toBe(11);
  });
});

describe("huffmanCodes", () => {
  test("gives out the codes of the example of RFC 8878 section 4.2.1.3", () => {
    const { codes } = huffmanCodes([4, 3, 2, 0, 1, 1]);
    const listed = [0, 1, 2, 3, 4, 5].map((byte) => {
      const code = codes[byte] ?? 0;
      return (code & 0xffff).toString(2).padStart(code >> 16, "0");
    });
    expect(listed).toEqual(["1", "01", "001", "0", "0000", "0001"]);
    expect(codes[3]).toBe(0);
  });
});

describe("huffmanDecodingTable", () => {
  test("leads from each code, whatever follows it, to its byte", () => {
    const weights = [4, 3, 2, 0, 1, 1];
    const { entries, log } = huffmanDecodingTable(weights);
    const { codes } = huffmanCodes(weights);
    expect(log).toBe(4);
    for (let next = 0; next < 16; next++) {
      const entry = entries[next] ?? 0;
      const bits = entry >> 8;
      expect((codes[entry & 255] ?? 0) & 0xffff).toBe(next >> (log - bits));
      expect((codes[entry & 255] ?? 0) >> 16).toBe(bits);
    }
  });
});
