import fc from "fast-check";
import { expect, it } from "vitest";
import { CHUNK_ID_BYTES, type ChunkId, readChunkId } from "../../../src/chunks/chunk-id.ts";
import { ChunkSet } from "../../../src/dedup/collect/chunk-set.ts";

/** Few ids, some of which begin alike: they want the same slot. */
const id = fc
  .tuple(fc.nat(40), fc.nat(3))
  .map(([first, last]) => `${first.toString(16).padStart(8, "0")}${"0".repeat(23)}${last}`)
  .map((text) => readChunkId(Buffer.from(text, "hex")));

it("ChunkSet holds what was added, whichever ids want the same slot", () => {
  fc.assert(
    fc.property(fc.array(id), fc.array(id), (added, asked) => {
      const set = new ChunkSet();
      const model = new Set<ChunkId>();
      for (const one of added) {
        expect(set.add(one)).toBe(!model.has(one));
        model.add(one);
      }
      expect(set.size).toBe(model.size);
      for (const one of asked) expect(set.has(one)).toBe(model.has(one));
    }),
  );
});

it("ChunkSet grows, and takes many ids at once", () => {
  const ids = Buffer.alloc(20_000 * CHUNK_ID_BYTES);
  for (let index = 0; index < 20_000; index += 1) {
    ids.writeUInt32BE(Math.imul(index, 2_654_435_761) >>> 0, index * CHUNK_ID_BYTES);
    ids.writeUInt32BE(index, index * CHUNK_ID_BYTES + 12);
  }
  const set = new ChunkSet();
  set.addAll(ids);
  set.addAll(ids.subarray(0, 1600));
  expect(set.size).toBe(20_000);
  for (let at = 0; at < ids.length; at += CHUNK_ID_BYTES) {
    expect(set.has(readChunkId(ids.subarray(at, at + CHUNK_ID_BYTES)))).toBe(true);
  }
  expect(set.has(readChunkId(Buffer.alloc(CHUNK_ID_BYTES, 7)))).toBe(false);
});
