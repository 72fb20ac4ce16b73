import { describe, expect, it } from "vitest";
import type { BlockHeader } from "../../../src/recompress/gzip/blocks/block-header.ts";
import { BlockTableReader } from "../../../src/recompress/gzip/blocks/block-table-reader.ts";
import { BlockTableWriter } from "../../../src/recompress/gzip/blocks/block-table-writer.ts";
import type { BlockModel } from "../../../src/recompress/gzip/blocks/block-table-writer.ts";
import { MOST_GATHERED_TOKENS, segmentEnd } from "../../../src/recompress/gzip/blocks/segments.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import {
  createGzipColumns,
  readGzipColumns,
  toGzipRecipe,
} from "../../../src/recompress/gzip/gzip-columns.ts";
import type { GzipColumnReaders } from "../../../src/recompress/gzip/gzip-columns.ts";
import { GoTreeBuilder } from "../../../src/recompress/gzip/huffman/go-tree.ts";
import { SymbolCounts } from "../../../src/recompress/gzip/huffman/symbol-counts.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";

const GO: BlockModel = { sizeUnit: "bytes", treeRules: ["go"], framing: NO_FRAMING };
const FRAMED: Framing = { kind: "blocks", blockBytes: 100_000, historyBytes: 0 };

function written(write: (table: BlockTableWriter) => void): GzipColumnReaders {
  const columns = createGzipColumns();
  write(new BlockTableWriter(columns));
  return readGzipColumns(toGzipRecipe(columns, { streamBytes: 0, plainBytes: 0 }));
}

function block(
  table: BlockTableWriter,
  header: BlockHeader,
  stretches: readonly Uint32Array[],
): void {
  table.blockStart(header);
  for (const tokens of stretches) {
    const bytes = tokens.reduce((sum, token) => sum + (token < 256 ? 1 : token >>> 16), 0);
    table.stretch(new Uint8Array(bytes), header.kind === "stored" ? undefined : tokens);
  }
  table.blockEnd();
}

/** A header with the codes that Go would make for these tokens. */
function goHeader(...stretches: readonly Uint32Array[]): BlockHeader {
  const counts = new SymbolCounts();
  for (const tokens of stretches) counts.add(tokens, 0, tokens.length);
  const tree = new GoTreeBuilder({ isTrimmed: true }).build(counts);
  return { kind: "dynamic", isFinal: false, tree };
}

function literals(count: number, kinds: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => 65 + (index % kinds));
}

function plans(columns: GzipColumnReaders, count: number) {
  const reader = new BlockTableReader(columns);
  reader.memberStart();
  return Array.from({ length: count }, () => reader.next());
}

