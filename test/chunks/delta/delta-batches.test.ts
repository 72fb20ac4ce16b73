import { describe, expect, it } from "vitest";
import { type ChunkId, chunkIdOf } from "../../../src/chunks/chunk-id.ts";
import { filesOf, placesOf } from "../../../src/chunks/delta/chunked-files.ts";
import { DeltaBase } from "../../../src/chunks/delta/delta-base.ts";
import {
  type DeltaBatch,
  DeltaBatches,
  type DeltaLimits,
  USUAL_DELTA_LIMITS,
} from "../../../src/chunks/delta/delta-batches.ts";
import type { ChunkPlace } from "../../../src/chunks/index/chunk-index.ts";
import { LARGEST_DICTIONARY_BYTES, LARGEST_FRAME_BYTES } from "../../../src/chunks/packs/frame.ts";
import type { PlacedFrame } from "../../../src/chunks/packs/pack-directory.ts";
import { PackWriter } from "../../../src/chunks/packs/pack-writer.ts";
import { PackedChunks } from "../../../src/chunks/packs/packed-chunks.ts";
import { makePlain } from "../../../src/chunks/plain/make-plain.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { type Chunked, chunk, noise, revised, tarOf } from "./made-versions.ts";

const MEBIBYTE = 1024 * 1024;

/** Cuts into batches whatever of `target` is not in `base`. */
function batchesOf(
  target: Chunked,
  base: Chunked,
  { limits, isUsable }: { limits?: DeltaLimits; isUsable?: (id: ChunkId) => boolean } = {},
): readonly DeltaBatch[] {
  const deltaBase = new DeltaBase(base.chunked, isUsable ?? (() => true));
  const batches = new DeltaBatches(deltaBase, limits);
  const made: (DeltaBatch | undefined)[] = [];
  const seen = new Set<ChunkId>(base.bytes.keys());
  for (const [index, { name: file, offset }] of [...placesOf(target.chunked)].entries()) {
    const { id } = target.chunked.chunks.at(index);
    if (seen.has(id)) continue;
    seen.add(id);
    const bytes = Uint8Array.from(target.bytes.get(id) ?? []);
    made.push(batches.add({ id, bytes, file, offset }));
    // The memory is used again.
    bytes.fill(0);
  }
  return [...made, batches.end()].filter((batch) => batch !== undefined);
}

