import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ChunkCollector } from "../../../src/chunks/cut/chunk-collector.ts";
import {
  LARGEST_CHUNK_BYTES,
  SMALLEST_CHUNK_BYTES,
} from "../../../src/chunks/cut/content-cutter.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

function randomBytes(sizeBytes: number, seed: number): Uint8Array {
  const random = new SeededRandom(seed);
  return Uint8Array.from({ length: sizeBytes }, () => random.below(256));
}

/** @param mostBytes of the pieces that bodies come in */
function chunksOf(bodies: readonly Uint8Array[], mostBytes = Infinity): Uint8Array[] {
  const random = new SeededRandom(bodies.length);
  const chunks: Uint8Array[] = [];
  const collector = new ChunkCollector((chunk) => chunks.push(chunk.slice()));
  for (const body of bodies) {
    for (let at = 0; at < body.length;) {
      const size = mostBytes === Infinity ? body.length : 1 + random.lowBelow(mostBytes);
      collector.write(body.subarray(at, at + size));
      at += size;
    }
    collector.end();
  }
  return chunks;
}

function sizes(chunks: readonly Uint8Array[]): number[] {
  return chunks.map(({ length }) => length);
}

const BODY = randomBytes(3_000_000, 1);

describe("a body", () => {
  it("is cut into chunks that are its bytes", () => {
    expect(Buffer.concat(chunksOf([BODY])).equals(BODY)).toBe(true);
  });

  it("is cut alike, however it comes", () => {
    const whole = sizes(chunksOf([BODY]));
    expect(whole.length).toBeGreaterThan(20);
    for (const most of [100, 40_000, 1_000_000])
      expect(sizes(chunksOf([BODY], most))).toEqual(whole);
  });

  it("is one chunk up to the smallest size, and none when it is empty", () => {
    const small = BODY.subarray(0, SMALLEST_CHUNK_BYTES);
    expect(sizes(chunksOf([small, new Uint8Array(0), BODY.subarray(0, 1)]))).toEqual([
      SMALLEST_CHUNK_BYTES,
      1,
    ]);
  });

  it("has chunks between the bounds, near the usual size", () => {
    const all = sizes(chunksOf([BODY])).slice(0, -1);
    expect(Math.min(...all)).toBeGreaterThan(SMALLEST_CHUNK_BYTES);
    expect(Math.max(...all)).toBeLessThanOrEqual(LARGEST_CHUNK_BYTES);
    const mean = all.reduce((sum, size) => sum + size, 0) / all.length;
    expect(mean).toBeGreaterThan(50_000);
    expect(mean).toBeLessThan(100_000);
  });

  it("is cut at the largest size where its content says nothing", () => {
    expect(sizes(chunksOf([new Uint8Array(600_000)], 70_000))).toEqual([
      LARGEST_CHUNK_BYTES,
      LARGEST_CHUNK_BYTES,
      600_000 - 2 * LARGEST_CHUNK_BYTES,
    ]);
  });

  it("keeps the cuts behind bytes that were put in", () => {
    const changed = Buffer.concat([
      BODY.subarray(0, 1_000_000),
      randomBytes(777, 5),
      BODY.subarray(1_000_000),
    ]);
    const before = new Set(chunksOf([BODY]).map((chunk) => Buffer.from(chunk).toString("latin1")));
    const after = chunksOf([changed]);
    const fresh = after.filter((chunk) => !before.has(Buffer.from(chunk).toString("latin1")));
    expect(fresh.length).toBeGreaterThan(0);
    expect(fresh.length).toBeLessThanOrEqual(3);
  });

  it("is cut alike whatever came before it", () => {
    const alone = sizes(chunksOf([BODY]));
    const behind = sizes(chunksOf([randomBytes(200_001, 3), BODY]));
    expect(behind.slice(-alone.length)).toEqual(alone);
  });
});

it("the cuts are a promise", () => {
  const digest = createHash("sha256");
  for (const size of sizes(chunksOf([BODY]))) digest.update(`${size}\n`);
  expect(digest.digest("hex")).toBe(
    "a26e60cb0c07309369c8794b85fff7b3e3b7791ce2a7700eb833c17592ce93c1",
  );
});
