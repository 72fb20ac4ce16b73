import { describe, expect, it } from "vitest";
import { type ChunkId, readChunkId } from "../../../src/chunks/chunk-id.ts";
import { DeltaBase } from "../../../src/chunks/delta/delta-base.ts";
import { DeltaDictionary, type WantedBytes } from "../../../src/chunks/delta/delta-dictionary.ts";
import { ChunkList } from "../../../src/chunks/recipe/chunk-list.ts";
import { SkeletonWriter } from "../../../src/chunks/tar-map/skeleton-writer.ts";
import { type Chunked, chunk, noise, tarOf } from "./made-versions.ts";

const MEBIBYTE = 1024 * 1024;
const ALL = 100 * MEBIBYTE;

function dictionaryFor(
  { chunked }: Chunked,
  wanted: readonly WantedBytes[],
  {
    mostBytes = ALL,
    isUsable = () => true,
  }: { readonly mostBytes?: number; readonly isUsable?: (id: ChunkId) => boolean } = {},
): { readonly ids: readonly ChunkId[]; readonly sizeBytes: number; readonly fits: boolean[] } {
  const dictionary = new DeltaDictionary(new DeltaBase(chunked, isUsable), mostBytes);
  const fits = wanted.map((one) => dictionary.leanOn(one));
  const chunks = dictionary.end();
  const sizeBytes = chunks.reduce((sum, one) => sum + one.sizeBytes, 0);
  return { ids: chunks.map(({ id }) => id), sizeBytes, fits };
}

const LARGE = noise(5 * MEBIBYTE, 1);
const BASE = chunk(tarOf({ first: noise(50_000, 2), large: LARGE, last: noise(50_000, 3) }));

/** Where the bytes of those chunks stand in the large file; every one must be found there. */
function placesIn(ids: readonly ChunkId[]): readonly number[] {
  return ids.map((id) => {
    const at = LARGE.indexOf(BASE.bytes.get(id) ?? "never there");
    expect(at).toBeGreaterThanOrEqual(0);
    return at;
  });
}

