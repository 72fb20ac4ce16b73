/** What must hold for any plain bytes, any pack and any recipe of a blob. */
import { crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { ChunkId } from "../../../src/chunks/chunk-id.ts";
import { PackError } from "../../../src/chunks/packs/pack-error.ts";
import { TRAILER_BYTES } from "../../../src/chunks/packs/pack-directory.ts";
import { chunksOf, readDirectory, readFrameAt } from "../../../src/chunks/packs/read-pack.ts";
import { makePlain } from "../../../src/chunks/plain/make-plain.ts";
import { PlainChunker } from "../../../src/chunks/plain/plain-chunker.ts";
import { BlobRecipeError } from "../../../src/chunks/recipe/blob-recipe-error.ts";
import {
  type BlobRecipe,
  decodeBlobRecipe,
  encodeBlobRecipe,
} from "../../../src/chunks/recipe/blob-recipe.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { mutate } from "../../recompress/fuzz/mutations.ts";
import { packOf, someChunks, sourceOf } from "../packs/pack-in-memory.ts";
import { type LeaningSamples, leaningSamples, tryLeaning } from "./leaning-trials.ts";
import {
  type GzipSample,
  gzipSample,
  tryLeaningOn,
  tryMaking,
  withSpoiltStream,
} from "./recipe-trials.ts";

const LAYER_BYTES = 150_000;
const MOST_PIECE_BYTES = 70_000;
/** Where the checksum stands in a blob's recipe, and what it covers begins. */
const RECIPE_CHECKSUM_AT = 5;
const RECIPE_CHECKED_AT = 9;

type Chunks = Map<ChunkId, Uint8Array>;

/** What trials spoil. */
export interface ChunkSamples {
  readonly layer: Uint8Array;
  readonly chunks: Chunks;
  readonly recipe: Buffer;
  readonly pack: Buffer;
  /** Of the pack, in order. */
  readonly packed: Buffer;
  readonly leaning: LeaningSamples;
  readonly gzip: GzipSample;
}

class TrialFailed extends Error {
  readonly kind = "trial-failed";
}

export async function chunkSamples(): Promise<ChunkSamples> {
  const layer = plainLayer({ seed: 31, sizeBytes: LAYER_BYTES });
  const chunks: Chunks = new Map();
  const chunked = chunk(layer, chunks, new SeededRandom(1));
  const recipe = encodeBlobRecipe({
    digest: digestOf(layer),
    blobBytes: layer.length,
    stream: undefined,
    ...chunked,
  });
  const packed = someChunks(8);
  return {
    layer,
    chunks,
    recipe,
    pack: packOf(packed).pack,
    packed: Buffer.concat(packed),
    leaning: await leaningSamples(),
    gzip: gzipSample(layer),
  };
}

const TRIALS = {
  tar: tryTar,
  recipe: tryRecipe,
  pack: tryPack,
  "leaning packs": ({ leaning }, random) => tryLeaning(leaning, random),
  "gzip recipe": tryGzip,
  base: tryBase,
} as const satisfies Record<
  string,
  (samples: ChunkSamples, random: SeededRandom) => Promise<string>
>;
const KINDS = ["tar", "recipe", "pack", "leaning packs", "gzip recipe", "base"] as const;

/** One trial. @throws {Error} that names the seed, when it ended as it may not. */
export async function runChunkTrial(samples: ChunkSamples, seed: number): Promise<string> {
  const random = new SeededRandom(seed);
  const what = random.pick(KINDS);
  try {
    return `${what} ${await TRIALS[what](samples, random)}`;
  } catch (cause) {
    throw new Error(`${what} with seed ${seed}`, { cause });
  }
}

/** Whatever the plain bytes are, they come back. */
async function tryTar({ layer }: ChunkSamples, random: SeededRandom): Promise<string> {
  const plain = mutate(layer, random);
  const chunks: Chunks = new Map();
  const chunked = chunk(plain, chunks, random);
  const read = async (id: ChunkId): Promise<Uint8Array> => chunks.get(id) ?? new Uint8Array(0);
  const made = Buffer.concat(await Array.fromAsync(makePlain(chunked, { read }), copy));
  if (!made.equals(plain)) throw new TrialFailed("other bytes came back");
  return "same bytes";
}

/** Other bytes may come of it, as many as it says at most; the digest shows those. */
async function tryRecipe(
  { recipe, chunks, layer }: ChunkSamples,
  random: SeededRandom,
): Promise<string> {
  const spoilt = random.oneIn(4)
    ? Buffer.from(mutate(recipe, random))
    : withChecksum(random.oneIn(4) ? mutate(recipe, random) : spoilTable(recipe, random));
  const any = [...chunks.values()];
  const read = async (id: ChunkId): Promise<Uint8Array> => chunks.get(id) ?? random.pick(any);
  try {
    const told = decodeBlobRecipe(spoilt);
    let sizeBytes = 0;
    const pieces: Buffer[] = [];
    for await (const piece of makePlain(told, { read })) {
      sizeBytes += piece.length;
      if (sizeBytes > told.plainBytes) throw new TrialFailed("more bytes than it says");
      if (sizeBytes <= 2 * LAYER_BYTES) pieces.push(copy(piece));
      else return "many bytes";
    }
    return Buffer.concat(pieces).equals(layer) ? "same bytes" : "other bytes";
  } catch (error) {
    if (error instanceof BlobRecipeError) return "refused";
    throw error;
  }
}

async function tryGzip({ gzip }: ChunkSamples, random: SeededRandom): Promise<string> {
  const spoilt = random.oneIn(3)
    ? withChecksum(spoilTable(encodeBlobRecipe(gzip.recipe), random))
    : withSpoiltStream(gzip, random);
  const told = decoded(spoilt);
  return told === undefined ? "refused" : await tryMaking(told, gzip, random);
}

async function tryBase({ recipe }: ChunkSamples, random: SeededRandom): Promise<string> {
  const told = decoded(random.oneIn(4) ? recipe : withChecksum(spoilTable(recipe, random)));
  return told === undefined ? "refused" : tryLeaningOn(told, random);
}

function decoded(stored: Buffer): BlobRecipe | undefined {
  try {
    return decodeBlobRecipe(stored);
  } catch (error) {
    if (error instanceof BlobRecipeError) return undefined;
    throw error;
  }
}

/** What is compressed would otherwise hardly ever be looked at. */
function spoilTable(recipe: Buffer, random: SeededRandom): Buffer {
  const tableAt = RECIPE_CHECKED_AT + 4;
  const tableEnd = tableAt + recipe.readUInt32LE(RECIPE_CHECKED_AT);
  const table = mutate(zstdDecompressSync(recipe.subarray(tableAt, tableEnd)), random);
  const packed = zstdCompressSync(table);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(packed.length);
  const start = recipe.subarray(0, RECIPE_CHECKED_AT);
  return Buffer.concat([start, size, packed, recipe.subarray(tableEnd)]);
}

function withChecksum(bytes: Uint8Array): Buffer {
  const checked = Buffer.from(bytes);
  if (checked.length <= RECIPE_CHECKED_AT) return checked;
  checked.writeUInt32LE(crc32(checked.subarray(RECIPE_CHECKED_AT)), RECIPE_CHECKSUM_AT);
  return checked;
}

/** No other chunk ever comes out under a chunk's name. */
async function tryPack({ pack, packed }: ChunkSamples, random: SeededRandom): Promise<string> {
  const spoilt = Buffer.from(mutate(pack, random));
  if (random.oneIn(2)) mendDirectory(spoilt);
  const source = sourceOf(spoilt);
  const found: Uint8Array[] = [];
  try {
    for (const frame of await readDirectory(source)) {
      const read = await readFrameAt(source, frame);
      found.push(...chunksOf(read, frame.chunks, undefined).map(({ bytes }) => bytes));
    }
  } catch (error) {
    if (error instanceof PackError) return "refused";
    throw error;
  }
  return Buffer.concat(found).equals(packed) ? "same bytes" : "fewer chunks";
}

/** So that what it says is looked at, and not its checksum alone. */
function mendDirectory(pack: Buffer): void {
  const trailerAt = pack.length - TRAILER_BYTES;
  if (trailerAt < 0) return;
  const at = Number(pack.readBigUInt64LE(trailerAt));
  if (at < trailerAt) pack.writeUInt32LE(crc32(pack.subarray(at, trailerAt)), trailerAt + 8);
}

function chunk(
  plain: Uint8Array,
  chunks: Chunks,
  random: SeededRandom,
): ReturnType<PlainChunker["end"]> {
  const chunker = new PlainChunker((id, bytes) => chunks.set(id, bytes.slice()));
  for (let at = 0; at < plain.length;) {
    const size = random.between(1, MOST_PIECE_BYTES);
    chunker.write(plain.subarray(at, at + size));
    at += size;
  }
  return chunker.end();
}

function copy(piece: Uint8Array): Buffer {
  return Buffer.from(piece);
}
