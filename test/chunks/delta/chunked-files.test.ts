import { describe, expect, it } from "vitest";
import { filesOf, placesOf } from "../../../src/chunks/delta/chunked-files.ts";
import { BlobRecipeError } from "../../../src/chunks/recipe/blob-recipe-error.ts";
import { ChunkList } from "../../../src/chunks/recipe/chunk-list.ts";
import { SkeletonWriter } from "../../../src/chunks/tar-map/skeleton-writer.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import {
  ARCHIVE_END,
  DIALECTS,
  entry,
  header,
  longName,
  pax,
  systemTar,
} from "../tar-map/made-archives.ts";
import { chunk, noise, tarOf } from "./made-versions.ts";

const LAYER = plainLayer({ seed: 8, sizeBytes: 2_000_000 });

function namesAndSizes(plain: Uint8Array): readonly (readonly [string, number])[] {
  return filesOf(chunk(plain).chunked).map(({ name, sizeBytes }) => [name, sizeBytes]);
}

describe("files of plain bytes", () => {
  it.each(DIALECTS)(
    "are told with their names as tar writes them in its dialect %s",
    async (dialect) => {
      const { bytes, files } = await systemTar(dialect);
      const found = new Map(namesAndSizes(bytes));
      for (const [name, text] of files) {
        // Links and empty files have no bytes.
        const size = text === "" ? undefined : text.length;
        expect([name, found.get(`./${name}`)]).toEqual([name, size]);
      }
      expect(found.has("./bin/link")).toBe(false);
    },
  );

  it("have the names that extended headers tell, one byte a character", () => {
    const long = `${"folder/".repeat(30)}file`;
    const plain = Buffer.concat([
      longName(long),
      entry({}, "one"),
      pax({ path: "caf\u00c3\u00a9" }),
      entry({}, "three"),
      header({ name: "hard", type: "1", link: "name", size: 3 }),
      entry({ name: "last" }, "seven"),
      ARCHIVE_END,
    ]);
    expect(namesAndSizes(plain)).toEqual([
      [long, 3],
      ["caf\u00c3\u00a9", 5],
      ["last", 5],
    ]);
  });

  it("take all chunks in order", () => {
    const { chunked } = chunk(LAYER);
    let next = 0;
    for (const { firstChunk, chunkCount, sizeBytes } of filesOf(chunked)) {
      expect(firstChunk).toBe(next);
      next += chunkCount;
      let sum = 0;
      for (let at = firstChunk; at < next; at++) sum += chunked.chunks.at(at).sizeBytes;
      expect(sum).toBe(sizeBytes);
    }
    expect(next).toBe(chunked.chunks.length);
  });

  it("are one without a name for what is no tar, and none for nothing", () => {
    const body = noise(300_000, 1);
    const { chunked } = chunk(body);
    const chunkCount = chunked.chunks.length;
    expect(chunkCount).toBeGreaterThan(1);
    expect(filesOf(chunked)).toEqual([
      { name: "", firstChunk: 0, chunkCount, sizeBytes: body.length },
    ]);
    expect(namesAndSizes(new Uint8Array(0))).toEqual([]);
  });

  it("have no name from where it is no tar any more", () => {
    const plain = Buffer.concat([
      entry({ name: "first" }, "one"),
      entry({ name: "folder/", type: "5" }),
      noise(2000, 2),
      entry({ name: "second" }, "two"),
    ]);
    expect(namesAndSizes(plain)).toEqual([
      ["first", 3],
      ["", 2000 + 1024],
    ]);
  });

  it("keep the name of a file that was cut off", () => {
    const plain = tarOf({ file: noise(100_000, 3) }).subarray(0, 70_000);
    expect(namesAndSizes(plain)).toEqual([["file", 70_000 - 512]]);
  });

  it("give each chunk its place", () => {
    const { chunked } = chunk(tarOf({ a: "few", b: noise(300_000, 4) }));
    const [first, ...rest] = placesOf(chunked);
    expect(first).toEqual({ name: "a", offset: 0 });
    let offset = 0;
    for (const [index, place] of rest.entries()) {
      expect(place).toEqual({ name: "b", offset });
      offset += chunked.chunks.at(index + 1).sizeBytes;
    }
    expect(offset).toBe(300_000);
  });
});

describe("what cannot be is refused", () => {
  const { chunked } = chunk(LAYER);

  function listOf(sizes: readonly number[]): ChunkList {
    const list = new ChunkList();
    for (const sizeBytes of sizes) list.add({ ...chunked.chunks.at(0), sizeBytes });
    return list;
  }

  const sizes = [...chunked.chunks].map(({ sizeBytes }) => sizeBytes);
  it.each([
    ["too few chunks", { chunks: listOf(sizes.slice(1)) }, /behind its body|too few chunks/],
    ["no chunks", { chunks: listOf([]) }, "too few chunks"],
    ["too many chunks", { chunks: listOf([...sizes, 1]) }, "more chunks than bodies"],
    ["a chunk that is too long", { chunks: listOf(sizes.with(0, 250_000)) }, "behind its body"],
    ["another size", { plainBytes: LAYER.length + 1 }, "fewer plain bytes"],
    ["a smaller size", { plainBytes: LAYER.length - 1 }, "skeleton is damaged"],
    ["columns that are none", { skeleton: [] }, "skeleton is damaged"],
  ])("%s", (_, change, text) => {
    const spoilt = (): unknown => filesOf({ ...chunked, ...change });
    expect(spoilt).toThrow(BlobRecipeError);
    expect(spoilt).toThrow(text);
  });

  it.each([
    ["is longer", [2000, 5], ["", ""]],
    ["comes in two", [3, 2], ["told", ""]],
  ])("a body that %s, other than its header says, has no name", (_, bodies, names) => {
    const writer = new SkeletonWriter();
    writer.skeleton(entry({ name: "told" }, "12345").subarray(0, 512));
    for (const body of bodies) writer.body(body);
    const chunks = listOf(bodies);
    const plainBytes = bodies.reduce((sum, size) => sum + size, 512);
    const files = filesOf({ plainBytes, skeleton: writer.end(), chunks });
    expect(files.map(({ name }) => name)).toEqual(names);
  });

  it("very long names come to an end", () => {
    const writer = new SkeletonWriter();
    const records = pax({ path: "n".repeat(1_000_000) });
    let plainBytes = 0;
    const skeleton = (bytes: Uint8Array): void => {
      writer.skeleton(bytes);
      plainBytes += bytes.length;
    };
    for (let count = 0; count < 70; count++) {
      skeleton(records);
      skeleton(header({ size: 512 }));
      writer.body(512);
      plainBytes += 512;
    }
    const columns = writer.end();
    expect(columns.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(1_100_000);
    const chunks = listOf(Array.from({ length: 70 }, () => 512));
    const files = filesOf({ plainBytes, skeleton: columns, chunks });
    const characters = files.reduce((sum, { name }) => sum + name.length, 0);
    expect(characters).toBe(67_000_000);
    expect(files).toHaveLength(70);
  });
});
