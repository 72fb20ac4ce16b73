import { describe, expect, it } from "vitest";
import type { BlockHeader } from "../../../src/recompress/gzip/blocks/block-header.ts";
import { BlockTableReader } from "../../../src/recompress/gzip/blocks/block-table-reader.ts";
import { BlockTableWriter } from "../../../src/recompress/gzip/blocks/block-table-writer.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import {
  createGzipColumns,
  readGzipColumns,
  toGzipRecipe,
} from "../../../src/recompress/gzip/gzip-columns.ts";
import { SymbolCounts } from "../../../src/recompress/gzip/huffman/symbol-counts.ts";
import { ZlibTreeBuilder } from "../../../src/recompress/gzip/huffman/zlib-tree.ts";

const GNU = {
  sizeUnit: "tokens",
  treeRules: ["zlib"],
  framing: NO_FRAMING,
  blockRule: { looksAtGain: true, isLazy: true },
} as const;
const FIXED: BlockHeader = { kind: "fixed", isFinal: false };
const MARK: BlockHeader = { kind: "stored", isFinal: false, size: 0, padding: 0 };
const FORETOLD = { kind: "foretold", isFinal: false, end: { kind: "foretold" } };
/** With fixed codes it takes 3 + 8 + 5 + 7 bits: a mark is due, seven bits into a byte. */
const MATCH = (258 << 16) | 1;

const FAR_MATCH = (30 << 16) | 100;

/** A block with the codes that zlib would make for these tokens. */
function zlibHeader(tokens: readonly number[]): BlockHeader {
  const counts = new SymbolCounts();
  counts.add(Uint32Array.from(tokens), 0, tokens.length);
  return { kind: "dynamic", isFinal: false, tree: new ZlibTreeBuilder().build(counts) };
}

/**
 * A member that repeats a few bytes, by default zeros: nothing is due in its first 4096 bytes, which are
 * stored, and in zeros a cut is then due at each byte.
 */
class Member {
  readonly columns = createGzipColumns();
  readonly table = new BlockTableWriter(this.columns);
  readonly #repeated: readonly number[];
  #position = 0;

  constructor(repeated: readonly number[] = [0]) {
    this.#repeated = repeated;
    this.table.memberStart(GNU);
    this.block({ kind: "stored", isFinal: false, size: 4096, padding: 0 }, 4096);
  }

  block(header: BlockHeader, bytes: number, ...tokens: number[]): void {
    const { table } = this;
    table.blockStart(header);
    if (bytes > 0) {
      const isStored = header.kind === "stored";
      table.stretch(this.#plain(bytes), isStored ? undefined : Uint32Array.from(tokens));
    }
    table.blockEnd();
  }

  #plain(bytes: number): Uint8Array {
    const start = this.#position;
    this.#position += bytes;
    const repeated = this.#repeated;
    return Uint8Array.from(
      { length: bytes },
      (_, at) => repeated[(start + at) % repeated.length] ?? 0,
    );
  }

  /** The blocks after the stored one, and a final one that is left out. */
  plans() {
    this.block({ kind: "fixed", isFinal: true }, 0);
    const sizes = { streamBytes: 0, plainBytes: 0 };
    const columns = readGzipColumns(toGzipRecipe(this.columns, sizes));
    const reader = new BlockTableReader(columns);
    const plans = [];
    while (!columns.blocks.isAtEnd) plans.push(reader.next());
    if (!columns.sizes.isAtEnd || !columns.trees.isAtEnd) throw new Error("the columns say more");
    return plans.slice(1, -1);
  }
}

function told(size: number) {
  return { kind: "fixed", isFinal: false, end: { kind: "size", size } };
}

describe("BlockTableWriter with a rule", () => {
  it("has one record for a block and the mark behind it", () => {
    const zeros = new Member();
    for (let index = 0; index < 3; index++) {
      zeros.block(FIXED, 258, MATCH);
      zeros.block(MARK, 0);
    }
    expect(zeros.plans()).toEqual([FORETOLD, FORETOLD, FORETOLD]);
  });

  it("tells a block whose mark is missing, or is not the usual one", () => {
    const zeros = new Member();
    zeros.block(FIXED, 258, MATCH);
    zeros.block(FIXED, 258, MATCH);
    zeros.block({ kind: "stored", isFinal: false, size: 0, padding: 1 }, 0);
    zeros.block(FIXED, 258, MATCH);
    zeros.block({ kind: "stored", isFinal: false, size: 1, padding: 0 }, 1);
    expect(zeros.plans()).toEqual([
      told(1),
      { ...told(1), end: { kind: "usual", size: 1 } },
      { kind: "stored", isFinal: false, padding: 1, end: { kind: "size", size: 0 } },
      { ...told(1), end: { kind: "usual", size: 1 } },
      { kind: "stored", isFinal: false, padding: 0, end: { kind: "foretold" } },
    ]);
  });

  it("tells a mark that is too many", () => {
    const zeros = new Member();
    zeros.block(FIXED, 258, MATCH);
    zeros.block(MARK, 0);
    zeros.block(MARK, 0);
    const mark = { kind: "stored", isFinal: false, padding: 0, end: { kind: "size", size: 0 } };
    expect(zeros.plans()).toEqual([FORETOLD, mark]);
  });

  it("tells blocks that go beyond a cut, or end before one is due", () => {
    const zeros = new Member();
    zeros.block(FIXED, 516, MATCH, MATCH);
    zeros.block({ kind: "stored", isFinal: false, size: 2, padding: 0 }, 2);
    zeros.block(FIXED, 0);
    expect(zeros.plans()).toEqual([
      told(2),
      { kind: "stored", isFinal: false, padding: 0, end: { kind: "size", size: 2 } },
      told(0),
    ]);
  });

  it("tells a block that goes on where the encoder would have ended it early", () => {
    const member = new Member([0, 1]);
    const early = Uint32Array.from({ length: 4096 }, (_, at) =>
      at % 3 === 0 ? FAR_MATCH : at % 2,
    );
    for (const times of [1, 2]) {
      const tokens = Array.from({ length: times }, () => [...early]).flat();
      const bytes = tokens.reduce((sum, one) => sum + (one < 256 ? 1 : one >>> 16), 0);
      member.block(zlibHeader(tokens), bytes, ...tokens);
    }
    expect(member.plans()).toMatchObject([FORETOLD, { kind: "dynamic", end: { size: 8192 } }]);
  });

  it("stops looking for cuts after nine blocks in a row that had none where they were due", () => {
    const zeros = new Member();
    for (let index = 0; index < 9; index++) zeros.block(FIXED, 774, MATCH, MATCH, MATCH);
    zeros.block(FIXED, 258, MATCH);
    zeros.block(MARK, 0);
    expect(zeros.plans().at(-2)).toMatchObject({ kind: "fixed" });
    const others = new Member();
    for (let index = 0; index < 8; index++) others.block(FIXED, 774, MATCH, MATCH, MATCH);
    others.block(FIXED, 258, MATCH);
    others.block(MARK, 0);
    expect(others.plans().at(-1)).toEqual(FORETOLD);
  });

  it("says how many records come before a place, and where no record begins", () => {
    const zeros = new Member();
    const { table } = zeros;
    table.mark();
    zeros.block(FIXED, 258, MATCH);
    expect(table.isBetweenRecords).toBe(false);
    zeros.block(MARK, 0);
    expect(table.isBetweenRecords).toBe(true);
    table.mark();
    zeros.block(FIXED, 516, MATCH, MATCH);
    expect(table.isBetweenRecords).toBe(true);
    table.mark();
    expect(table.marked).toEqual([1, 2, 3]);
  });
});
