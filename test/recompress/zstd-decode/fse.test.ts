import { describe, expect, test } from "vitest";
import { BrokenStream } from "../../../src/recompress/stream-errors.ts";
import { CODE_KINDS } from "../../../src/recompress/zstd/codes.ts";
import {
  fseDecodingTable,
  fseEncodingTable,
  fseFirstState,
  readFseDescription,
  spreadSymbols,
  type FseEncodingTable,
} from "../../../src/recompress/zstd/fse.ts";
import { fseDescription } from "../../../src/recompress/zstd/tables/fse-description.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

const LIMITS = { largestLog: 9, largestSymbol: 35 };

describe("readFseDescription", () => {
  test("reads what is written by the same rules", () => {
    const random = new SeededRandom(6);
    for (let round = 0; round < 200; round++) {
      const { norm, log } = randomNorm(random);
      const written = fseDescription(Int16Array.from(norm), log) ?? new Uint8Array(0);
      const bytes = Uint8Array.of(9, ...written, 255, 255);
      const read = readFseDescription(bytes, 1, { largestLog: 9, largestSymbol: 255 });
      expect(read).toEqual({ norm: Int16Array.from(norm), log, size: written.length });
    }
  });

  test("counts a symbol with all states", () => {
    // Log 5; 33 of 0..33 needs all six bits, 33 + 30 short ones.
    const value = 33 + 30;
    const bytes = Uint8Array.of((value & 15) << 4, value >> 4);
    expect(readFseDescription(bytes, 0, LIMITS)).toEqual({
      norm: Int16Array.of(32),
      log: 5,
      size: 2,
    });
  });

  test("reads runs of zeros", () => {
    // Log 5; a zero (value 1 in five bits), five more zeros (pairs 3 and 2), then all 32 states.
    const parts = [
      [0, 4],
      [1, 5],
      [3, 2],
      [2, 2],
      [63, 6],
    ] as const;
    const { norm } = readFseDescription(bitsOf(parts), 0, LIMITS);
    expect([...norm]).toEqual([0, 0, 0, 0, 0, 0, 32]);
  });

  test.each<[string, Uint8Array]>([
    ["a table that is too large", Uint8Array.of(0x05)],
    [
      "more symbols than there may be",
      bitsOf([[0, 4], [1, 5], ...Array.from({ length: 40 }, () => [3, 2] as const)]),
    ],
    [
      "what is cut off",
      bitsOf([
        [0, 4],
        [3, 5],
      ]).subarray(0, 1),
    ],
    ["nothing", new Uint8Array(0)],
  ])("refuses %s", (_, bytes) => {
    expect(() => readFseDescription(bytes, 0, LIMITS)).toThrow(BrokenStream);
  });
});

describe("spreadSymbols", () => {
  test.each(CODE_KINDS)("gives each symbol of a table in the format its states", (kind) => {
    const symbols = spreadSymbols(kind.defaultNorm, kind.defaultLog);
    kind.defaultNorm.forEach((count, symbol) => {
      expect(symbols.filter((each) => each === symbol)).toHaveLength(Math.abs(count));
    });
  });

  test("makes the table of literal lengths that RFC 8878 appendix A.1 lists", () => {
    const { entries } = fseDecodingTable(CODE_KINDS[0].defaultNorm, CODE_KINDS[0].defaultLog);
    const rows = [...entries]
      .slice(0, 8)
      .map((entry) => [entry & 255, (entry >> 8) & 255, entry >> 16]);
    expect(rows).toEqual([
      [0, 4, 0],
      [0, 4, 16],
      [1, 5, 32],
      [3, 5, 0],
      [4, 5, 0],
      [6, 5, 0],
      [7, 5, 0],
      [9, 5, 0],
    ]);
  });

  test("refuses norms that do not share out all states", () => {
    expect(() => spreadSymbols([16, 15], 5)).toThrow(RangeError);
    expect(() => spreadSymbols([16, 17], 5)).toThrow(RangeError);
  });
});

describe("fseEncodingTable", () => {
  test("leads from any state, by any symbol, to one from which the decoder comes back", () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 30; round++) {
      const { norm, log } = randomNorm(random);
      const { entries } = fseDecodingTable(norm, log);
      const table = fseEncodingTable(norm, log);
      const symbols = [...norm.keys()].filter((symbol) => norm[symbol] !== 0);
      expect(symbols.filter((symbol) => !comesBack(entries, table, symbol))).toEqual([]);
    }
  });

  test("leads nowhere by a symbol that the table cannot say", () => {
    const table = fseEncodingTable([16, 0, 16], 5);
    for (const symbol of [1, 3]) {
      expect(fseFirstState(table, symbol)).toBe(0);
      const bits = (40 + (table.bitDeltas[symbol] ?? 0)) >> 16;
      expect(table.states[(40 >> bits) + (table.stateDeltas[symbol] ?? 0)]).toBeUndefined();
    }
  });

  function comesBack(entries: Int32Array, table: FseEncodingTable, symbol: number): boolean {
    const size = 1 << table.log;
    const first = entries[fseFirstState(table, symbol) - size] ?? 0;
    return [...entries.keys()].every((index) => {
      const state = size + index;
      const bits = (state + (table.bitDeltas[symbol] ?? 0)) >> 16;
      const next = table.states[(state >> bits) + (table.stateDeltas[symbol] ?? 0)] ?? 0;
      const entry = entries[next - size] ?? 0;
      const back = (entry >> 16) + (state & ((1 << bits) - 1));
      return (
        (first & 255) === symbol && (entry & 0xffff) === (symbol | (bits << 8)) && back === index
      );
    });
  }
});

function randomNorm(random: SeededRandom): { readonly norm: number[]; readonly log: number } {
  const log = random.between(5, 9);
  const norm: number[] = [];
  for (let left = 1 << log; left > 0;) {
    const count = random.oneIn(4) ? -1 : Math.min(left, random.lowBelow(left + 1));
    norm.push(count);
    left -= Math.abs(count);
  }
  return { norm, log };
}

/** The lowest bit first. */
function bitsOf(parts: readonly (readonly [number, number])[]): Uint8Array {
  const bits = parts.flatMap(([value, count]) =>
    Array.from({ length: count }, (_, bit) => (value >> bit) & 1),
  );
  return Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, byte) =>
    bits.slice(byte * 8, byte * 8 + 8).reduce((sum, bit, place) => sum | (bit << place), 0),
  );
}