describe("BlockTableWriter", () => {
  it("finds the rule that makes a block's codes, and where else they come from", () => {
    const segment = literals(65_535, 7);
    const rest = literals(5000, 9);
    const columns = written((table) => {
      table.memberStart(GO);
      block(table, goHeader(segment), [segment]);
      block(table, goHeader(segment), [segment, rest]);
      block(table, goHeader(rest), [segment]);
    });
    const codes = plans(columns, 3).map((plan) => plan.kind === "dynamic" && plan.codes);
    expect(codes[0]).toEqual({ kind: "made", rule: "go", span: "block" });
    expect(codes[1]).toEqual({ kind: "made", rule: "go", span: "segment" });
    expect(codes[2]).toMatchObject({ kind: "told" });
    expect(columns.trees.isAtEnd).toBe(true);
  });

  it("does not depend on how a block was cut into stretches", () => {
    const tokens = Uint32Array.from({ length: 60_000 }, (_, index) =>
      index % 3 === 0 ? ((3 + (index % 20)) << 16) | (1 + (index % 500)) : index % 64,
    );
    const header = goHeader(tokens.subarray(0, 12_345));
    const inPieces = (size: number) =>
      written((table) => {
        table.memberStart({ ...GO, treeRules: ["zlib", "go"] });
        const pieces = [];
        for (let at = 0; at < tokens.length; at += size)
          pieces.push(tokens.subarray(at, at + size));
        block(table, header, [literals(10, 3)]);
        block(table, header, pieces);
      });
    const whole = plans(inPieces(100_000), 2);
    for (const size of [1, 17, 4096, 12_345]) expect(plans(inPieces(size), 2)).toEqual(whole);
  });

  it("tells codes that could only be made from more tokens than a rebuild may gather", () => {
    const lot = literals(65_536, 20);
    const within = Array.from({ length: MOST_GATHERED_TOKENS / lot.length }, () => lot);
    const beyond = [...within, lot.subarray(0, 1)];
    const columns = written((table) => {
      table.memberStart({ ...GO, sizeUnit: "tokens" });
      for (const tokens of [within, beyond]) block(table, goHeader(...tokens), tokens);
    });
    const [one, other] = plans(columns, 2);
    expect(one).toMatchObject({ codes: { kind: "made", span: "block" } });
    expect(other).toMatchObject({ codes: { kind: "told" } });
  });

  it("tells the size of a block that goes beyond its framing's block", () => {
    const columns = written((table) => {
      table.memberStart({ ...GO, framing: FRAMED });
      for (const size of [60_000, 60_000, 60_000, 20_000]) {
        block(table, { kind: "fixed", isFinal: false }, [literals(size, 2)]);
      }
    });
    expect(plans(columns, 4).map(({ end }) => end)).toEqual([
      { kind: "size", size: 60_000 },
      { kind: "size", size: 60_000 },
      { kind: "usual", size: 60_000 },
      { kind: "usual", size: 60_000 },
    ]);
  });

  it("spends next to nothing on blocks of one size and on marks", () => {
    const tokens = literals(16_383, 12);
    const columns = written((table) => {
      table.memberStart({ sizeUnit: "tokens", treeRules: ["go"], framing: FRAMED });
      for (let round = 0; round < 50; round++) {
        for (let index = 0; index < 6; index++) block(table, goHeader(tokens), [tokens]);
        block(table, goHeader(tokens), [tokens.subarray(0, 100_000 - 6 * 16_383)]);
        block(table, { kind: "stored", isFinal: false, size: 0, padding: 0 }, []);
      }
    });
    expect(columns.trees.isAtEnd).toBe(false);
    const reader = new BlockTableReader(columns);
    reader.memberStart();
    const ends = Array.from({ length: 400 }, () => reader.next().end);
    expect(ends.filter((end) => end.kind === "size" && end.size === 0)).toHaveLength(50);
    expect(ends.filter((end) => end.kind === "usual")).toHaveLength(349);
    expect(columns.sizes.position).toBe(1 + 2 + 349);
  });

  it("keeps padding that is not zero, and fixed and final blocks", () => {
    const columns = written((table) => {
      table.memberStart(GO);
      block(table, { kind: "stored", isFinal: false, size: 9, padding: 5 }, [literals(9, 2)]);
      block(table, { kind: "fixed", isFinal: false }, [literals(77, 2)]);
      block(table, { kind: "fixed", isFinal: false }, []);
      block(table, { kind: "stored", isFinal: true, size: 3, padding: 0 }, [literals(3, 2)]);
    });
    expect(plans(columns, 4)).toEqual([
      { kind: "stored", isFinal: false, padding: 5, end: { kind: "size", size: 9 } },
      { kind: "fixed", isFinal: false, end: { kind: "size", size: 77 } },
      { kind: "fixed", isFinal: false, end: { kind: "size", size: 0 } },
      { kind: "stored", isFinal: true, padding: 0, end: { kind: "member" } },
    ]);
  });
});

describe("BlockTableReader", () => {
  it("refuses records and trees that make no sense", () => {
    const next = (blocks: number[], trees: number[]) => () => {
      const columns = createGzipColumns();
      for (const number of blocks) columns.blocks.number(number);
      for (const number of trees) columns.trees.number(number);
      const recipe = toGzipRecipe(columns, { streamBytes: 0, plainBytes: 0 });
      return new BlockTableReader(readGzipColumns(recipe)).next();
    };
    expect(next([], [])).toThrow(RecipeError);
    expect(next([4 + 3], [])).toThrow(RecipeError);
    expect(next([8 + 3], [])).toThrow(RecipeError);
    expect(next([4 + 8 * 3], [])).toThrow(RecipeError);
    expect(next([3], [])()).toEqual({
      kind: "foretold",
      isFinal: false,
      end: { kind: "foretold" },
    });
    expect(next([1000], [])).toThrow(RecipeError);
    expect(next([4 + 2], [0, 0, 0, 1, 1, 1, 1])).toThrow("ends within");
    expect(next([4 + 2], [0, 0, 0, 1, 1, 1, 1, 16, 3])).toThrow("first code length");
    const zeros = [18, 138, 18, 119];
    expect(next([4 + 2], [0, 0, 0, 1, 1, 1, 1, ...zeros, 17, 10])).toThrow("too many lengths");
    expect(next([4 + 2], [0, 0, 0, 1, 1, 1, 1, ...zeros, 17, 2])).toThrow("too short");
    expect(next([4 + 2], [0, 0, 0, 1, 1, 1, 1, ...zeros, 1])().kind).toBe("dynamic");
  });
});

describe("segmentEnd()", () => {
  it("counts segments from the member's start, or from that of the framing's block", () => {
    expect(segmentEnd("bytes", NO_FRAMING, 0).byte).toBe(65_535);
    expect(segmentEnd("bytes", NO_FRAMING, 65_534).byte).toBe(65_535);
    expect(segmentEnd("bytes", NO_FRAMING, 65_535).byte).toBe(131_070);
    expect(segmentEnd("bytes", FRAMED, 65_535).byte).toBe(100_000);
    expect(segmentEnd("bytes", FRAMED, 100_000).byte).toBe(165_535);
    expect(segmentEnd("tokens", FRAMED, 100_000)).toEqual({ byte: Infinity, tokens: 32_768 });
  });
});