describe("a dictionary", () => {
  it("has what stands around the same offset of the same file, in order", () => {
    const wanted = { file: "large", offset: 2.5 * MEBIBYTE, sizeBytes: 70_000 };
    const places = placesIn(dictionaryFor(BASE, [wanted]).ids);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    const [first = 0] = places;
    const end = 256 * 1024 + (places.at(-1) ?? 0);
    expect(first).toBeLessThanOrEqual(1.5 * MEBIBYTE);
    expect(first).toBeGreaterThan(1.25 * MEBIBYTE - 1);
    expect(end).toBeGreaterThanOrEqual(3.5 * MEBIBYTE + 70_000);
    expect(places.at(-1)).toBeLessThan(3.5 * MEBIBYTE + 70_000);
  });

  it.each([
    ["begins", 0],
    ["ends", 5 * MEBIBYTE - 1],
  ])("begins or ends where the file %s, and takes nothing of its neighbours", (_, offset) => {
    const { ids, sizeBytes } = dictionaryFor(BASE, [{ file: "large", offset, sizeBytes: 1 }]);
    const places = placesIn(ids);
    expect(sizeBytes).toBeGreaterThanOrEqual(MEBIBYTE);
    expect(sizeBytes).toBeLessThan(1.3 * MEBIBYTE);
    expect(places.includes(0)).toBe(offset === 0);
  });

  it("has nothing for what stands far behind the file's end, or is in no file", () => {
    const wanted = [
      { file: "large", offset: 7 * MEBIBYTE, sizeBytes: 1 },
      { file: "other", offset: 0, sizeBytes: MEBIBYTE },
    ];
    expect(dictionaryFor(BASE, wanted)).toMatchObject({ ids: [], fits: [true, true] });
  });

  it("has a file whole where much leans on it, and there is room", () => {
    const wanted = { file: "large", offset: 0, sizeBytes: 1.5 * MEBIBYTE };
    expect(dictionaryFor(BASE, [wanted]).sizeBytes).toBe(LARGE.length);
    const narrow = dictionaryFor(BASE, [wanted], { mostBytes: 4 * MEBIBYTE });
    expect(narrow.sizeBytes).toBeLessThan(2.8 * MEBIBYTE);
  });

  it("has each chunk once, however often it is wanted and stands there", () => {
    const body = noise(400_000, 4);
    const base = chunk(tarOf({ a: body, b: body, c: body }));
    const wanted = ["a", "b", "c", "a"].map((file) => ({ file, offset: 0, sizeBytes: 400_000 }));
    const { ids, fits } = dictionaryFor(base, wanted, { mostBytes: 400_000 });
    expect(ids).toEqual(base.ids.slice(0, base.ids.length / 3));
    expect(fits).toEqual([true, true, true, true]);
    const zeros = chunk(tarOf({ other: "few", zeros: Buffer.alloc(1_000_000) }));
    const all = ["other", "zeros"].map((file) => ({ file, offset: 0, sizeBytes: 1_000_000 }));
    const most = { mostBytes: 600_000 };
    expect(dictionaryFor(zeros, all, most).fits).toEqual([true, true]);
  });

  it("is in the order of the base, whatever is wanted first", () => {
    const wanted = [
      { file: "last", offset: 0, sizeBytes: 1 },
      { file: "large", offset: 4 * MEBIBYTE, sizeBytes: 1 },
      { file: "large", offset: 0, sizeBytes: 1 },
    ];
    const { ids } = dictionaryFor(BASE, wanted);
    expect(ids.length).toBeGreaterThan(20);
    expect(ids).toEqual(BASE.ids.filter((id) => ids.includes(id)));
  });

  it("has only what is usable", () => {
    const usable = new Set(BASE.ids.filter((_, index) => index % 3 === 0));
    const wanted = { file: "large", offset: 0, sizeBytes: 4 * MEBIBYTE };
    const isUsable = (id: ChunkId): boolean => usable.has(id);
    const { ids } = dictionaryFor(BASE, [wanted], { isUsable });
    expect(ids.length).toBeGreaterThan(10);
    expect(ids.every(isUsable)).toBe(true);
    expect(dictionaryFor(BASE, [wanted], { isUsable: () => false }).ids).toEqual([]);
  });

  it("takes nothing where there is no room for it, and no more than it may", () => {
    const most = { mostBytes: 700_000 };
    const wanted = (offset: number) => ({ file: "large", offset, sizeBytes: 100_000 });
    const one = dictionaryFor(BASE, [wanted(0)], most);
    const two = dictionaryFor(BASE, [wanted(0), wanted(3 * MEBIBYTE)], most);
    expect(two).toEqual({ ...one, fits: [true, false] });
    for (const mostBytes of [1, 100_000, 300_000, 700_000]) {
      const { fits, sizeBytes } = dictionaryFor(BASE, [wanted(MEBIBYTE)], { mostBytes });
      expect(fits).toEqual([true]);
      expect(sizeBytes).toBeLessThanOrEqual(mostBytes);
    }
  });

  it("has no more chunks than a frame should name", () => {
    const chunks = new ChunkList();
    for (let index = 0; index < 70_000; index++) {
      chunks.add({ id: readChunkId(Buffer.alloc(16, `${index}.`)), sizeBytes: 1 });
    }
    const skeleton = new SkeletonWriter();
    skeleton.body(70_000);
    const chunked = { plainBytes: 70_000, skeleton: skeleton.end(), chunks };
    const wanted = { file: "", offset: 0, sizeBytes: 70_000 };
    const { ids } = dictionaryFor({ chunked, ids: [], bytes: new Map() }, [wanted]);
    expect(ids).toHaveLength(65_536);
  });
});
