import { describe, expect, it } from "vitest";
import { NOWHERE, PositionTables } from "../../../src/recompress/gzip/segment/position-tables.ts";

interface Tables {
  readonly single: Int32Array;
  readonly pair: Int32Array;
  readonly all: PositionTables;
}

function tablesOf(single: readonly number[], pair: readonly number[]): Tables {
  const tables = { single: Int32Array.from(single), pair: Int32Array.from(pair) };
  const all = new PositionTables([tables.single], [tables.pair]);
  tables.single.set(single);
  tables.pair.set(pair);
  return { ...tables, all };
}

describe("PositionTables", () => {
  it("isAlike() leaves out positions that are too old", () => {
    const one = tablesOf([100, 50, NOWHERE], [100, 50]);
    const other = tablesOf([100, 20, 30], [100, NOWHERE]);
    expect(one.all.isAlike(other.all, 51)).toBe(true);
    expect(one.all.isAlike(other.all, 50)).toBe(false);
  });

  it("isAlike() leaves out a previous position behind a latest one that is too old", () => {
    const one = tablesOf([], [40, 60]);
    const other = tablesOf([], [10, 70]);
    expect(one.all.isAlike(other.all, 50)).toBe(true);
    expect(one.all.isAlike(tablesOf([], [60, 60]).all, 50)).toBe(false);
  });

  it("isAlike() sees that the previous position alone is another", () => {
    expect(tablesOf([], [90, 60]).all.isAlike(tablesOf([], [90, 61]).all, 50)).toBe(false);
  });

  it("isAlike() is false for tables of another level", () => {
    expect(tablesOf([1, 2], []).all.isAlike(tablesOf([1], []).all, 5)).toBe(false);
    expect(tablesOf([], [1, 2]).all.isAlike(tablesOf([], []).all, 5)).toBe(false);
  });

  it("lower() moves every position, and none below nowhere", () => {
    const { single, pair, all } = tablesOf([100, NOWHERE], [30, NOWHERE + 10]);
    all.lower(50);
    expect([...single, ...pair]).toEqual([50, NOWHERE, -20, NOWHERE]);
  });

  it("clear() forgets every position", () => {
    const { single, pair, all } = tablesOf([1], [2, 3]);
    all.clear();
    expect([...single, ...pair]).toEqual([NOWHERE, NOWHERE, NOWHERE]);
  });
});
