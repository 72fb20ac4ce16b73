import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chunkIdOf } from "../../../src/chunks/chunk-id.ts";
import { ChunkList } from "../../../src/chunks/recipe/chunk-list.ts";
import { BlobNotes } from "../../../src/dedup/store/blob-notes.ts";
import { digestOf } from "../../../src/oci/digest.ts";

const A = digestOf(Buffer.from("a"));
const B = digestOf(Buffer.from("b"));
const C = digestOf(Buffer.from("c"));
const D = digestOf(Buffer.from("d"));

describe("BlobNotes", () => {
  let resources: AsyncDisposableStack;
  let path: string;
  let notes: BlobNotes;
  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-notes-")));
    path = join(folder.path, "blobs.sqlite");
    notes = BlobNotes.open(path);
  });
  afterEach(async () => {
    notes[Symbol.dispose]();
    await resources.disposeAsync();
  });

  it("remembers when a blob was read last, whatever comes later", () => {
    notes.noteUses(new Map([[A, 2000]]));
    notes.noteUses(
      new Map([
        [A, 1000],
        [B, 5],
      ]),
    );
    expect([notes.usedAtMs(A), notes.usedAtMs(B), notes.usedAtMs(C)]).toEqual([2000, 5, undefined]);
  });

  it("remembers why a blob keeps its data, and lets others see it", () => {
    using other = BlobNotes.open(path);
    notes.noteKept(A, "first");
    notes.noteKept(A, "then");
    expect(other.keptBecause(A)).toBe("then");
    expect(other.keptBecause(B)).toBeUndefined();
  });

  it("finds blobs by what they have in common, the likest first, and no more than asked for", () => {
    notes.noteChunks(A, listOf(0, 100));
    notes.noteChunks(B, listOf(0, 50));
    notes.noteChunks(C, listOf(40, 120));
    notes.noteChunks(D, listOf(500, 600));
    expect(notes.knowsChunksOf(A)).toBe(true);
    const found = notes.like(listOf(0, 100), A, 4);
    expect(found).toEqual([
      { digest: C, share: 0.6 },
      { digest: B, share: 0.5 },
    ]);
    expect(notes.like(listOf(0, 100), A, 1)).toHaveLength(1);
    expect(notes.like(listOf(700, 701), A, 4)).toEqual([]);
  });

  it("samples few of very many chunks, and finds the like by them", () => {
    notes.noteChunks(A, listOf(0, 20_000));
    const [found] = notes.like(listOf(10_000, 30_000), B, 1);
    expect(found?.digest).toBe(A);
    expect(found?.share).toBeGreaterThan(0.4);
    expect(found?.share).toBeLessThan(0.6);
  });

  it("forgets a blob, with all that was noted of it", () => {
    for (const digest of [A, B]) {
      notes.noteUses(new Map([[digest, 1]]));
      notes.noteKept(digest, "reason");
      notes.noteChunks(digest, listOf(0, 10));
    }
    notes.forget(A);
    expect([notes.usedAtMs(A), notes.keptBecause(A)]).toEqual([undefined, undefined]);
    expect(notes.knowsChunksOf(A)).toBe(false);
    expect(notes.like(listOf(0, 10), C, 9)).toEqual([{ digest: B, share: 1 }]);
    expect(notes.keptBecause(B)).toBe("reason");
  });

  it("is kept on disk, and begun anew when its file is damaged", async () => {
    notes.noteKept(A, "reason");
    notes[Symbol.dispose]();
    {
      using again = BlobNotes.open(path);
      expect(again.keptBecause(A)).toBe("reason");
    }
    await writeFile(path, "no database at all, but long enough to be looked at".repeat(100));
    notes = BlobNotes.open(path);
    expect(notes.keptBecause(A)).toBeUndefined();
    notes.noteKept(A, "again");
    expect(notes.keptBecause(A)).toBe("again");
  });
});

function listOf(from: number, until: number): ChunkList {
  const list = new ChunkList();
  for (let at = from; at < until; at += 1) {
    list.add({ id: chunkIdOf(Buffer.from(`chunk ${at}`)), sizeBytes: 1 });
  }
  return list;
}