function sumOf(parts: readonly { readonly sizeBytes: number }[]): number {
  return parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function idsOf(batches: readonly DeltaBatch[]): readonly ChunkId[] {
  return batches.flatMap(({ chunks }) => chunks.map(({ id }) => id));
}

function rawOf({ chunks }: DeltaBatch): number {
  return chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

const OLD = plainLayer({ seed: 21, sizeBytes: 4 * MEBIBYTE });
const BASE = chunk(OLD);
/** All files differ a bit, and one is new. */
const NEW = newerLayer();
const TARGET = chunk(NEW);

function newerLayer(): Buffer {
  const files: Record<string, Buffer> = {};
  for (const { name, firstChunk, chunkCount } of filesOf(BASE.chunked)) {
    const ids = BASE.ids.slice(firstChunk, firstChunk + chunkCount);
    const short = name.slice(-90);
    files[short] = revised(Buffer.concat(ids.map((id) => BASE.bytes.get(id) ?? noise(1, 1))));
  }
  return tarOf({ ...files, "brand-new": noise(200_000, 22) });
}

describe("batches", () => {
  it("have every chunk that is missing once, in order, with its bytes", () => {
    const chunks = batchesOf(TARGET, BASE).flatMap((batch) => batch.chunks);
    const missing = [...new Set(TARGET.ids)].filter((id) => !BASE.bytes.has(id));
    expect(missing.length).toBeGreaterThan(50);
    expect(chunks.map(({ id }) => id)).toEqual(missing);
    for (const { id, bytes } of chunks) expect(chunkIdOf(bytes)).toBe(id);
  });

  it("lean on something from their first chunk on", () => {
    const batches = batchesOf(TARGET, BASE, {
      limits: { batchBytes: 1, dictionaryBytes: MEBIBYTE },
    });
    const free = batches.filter(({ dictionary }) => dictionary.length === 0);
    expect(Buffer.concat(free.flatMap(({ chunks }) => chunks.map(({ bytes }) => bytes)))).toEqual(
      noise(200_000, 22),
    );
  });

  it("are none where nothing is missing", () => {
    expect(batchesOf(BASE, BASE)).toEqual([]);
  });

  it.each([
    { batchBytes: MEBIBYTE, dictionaryBytes: 32 * MEBIBYTE },
    { batchBytes: 8 * MEBIBYTE, dictionaryBytes: 600_000 },
    { batchBytes: 100_000, dictionaryBytes: 100_000 },
    { batchBytes: 1, dictionaryBytes: 1 },
  ])("are no larger than they may be: %j", (limits) => {
    const batches = batchesOf(TARGET, BASE, { limits });
    expect(batches.length).toBeGreaterThan(2);
    for (const batch of batches) {
      const isAlone = batch.chunks.length === 1;
      expect(isAlone || rawOf(batch) <= limits.batchBytes).toBe(true);
      expect(sumOf(batch.dictionary)).toBeLessThanOrEqual(limits.dictionaryBytes);
    }
    expect(idsOf(batches)).toEqual(idsOf(batchesOf(TARGET, BASE)));
  });

  it("are nearly as large as they may be", () => {
    const limits = { batchBytes: MEBIBYTE, dictionaryBytes: 32 * MEBIBYTE };
    for (const batch of batchesOf(TARGET, BASE, { limits }).slice(0, -1)) {
      expect(rawOf(batch)).toBeGreaterThan(MEBIBYTE - 256 * 1024);
    }
  });

  it("lean on nothing where the base has nothing like them", () => {
    const target = chunk(tarOf({ "one/new": noise(300_000, 5), "two/new": "text" }));
    expect(batchesOf(target, BASE)).toMatchObject([{ dictionary: [] }]);
  });

  it("keep to what frames can have", () => {
    expect(USUAL_DELTA_LIMITS.batchBytes).toBeLessThanOrEqual(LARGEST_FRAME_BYTES);
    expect(USUAL_DELTA_LIMITS.dictionaryBytes).toBeLessThanOrEqual(LARGEST_DICTIONARY_BYTES);
  });
});

type Places = Map<ChunkId, ChunkPlace>;

/** Packs of two versions, the second one's made of `batches`. */
class TwoPacks {
  readonly places: Places = new Map();
  readonly #packs = new Map<string, Buffer>();

  put(name: string, write: (writer: PackWriter) => void): number {
    const pieces: Uint8Array[] = [];
    const settings = { frameBytes: LARGEST_FRAME_BYTES, level: 12 };
    const writer = new PackWriter(settings, (bytes) => pieces.push(bytes));
    write(writer);
    this.#index(name, writer.end());
    const pack = Buffer.concat(pieces);
    this.#packs.set(name, pack);
    return pack.length;
  }

  source(): PackedChunks {
    return new PackedChunks({
      find: (id) => {
        const place = this.places.get(id);
        return place === undefined ? [] : [place];
      },
      open: async (name) => ({
        read: async (at, sizeBytes) =>
          this.#packs.get(name)?.subarray(at, at + sizeBytes) ?? Buffer.alloc(0),
      }),
      keptBytes: 4 * MEBIBYTE,
    });
  }

  #index(pack: string, frames: readonly PlacedFrame[]): void {
    for (const { at, sizeBytes: frameBytes, depth, chunks } of frames) {
      for (const [slot, { id, sizeBytes }] of chunks.entries()) {
        this.places.set(id, { pack, at, frameBytes, depth, slot, sizeBytes });
      }
    }
  }
}

function writeBatches(writer: PackWriter, batches: readonly DeltaBatch[], base?: Chunked): void {
  for (const { chunks, dictionary } of batches) {
    for (const { bytes } of chunks) writer.add(bytes);
    const ids = dictionary.map(({ id }) => id);
    const pieces = ids.map((id) => base?.bytes.get(id) ?? new Uint8Array(0));
    const isDelta = base !== undefined && ids.length > 0;
    writer.flush(isDelta ? { ids, dictionary: Buffer.concat(pieces), depth: 1 } : undefined);
  }
}

async function plainOf({ chunked }: Chunked, source: PackedChunks): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of makePlain(chunked, source)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe("packs with deltas", () => {
  const limits = { batchBytes: 2 * MEBIBYTE, dictionaryBytes: 4 * MEBIBYTE };

  function firstPack(packs: TwoPacks): void {
    packs.put("old", (writer) => {
      for (const bytes of BASE.bytes.values()) writer.add(bytes);
    });
  }

  it("give both versions back bit for bit, and are much smaller than those without", async () => {
    const packs = new TwoPacks();
    firstPack(packs);
    const batches = batchesOf(TARGET, BASE, { limits });
    const without = new TwoPacks().put("new", (writer) => writeBatches(writer, batches));
    const sizeBytes = packs.put("new", (writer) => writeBatches(writer, batches, BASE));
    const source = packs.source();
    expect((await plainOf(BASE, source)).equals(OLD)).toBe(true);
    expect((await plainOf(TARGET, source)).equals(NEW)).toBe(true);
    // What is new is noise, which nothing makes smaller.
    expect(sizeBytes - 200_000).toBeLessThan((without - 200_000) / 10);
  });

  it("lean on nothing that is not usable", async () => {
    const packs = new TwoPacks();
    firstPack(packs);
    const droppable = BASE.ids.filter((id) => !TARGET.bytes.has(id));
    const lost = new Set(droppable.filter((_, index) => index % 2 === 0));
    const isUsable = (id: ChunkId): boolean => !lost.has(id);
    const batches = batchesOf(TARGET, BASE, { limits, isUsable });
    const leantOn = batches.flatMap(({ dictionary }) => dictionary.map(({ id }) => id));
    expect(leantOn.length).toBeGreaterThan(20);
    expect(leantOn.filter((id) => lost.has(id))).toEqual([]);
    packs.put("new", (writer) => writeBatches(writer, batches, BASE));
    for (const id of lost) packs.places.delete(id);
    expect((await plainOf(TARGET, packs.source())).equals(NEW)).toBe(true);
  });
});
