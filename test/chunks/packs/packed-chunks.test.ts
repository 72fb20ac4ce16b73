import { describe, expect, it } from "vitest";
import { type ChunkId, chunkIdOf } from "../../../src/chunks/chunk-id.ts";
import type { ChunkPlace } from "../../../src/chunks/index/chunk-index.ts";
import type { PlacedFrame } from "../../../src/chunks/packs/pack-directory.ts";
import {
  ChunkDamaged,
  ChunkMissing,
  PackedChunks,
} from "../../../src/chunks/packs/packed-chunks.ts";
import { readDirectory } from "../../../src/chunks/packs/read-pack.ts";
import { deltaPack, packOf, someChunks, sourceOf } from "./pack-in-memory.ts";

type Places = Map<ChunkId, ChunkPlace>;

function placesOf(pack: string, frames: readonly PlacedFrame[]): Places {
  const places: Places = new Map();
  for (const { at, sizeBytes: frameBytes, depth, chunks } of frames) {
    for (const [slot, { id, sizeBytes }] of chunks.entries()) {
      places.set(id, { pack, at, frameBytes, depth, slot, sizeBytes });
    }
  }
  return places;
}

/** Reads from one pack, and counts how often. */
function reading(
  pack: Buffer,
  places: Places,
  keptBytes = 1_000_000,
): { readonly packed: PackedChunks; readonly reads: number[] } {
  const reads: number[] = [];
  const source = sourceOf(pack);
  const read = async (at: number, sizeBytes: number): Promise<Buffer> => {
    reads.push(at);
    return await source.read(at, sizeBytes);
  };
  const packed = new PackedChunks({
    find: (id) => [places.get(id) ?? []].flat(),
    open: async () => ({ read }),
    keptBytes,
  });
  return { packed, reads };
}

const CHUNKS = someChunks(40);
const PACK = packOf(CHUNKS);

describe("packed chunks", () => {
  it("come out one by one, each frame read once", async () => {
    const { packed, reads } = reading(PACK.pack, placesOf("one", PACK.frames));
    for (const chunk of CHUNKS) {
      expect(Buffer.from(await packed.read(chunkIdOf(chunk))).equals(chunk)).toBe(true);
    }
    expect(reads).toEqual(PACK.frames.map(({ at }) => at));
  });

  it("keep no more frames than they may", async () => {
    const { packed, reads } = reading(PACK.pack, placesOf("one", PACK.frames), 1);
    for (const chunk of CHUNKS) await packed.read(chunkIdOf(chunk));
    expect(reads).toHaveLength(CHUNKS.length);
  });

  it("come out of frames that lean on others", async () => {
    const { pack, next } = deltaPack();
    const { packed } = reading(pack, placesOf("one", await readDirectory(sourceOf(pack))));
    expect(Buffer.from(await packed.read(chunkIdOf(next))).equals(next)).toBe(true);
  });

  it("are missing where no pack has them, and where what they lean on is", async () => {
    const { pack, base, next } = deltaPack();
    const places = placesOf("one", await readDirectory(sourceOf(pack)));
    places.delete(chunkIdOf(base));
    const { packed } = reading(pack, places);
    for (const chunk of [base, next]) {
      await expect(packed.read(chunkIdOf(chunk))).rejects.toThrow(ChunkMissing);
    }
  });

  it("are damaged where a bit of their frame is another", async () => {
    const spoilt = Buffer.from(PACK.pack);
    const [first] = PACK.frames;
    const at = (first?.at ?? 0) + 60;
    spoilt[at] = (spoilt[at] ?? 0) ^ 1;
    const { packed } = reading(spoilt, placesOf("one", PACK.frames));
    const [chunk = new Uint8Array(0)] = CHUNKS;
    const failure = packed.read(chunkIdOf(chunk));
    await expect(failure).rejects.toThrow(ChunkDamaged);
    await expect(failure).rejects.toMatchObject({ id: chunkIdOf(chunk), pack: "one" });
  });

  it.each([
    ["in another place", { slot: 1 }],
    ["in no place", { slot: 9999 }],
    ["of another depth", { depth: 1 }],
    ["in a frame of another size", { frameBytes: 100 }],
  ])("are damaged where the index has them %s", async (_, change) => {
    const places = placesOf("one", PACK.frames);
    const [chunk = new Uint8Array(0)] = CHUNKS;
    const id = chunkIdOf(chunk);
    const place = places.get(id);
    if (place === undefined) throw new Error("not in the pack");
    places.set(id, { ...place, ...change });
    await expect(reading(PACK.pack, places).packed.read(id)).rejects.toThrow(ChunkDamaged);
  });

  it("are damaged where frames lean on each other in a circle", async () => {
    const { pack, base, next } = deltaPack();
    const places = placesOf("one", await readDirectory(sourceOf(pack)));
    const place = places.get(chunkIdOf(next));
    if (place === undefined) throw new Error("not in the pack");
    places.set(chunkIdOf(base), place);
    const { packed } = reading(pack, places);
    await expect(packed.read(chunkIdOf(next))).rejects.toThrow(ChunkDamaged);
  });

  it("come from another place where one is damaged, which is told", async () => {
    const [chunk = new Uint8Array(0)] = CHUNKS;
    const id = chunkIdOf(chunk);
    const place = placesOf("one", PACK.frames).get(id);
    if (place === undefined) throw new Error("not in the pack");
    const damaged: string[] = [];
    const packed = new PackedChunks({
      find: () => [
        { ...place, pack: "bad" },
        { ...place, pack: "good" },
      ],
      open: async (pack) => sourceOf(pack === "bad" ? Buffer.alloc(PACK.pack.length) : PACK.pack),
      onDamaged: ({ pack, at }) => damaged.push(`${pack}:${at}`),
      keptBytes: 0,
    });
    expect(Buffer.from(await packed.read(id)).equals(chunk)).toBe(true);
    expect(damaged).toEqual([`bad:${place.at}`]);
  });

  it("are not called damaged where a frame is only too deep to lean on", async () => {
    const { pack, base, next } = deltaPack();
    const places = placesOf("one", await readDirectory(sourceOf(pack)));
    const inBase = places.get(chunkIdOf(base));
    const inNext = places.get(chunkIdOf(next));
    if (inBase === undefined || inNext === undefined) throw new Error("not in the pack");
    const damaged: number[] = [];
    const packed = new PackedChunks({
      find: (id) => [id === chunkIdOf(base) ? { ...inBase, depth: 2 } : inNext],
      open: async () => sourceOf(pack),
      onDamaged: ({ at }) => damaged.push(at),
      keptBytes: 0,
    });
    await expect(packed.read(chunkIdOf(next))).rejects.toThrow(ChunkDamaged);
    expect(damaged).toEqual([]);
  });
});
