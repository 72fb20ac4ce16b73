import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chunkIdOf } from "../../../src/chunks/chunk-id.ts";
import { ChunkIndex } from "../../../src/chunks/index/chunk-index.ts";
import { packOf, someChunks } from "../packs/pack-in-memory.ts";

let folder = "";
let path = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chunk-index-"));
  path = join(folder, "chunks.sqlite");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ONE = packOf(someChunks(20, 1));
const OTHER = packOf(someChunks(20, 2));

function pack(name: string): { name: string; sizeBytes: number } {
  return { name, sizeBytes: 1000 };
}

describe("the chunk index", () => {
  it("finds each chunk of a pack in its place", () => {
    using index = ChunkIndex.open(path);
    index.addPack(pack("one"), ONE.frames);
    for (const frame of ONE.frames) {
      for (const [slot, { id, sizeBytes }] of frame.chunks.entries()) {
        const { at, sizeBytes: frameBytes, depth } = frame;
        expect(index.places(id)[0]).toEqual({
          pack: "one",
          at,
          frameBytes,
          depth,
          slot,
          sizeBytes,
        });
      }
    }
    expect(index.places(chunkIdOf(Buffer.from("nowhere")))).toEqual([]);
    expect(index.chunks).toBe(20);
  });

  it("is there again when it is opened again, and for others that have it open", () => {
    const [first] = ONE.frames[0]?.chunks ?? [];
    if (first === undefined) throw new Error("no chunks");
    using other = ChunkIndex.open(path);
    {
      using index = ChunkIndex.open(path);
      index.addPack(pack("one"), ONE.frames);
    }
    expect(other.places(first.id)[0]?.pack).toBe("one");
    using again = ChunkIndex.open(path);
    expect(again.packs).toEqual([pack("one")]);
  });

  it("takes a pack up once", () => {
    using index = ChunkIndex.open(path);
    index.addPack(pack("one"), ONE.frames);
    index.addPack(pack("one"), OTHER.frames);
    expect(index.packs).toEqual([pack("one")]);
    expect(index.chunks).toBe(20);
  });

  it("finds a chunk that two packs have until both are gone, first in the frame that leans on least", () => {
    using index = ChunkIndex.open(path);
    const deep = ONE.frames.map((frame) => ({ ...frame, depth: 2 }));
    index.addPack(pack("deep"), deep);
    index.addPack(pack("flat"), ONE.frames);
    const id = ONE.frames[0]?.chunks[0]?.id ?? chunkIdOf(Buffer.alloc(0));
    expect(index.places(id)[0]?.pack).toBe("flat");
    index.removePack("flat");
    expect(index.places(id)[0]?.pack).toBe("deep");
    index.removePack("deep");
    index.removePack("deep");
    expect(index.places(id)).toEqual([]);
    expect(index.packs).toEqual([]);
  });

  it("leaves nothing of a pack that could not be taken up", () => {
    using index = ChunkIndex.open(path);
    const broken = [...ONE.frames, { ...ONE.frames[0], at: Symbol("no number") }];
    expect(() => index.addPack(pack("one"), broken as never)).toThrow("cannot be bound");
    expect(index.packs).toEqual([]);
    expect(index.chunks).toBe(0);
  });

  it.each([
    [
      "no database",
      () => writeFileSync(path, "not a database, but long enough to be taken for one"),
    ],
    ["cut short", () => writeFileSync(path, Buffer.from("SQLite format 3\0"))],
    ["of another program", () => new DatabaseSync(path).exec("CREATE TABLE packs (name TEXT)")],
    [
      "of another version",
      () =>
        new DatabaseSync(path).exec(
          `PRAGMA application_id = ${0x42434958}; PRAGMA user_version = 2`,
        ),
    ],
  ])("is begun anew when its file is %s", (_, spoil) => {
    spoil();
    using index = ChunkIndex.open(path);
    expect(index.packs).toEqual([]);
    index.addPack(pack("one"), ONE.frames);
    expect(index.chunks).toBe(20);
  });
});
