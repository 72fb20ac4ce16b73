import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { BlobChunker, type ChunkedBlob } from "../../../src/chunks/blob/blob-chunker.ts";
import { makeBlob } from "../../../src/chunks/blob/make-blob.ts";
import type { ChunkId } from "../../../src/chunks/chunk-id.ts";
import {
  type BlobRecipe,
  decodeBlobRecipe,
  encodeBlobRecipe,
} from "../../../src/chunks/recipe/blob-recipe.ts";
import { BlobRecipeError } from "../../../src/chunks/recipe/blob-recipe-error.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { encodeLike } from "../../recompress/zstd-codec/encode-like.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { ZSTD_ENGINES } from "../../../src/recompress/zstd/zstd-engines.ts";

type Chunks = Map<ChunkId, Uint8Array>;

function chunk(blob: Uint8Array, chunks: Chunks, asItIs = false): ChunkedBlob {
  const random = new SeededRandom(blob.length);
  const onChunk = (id: ChunkId, bytes: Uint8Array): void => void chunks.set(id, bytes.slice());
  const chunker = new BlobChunker({ asItIs, onChunk });
  for (let at = 0; at < blob.length;) {
    const size = random.between(1, 300_000);
    if (!chunker.write(blob.subarray(at, at + size))) break;
    at += size;
  }
  return chunker.end();
}

/** Written and read again. */
function recipeOf(blob: ChunkedBlob): BlobRecipe {
  if (blob.kind !== "chunked") throw new Error(`it is ${blob.kind}`);
  return decodeBlobRecipe(encodeBlobRecipe(blob.recipe));
}

async function make(recipe: BlobRecipe, chunks: Chunks): Promise<Buffer> {
  const read = async (id: ChunkId): Promise<Uint8Array> => chunks.get(id) ?? Buffer.alloc(0);
  return Buffer.concat(await Array.fromAsync(makeBlob(recipe, { read })));
}

const LAYER = plainLayer({ seed: 21, sizeBytes: 2_000_000 });
const NEXT = Buffer.concat([
  plainLayer({ seed: 22, sizeBytes: 100_000 }).subarray(0, -1024),
  LAYER,
]);
const [DEFAULT] = ZSTD_ENGINES;
if (DEFAULT === undefined) throw new Error("no engines");
const ZSTD = encodeLike(LAYER, { engine: DEFAULT });
/** Node's zlib: its own choices cost a little. */
const GZIP = gzipSync(LAYER, { level: 6 });

describe("a blob", () => {
  it.each([
    ["a gzip layer", GZIP, true],
    ["a zstd layer", ZSTD, true],
    ["a plain tar", LAYER, false],
    ["no tar at all", Buffer.from("{}"), false],
    ["three bytes", Buffer.from("abc"), false],
    ["nothing", Buffer.alloc(0), false],
  ] as const)("that is %s comes back bit for bit", async (_, blob, hasStream) => {
    const chunks: Chunks = new Map();
    const recipe = recipeOf(chunk(blob, chunks));
    expect(recipe.stream !== undefined).toBe(hasStream);
    expect(recipe).toMatchObject({ digest: digestOf(blob), blobBytes: blob.length });
    expect((await make(recipe, chunks)).equals(blob)).toBe(true);
  });

  it("shares the chunks of its files with one that was compressed otherwise, and with the next build", () => {
    const chunks: Chunks = new Map();
    chunk(GZIP, chunks);
    const { size } = chunks;
    expect(size).toBeGreaterThan(20);
    for (const same of [ZSTD, LAYER]) chunk(same, chunks);
    expect(chunks.size).toBe(size);
    chunk(gzipSync(NEXT), chunks);
    expect(chunks.size).toBeGreaterThan(size);
    expect(chunks.size).toBeLessThan(size + 30);
  });

  it("whose compression cannot be taken off says why, and is chunked as it is", async () => {
    const broken = Buffer.concat([GZIP.subarray(0, 100_000), Buffer.from("something else")]);
    const chunks: Chunks = new Map();
    expect(chunk(broken, chunks)).toMatchObject({ kind: "raw", reason: { kind: "broken" } });
    chunks.clear();
    const recipe = recipeOf(chunk(broken, chunks, true));
    expect(recipe.stream).toBeUndefined();
    expect((await make(recipe, chunks)).equals(broken)).toBe(true);
  });
});

describe("making a blob fails with", () => {
  const chunks: Chunks = new Map();
  const recipe = recipeOf(chunk(GZIP, chunks));

  it.each([
    ["a stream's recipe that is none", { stream: Buffer.from("BRCP?") }, "compression cannot"],
    ["another size", { blobBytes: GZIP.length - 1 }, "another size"],
    ["a larger size", { blobBytes: GZIP.length + 1 }, "another size"],
  ])("%s", async (_, change, text) => {
    await expect(make({ ...recipe, ...change }, chunks)).rejects.toThrow(text);
    await expect(make({ ...recipe, ...change }, chunks)).rejects.toThrow(BlobRecipeError);
  });

  it("what the source fails with", async () => {
    const read = (): Promise<Uint8Array> => Promise.reject(new Error("no such pack"));
    await expect(Array.fromAsync(makeBlob(recipe, { read }))).rejects.toThrow("no such pack");
  });
});
