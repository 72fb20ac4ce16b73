import { describe, expect, it, test } from "vitest";
import { chunkIdBytes, chunkIdOf, readChunkId } from "../../../src/chunks/chunk-id.ts";
import { encodeFrame, frameBytes, readFrame } from "../../../src/chunks/packs/frame.ts";
import { PackError } from "../../../src/chunks/packs/pack-error.ts";
import { chunksOf, readDirectory, readFrameAt } from "../../../src/chunks/packs/read-pack.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { deltaPack, packOf, SETTINGS, someChunks, sourceOf } from "./pack-in-memory.ts";

/** Every chunk of a pack, in order. */
async function allChunks(pack: Buffer): Promise<Uint8Array[]> {
  const source = sourceOf(pack);
  const chunks: Uint8Array[] = [];
  for (const frame of await readDirectory(source)) {
    const read = await readFrameAt(source, frame);
    chunks.push(...chunksOf(read, frame.chunks, undefined).map(({ bytes }) => bytes));
  }
  return chunks;
}

describe("a pack", () => {
  it("gives back its chunks, found by their ids", async () => {
    const chunks = someChunks(60);
    const { pack, frames } = packOf(chunks);
    expect(frames.length).toBeGreaterThan(4);
    expect(await readDirectory(sourceOf(pack))).toEqual(frames);
    expect(frames.flatMap((frame) => frame.chunks.map(({ id }) => id))).toEqual(
      chunks.map((chunk) => chunkIdOf(chunk)),
    );
    const read = await allChunks(pack);
    expect(read.map((bytes) => Buffer.from(bytes))).toEqual(chunks.map((one) => Buffer.from(one)));
  });

  it("may be empty", async () => {
    expect(await readDirectory(sourceOf(packOf([]).pack))).toEqual([]);
  });

  it("has frames of no more than they are to have, and one chunk", () => {
    const { frames } = packOf(someChunks(60));
    const raw = frames.map(({ chunks }) => chunks.reduce((sum, one) => sum + one.sizeBytes, 0));
    expect(Math.max(...raw)).toBeLessThan(SETTINGS.frameBytes + 60_000);
  });

  it("is no pack wherever it is cut", async () => {
    const { pack } = packOf(someChunks(5));
    const random = new SeededRandom(2);
    for (const end of [
      0,
      1,
      27,
      28,
      pack.length - 1,
      ...Array.from({ length: 50 }, () => random.below(pack.length)),
    ]) {
      await expect(readDirectory(sourceOf(pack.subarray(0, end)))).rejects.toThrow(PackError);
    }
  });

  it("never gives other bytes, whichever of its bits is flipped", async () => {
    const chunks = someChunks(4, 9);
    const { pack } = packOf(chunks);
    const random = new SeededRandom(7);
    const outcomes = new Set<string>();
    for (let trial = 0; trial < 400; trial++) {
      const spoilt = Buffer.from(pack);
      const at = random.oneIn(2) ? random.below(pack.length) : pack.length - 1 - random.below(120);
      spoilt[at] = (spoilt[at] ?? 0) ^ (1 << random.below(8));
      outcomes.add(await outcomeOf(spoilt, chunks));
    }
    expect(outcomes).toContain("refused");
    expect(outcomes).not.toContain("other");
  });
});

/** The first eight bytes are nobody's concern. */
async function outcomeOf(pack: Buffer, chunks: readonly Uint8Array[]): Promise<string> {
  try {
    const read = await allChunks(pack);
    return Buffer.concat(read).equals(Buffer.concat(chunks)) ? "same" : "other";
  } catch (error) {
    if (error instanceof PackError) return "refused";
    throw error;
  }
}

describe("a delta frame", () => {
  it("is small, names what it leans on, and comes back with it", async () => {
    const { pack, base, next } = deltaPack();
    const source = sourceOf(pack);
    const [, frame] = await readDirectory(source);
    if (frame === undefined) throw new Error("no second frame");
    expect(frame.sizeBytes).toBeLessThan(500);
    expect(frame.depth).toBe(1);
    const read = await readFrameAt(source, frame);
    expect(read.dictionaryIds).toEqual([chunkIdOf(base)]);
    const [chunk] = chunksOf(read, frame.chunks, base);
    expect(Buffer.from(chunk?.bytes ?? []).equals(next)).toBe(true);
  });

  it("gives no other bytes with another dictionary", async () => {
    const { pack, base } = deltaPack();
    const source = sourceOf(pack);
    const [, frame] = await readDirectory(source);
    if (frame === undefined) throw new Error("no second frame");
    const read = await readFrameAt(source, frame);
    const other = Buffer.from(base);
    other[1000] = (other[1000] ?? 0) ^ 1;
    expect(() => chunksOf(read, frame.chunks, other)).toThrow(PackError);
    expect(() => chunksOf(read, frame.chunks, undefined)).toThrow(PackError);
    expect(() => chunksOf(read, frame.chunks, base.subarray(1))).toThrow(PackError);
  });

  it("reaches over all of a large dictionary", () => {
    const random = new SeededRandom(4);
    const dictionary = Uint8Array.from({ length: 9_000_000 }, () => random.below(256));
    const raw = dictionary.subarray(100, 250_100);
    const frame = encodeFrame({
      raw,
      sizes: [raw.length],
      level: 12,
      delta: { ids: [chunkIdOf(dictionary)], dictionary, depth: 1 },
    });
    expect(frame.length).toBeLessThan(1000);
  });
});

describe("a frame", () => {
  const raw = Buffer.from("some bytes, and some bytes more");
  const frame = encodeFrame({ raw, sizes: [10, raw.length - 10], level: 3 });

  it("tells its own size from its first bytes", () => {
    expect(frameBytes(frame.subarray(0, 16))).toBe(frame.length);
  });

  test.each([
    ["nothing", Buffer.alloc(0), "a frame ends early"],
    ["another magic number", Buffer.from("not a frame at all"), "there is no frame"],
    ["a cut frame", frame.subarray(0, -1), "longer or shorter"],
    ["a frame and more", Buffer.concat([frame, Buffer.alloc(1)]), "longer or shorter"],
  ])("is refused when it is %s", (_, bytes, text) => {
    expect(() => readFrame(bytes)).toThrow(PackError);
    expect(() => readFrame(bytes)).toThrow(text);
  });

  it("is refused when it says it is larger than any", () => {
    const huge = Buffer.from(frame);
    huge.writeUInt32LE(0xffff_ffff, 8);
    expect(() => frameBytes(huge)).toThrow("larger than any");
  });
});

test("a chunk's id can be written and read", () => {
  const id = chunkIdOf(Buffer.from("abc"));
  // FIPS 180-4, the example of one block.
  expect(id).toBe("ba7816bf8f01cfea414140de5dae2223");
  expect(readChunkId(chunkIdBytes(id))).toBe(id);
  expect(() => readChunkId(Buffer.alloc(15))).toThrow(TypeError);
});
