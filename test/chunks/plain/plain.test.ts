import { describe, expect, it } from "vitest";
import type { ChunkId } from "../../../src/chunks/chunk-id.ts";
import { makePlain } from "../../../src/chunks/plain/make-plain.ts";
import { type ChunkedPlain, PlainChunker } from "../../../src/chunks/plain/plain-chunker.ts";
import { BlobRecipeError } from "../../../src/chunks/recipe/blob-recipe-error.ts";
import { ChunkList } from "../../../src/chunks/recipe/chunk-list.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

interface Kept {
  readonly chunked: ChunkedPlain;
  readonly chunks: ReadonlyMap<ChunkId, Uint8Array>;
}

function chunk(plain: Uint8Array, mostBytes = Infinity): Kept {
  const random = new SeededRandom(plain.length);
  const chunks = new Map<ChunkId, Uint8Array>();
  const chunker = new PlainChunker((id, bytes) => chunks.set(id, bytes.slice()));
  for (let at = 0; at < plain.length;) {
    const size = mostBytes === Infinity ? plain.length : 1 + random.lowBelow(mostBytes);
    chunker.write(plain.subarray(at, at + size));
    at += size;
  }
  return { chunked: chunker.end(), chunks };
}

async function make({ chunked, chunks }: Kept, from = 0, reads: ChunkId[] = []): Promise<Buffer> {
  const read = async (id: ChunkId): Promise<Uint8Array> => {
    reads.push(id);
    return chunks.get(id) ?? new Uint8Array(0);
  };
  const pieces: Buffer[] = [];
  for await (const piece of makePlain(chunked, { read }, { from })) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

const LAYER = plainLayer({ seed: 3, sizeBytes: 3_000_000 });
const NOISE = plainLayer({ seed: 4, sizeBytes: 700_000 }).subarray(100);

describe("plain bytes", () => {
  it.each([
    ["of a layer", LAYER],
    ["that are no tar", NOISE],
    ["that are none", new Uint8Array(0)],
    ["of a layer that was cut off", LAYER.subarray(0, 1_234_567)],
  ])("%s come back from chunks", async (_, plain) => {
    expect((await make(chunk(plain))).equals(plain)).toBe(true);
  });

  it("are chunked alike, however they come", () => {
    const whole = chunk(LAYER).chunked;
    const pieces = chunk(LAYER, 70_000).chunked;
    expect(pieces.plainBytes).toBe(LAYER.length);
    expect([...pieces.chunks]).toEqual([...whole.chunks]);
    expect(Buffer.concat(pieces.skeleton)).toEqual(Buffer.concat(whole.skeleton));
  });

  it("can be made from anywhere on, without the chunks before", async () => {
    const kept = chunk(LAYER);
    const random = new SeededRandom(5);
    const wanted = [0, 1, 511, 512, LAYER.length - 1, LAYER.length, LAYER.length + 9];
    for (const from of [
      ...wanted,
      ...Array.from({ length: 20 }, () => random.below(LAYER.length)),
    ]) {
      expect((await make(kept, from)).equals(LAYER.subarray(from))).toBe(true);
    }
    const reads: ChunkId[] = [];
    await make(kept, LAYER.length - 100_000, reads);
    expect(reads.length).toBeLessThan(kept.chunked.chunks.length / 4);
  });

  it("of two builds share the chunks of files that are alike, wherever those lie", () => {
    const twice = chunk(Buffer.concat([LAYER.subarray(0, -1024), LAYER]));
    expect(twice.chunks.size).toBe(chunk(LAYER).chunks.size);
  });

  it("are kept count of", () => {
    const chunker = new PlainChunker(() => undefined);
    const before = chunker.keptBytes;
    chunker.write(LAYER);
    expect(chunker.keptBytes).toBeGreaterThan(before + 20 * 10);
  });
});

describe("what cannot be is refused", () => {
  const kept = chunk(LAYER);
  const { chunked } = kept;

  function listOf(change: (sizes: number[]) => void): ChunkList {
    const all = [...chunked.chunks];
    const sizes = all.map(({ sizeBytes }) => sizeBytes);
    change(sizes);
    const list = new ChunkList();
    for (const [index, sizeBytes] of sizes.entries()) {
      list.add({ id: (all[index] ?? all[0])?.id as ChunkId, sizeBytes });
    }
    return list;
  }

  it.each([
    ["too few chunks", { chunks: listOf((sizes) => sizes.pop()) }, "too few chunks"],
    ["too many chunks", { chunks: listOf((sizes) => sizes.push(1)) }, "more chunks than bodies"],
    [
      "a chunk that is too long",
      { chunks: listOf((sizes) => sizes.splice(0, 1, 250_000)) },
      /behind its body|another size/,
    ],
    ["another size", { plainBytes: LAYER.length + 1 }, "fewer plain bytes"],
    ["a smaller size", { plainBytes: LAYER.length - 1 }, "skeleton is damaged"],
    ["columns that are none", { skeleton: [] }, "skeleton is damaged"],
  ])("%s", async (_, change, text) => {
    const spoilt = make({ ...kept, chunked: { ...chunked, ...change } });
    await expect(spoilt).rejects.toThrow(BlobRecipeError);
    await expect(make({ ...kept, chunked: { ...chunked, ...change } })).rejects.toThrow(text);
  });

  it("a chunk of another size", async () => {
    const short = { ...kept, chunks: new Map<ChunkId, Uint8Array>() };
    await expect(make(short)).rejects.toThrow("a chunk has another size");
  });
});
