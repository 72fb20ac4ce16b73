import { describe, expect, it } from "vitest";
import { BlobRecipeError } from "../../../src/chunks/recipe/blob-recipe-error.ts";
import {
  type BlobSpan,
  makeInThreads,
  type ThreadedMaking,
} from "../../../src/dedup/threads/make-in-threads.ts";
import { planRebuild } from "../../../src/recompress/rebuild-plan.ts";
import { encodeRecipe } from "../../../src/recompress/recipe.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { gzipStream, zstdStream } from "../../recompress/rebuild-plan/streams.ts";
import { packBlob, type PackedBlob, type Sample } from "./packed-blob.ts";

const GZIP = gzipStream();
const ZSTD = zstdStream();
const PLAIN: Sample = { stream: GZIP.plain, plain: GZIP.plain, recipe: undefined };
/** Makes many pieces of the samples. */
const LEAST_PIECE_BYTES = 100_000;

describe("makeInThreads()", () => {
  it.each([
    ["gzip", GZIP, 1],
    ["gzip", GZIP, 2],
    ["gzip", GZIP, 4],
    ["zstd", ZSTD, 1],
    ["zstd", ZSTD, 3],
    ["plain", PLAIN, 2],
  ])("makes a blob of %s bytes, case %#", async (_, sample, threads) => {
    await using packed = await packBlob(sample);
    expect((await made(packed, { threads })).equals(sample.stream)).toBe(true);
  });

  it.each([
    ["gzip", GZIP],
    ["zstd", ZSTD],
    ["plain", PLAIN],
  ])("makes any stretch of a blob of %s bytes, also from a restart point on", async (_, sample) => {
    await using packed = await packBlob(sample);
    const blob = sample.stream;
    for (const span of spansOf(blob.length)) {
      const stretch = await made(packed, { span, threads: 2, leastPieceBytes: undefined });
      expect(stretch.equals(blob.subarray(span.startBytes, span.endBytes))).toBe(true);
    }
  });

  it("begins a stretch at each restart point, also where two pieces share a byte", async () => {
    await using packed = await packBlob(GZIP);
    const pieces = planRebuild(GZIP.recipe, 0);
    expect(pieces.some(({ sharesLastByte }) => sharesLastByte)).toBe(true);
    for (const { streamFrom } of pieces.slice(1, 6)) {
      const span = { startBytes: streamFrom, endBytes: streamFrom + 1000 };
      const stretch = await made(packed, { span, leastPieceBytes: undefined });
      expect(stretch.equals(GZIP.stream.subarray(span.startBytes, span.endBytes))).toBe(true);
    }
  });

  it("makes a stretch without what lies far before it", async () => {
    await using packed = await packBlob(GZIP);
    const { length } = GZIP.stream;
    packed.pack.fill(0, 0, packed.pack.length >> 1);
    const span = { startBytes: length - 100, endBytes: length };
    const stretch = await made(packed, { span, leastPieceBytes: undefined });
    expect(stretch.equals(GZIP.stream.subarray(-100))).toBe(true);
    await expect(made(packed, {})).rejects.toThrow("chunk-damaged");
  });

  it("waits for a thread when all are lent, and gives its own back", async () => {
    await using packed = await packBlob(ZSTD, { maxThreads: 1 });
    const both = await Promise.all([made(packed, { threads: 4 }), made(packed, { threads: 4 })]);
    for (const one of both) expect(one.equals(ZSTD.stream)).toBe(true);
    expect(packed.pool.tryBorrow()).toBeDefined();
  });

  it("ends with the signal's reason, before it begins and in the middle", async () => {
    await using packed = await packBlob(GZIP);
    const stop = new AbortController();
    const making = makeInThreads(taskFor(packed, { signal: stop.signal }));
    expect((await making.next()).done).toBe(false);
    const reason = new Error("enough");
    stop.abort(reason);
    await expect(Array.fromAsync(making)).rejects.toBe(reason);
    await expect(makeInThreads(taskFor(packed, { signal: stop.signal })).next()).rejects.toBe(
      reason,
    );
  });

  it("leaves threads behind that work on, when its reader wants no more", async () => {
    await using packed = await packBlob(GZIP);
    const making = makeInThreads(taskFor(packed, {}));
    await making.next();
    await making.return();
    expect((await made(packed, {})).equals(GZIP.stream)).toBe(true);
  });

  it("fails for a chunk that is damaged in its pack, and says where", async () => {
    await using packed = await packBlob(GZIP);
    const middle = packed.pack.length >> 1;
    packed.pack[middle] = (packed.pack[middle] ?? 0) ^ 1;
    await expect(made(packed, {})).rejects.toMatchObject({
      fault: { kind: "chunk-damaged", pack: "0".repeat(32) },
    });
    expect(packed.damaged.length).toBeGreaterThan(0);
  });

  it("fails for a recipe whose compression is damaged", async () => {
    await using packed = await packBlob(GZIP);
    const stream = Uint8Array.of(1, 2, 3);
    const recipe = { ...packed.recipe, stream };
    await expect(made(packed, { recipe })).rejects.toThrow(BlobRecipeError);
    const other = { ...packed.recipe, stream: encodeRecipe(ZSTD.recipe) };
    await expect(made(packed, { recipe: other })).rejects.toThrow(BlobRecipeError);
  });
});

function taskFor(packed: PackedBlob, some: Partial<ThreadedMaking>): ThreadedMaking {
  return {
    stored: packed.stored,
    recipe: packed.recipe,
    span: { startBytes: 0, endBytes: packed.recipe.blobBytes },
    pool: packed.pool,
    threads: 2,
    signal: new AbortController().signal,
    leastPieceBytes: LEAST_PIECE_BYTES,
    ...some,
  };
}

async function made(packed: PackedBlob, some: Partial<ThreadedMaking>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(makeInThreads(taskFor(packed, some))));
}

function spansOf(sizeBytes: number): readonly BlobSpan[] {
  const random = new SeededRandom(5);
  const spans = Array.from({ length: 5 }, () => {
    const startBytes = random.below(sizeBytes);
    return { startBytes, endBytes: startBytes + 1 + random.below(sizeBytes - startBytes) };
  });
  return [...spans, { startBytes: sizeBytes - 1, endBytes: sizeBytes }];
}
