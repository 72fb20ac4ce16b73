/** What must hold for recipes of blobs whose compression is put on again, and for what chunks are to lean on. */
import { gzipSync } from "node:zlib";
import { BlobChunker } from "../../../src/chunks/blob/blob-chunker.ts";
import { makeBlob } from "../../../src/chunks/blob/make-blob.ts";
import type { ChunkId } from "../../../src/chunks/chunk-id.ts";
import { filesOf } from "../../../src/chunks/delta/chunked-files.ts";
import { DeltaBase } from "../../../src/chunks/delta/delta-base.ts";
import { DeltaBatches } from "../../../src/chunks/delta/delta-batches.ts";
import { BlobRecipeError } from "../../../src/chunks/recipe/blob-recipe-error.ts";
import { type BlobRecipe, encodeBlobRecipe } from "../../../src/chunks/recipe/blob-recipe.ts";
import type { SeededRandom } from "../../fixtures/seeded-random.ts";
import { mutate } from "../../recompress/fuzz/mutations.ts";

const LIMITS = { batchBytes: 50_000, dictionaryBytes: 80_000 } as const;
const MOST_BYTES = 1_000_000;
const PIECES = 4;

export interface GzipSample {
  readonly blob: Buffer;
  readonly recipe: BlobRecipe;
  readonly chunks: ReadonlyMap<ChunkId, Uint8Array>;
}

class TrialFailed extends Error {
  readonly kind = "trial-failed";
}

export function gzipSample(layer: Uint8Array): GzipSample {
  const blob = gzipSync(layer);
  const chunks = new Map<ChunkId, Uint8Array>();
  const chunker = new BlobChunker({
    asItIs: false,
    onChunk: (id, bytes) => chunks.set(id, bytes.slice()),
  });
  chunker.write(blob);
  const chunked = chunker.end();
  if (chunked.kind !== "chunked" || chunked.recipe.stream === undefined) {
    throw new TypeError("the sample cannot be made again");
  }
  return { blob, recipe: chunked.recipe, chunks };
}

/** @returns the sample's recipe as it is stored, with another stream's recipe in it. */
export function withSpoiltStream({ recipe }: GzipSample, random: SeededRandom): Buffer {
  const stream = mutate(recipe.stream ?? new Uint8Array(0), random);
  return encodeBlobRecipe({ ...recipe, stream });
}

/** Other bytes may come of it, as many as it says; their digest shows them. */
export async function tryMaking(
  told: BlobRecipe,
  { blob, chunks }: GzipSample,
  random: SeededRandom,
): Promise<string> {
  const any = [...chunks.values()];
  const read = async (id: ChunkId): Promise<Uint8Array> => chunks.get(id) ?? random.pick(any);
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const piece of makeBlob(told, { read })) {
      sizeBytes += piece.length;
      if (sizeBytes > told.blobBytes) throw new TrialFailed("more bytes than it says");
      if (sizeBytes > MOST_BYTES) return "many bytes";
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof BlobRecipeError) return "refused";
    throw error;
  }
  return Buffer.concat(pieces).equals(blob) ? "same bytes" : "other bytes";
}

/** Each chunk is of one file, and no more is leant on than may be. */
export function tryLeaningOn(told: BlobRecipe, random: SeededRandom): string {
  try {
    const files = filesOf(told);
    let next = 0;
    for (const { firstChunk, chunkCount } of files) {
      if (firstChunk !== next || chunkCount < 1) throw new TrialFailed("a chunk is of no file");
      next += chunkCount;
    }
    if (next !== told.chunks.length) throw new TrialFailed("chunks are left over");
    const names = files.map(({ name }) => name);
    lean(told, ["", "no/such-1.2.3.so", ...names], random);
    return "leant on";
  } catch (error) {
    if (error instanceof BlobRecipeError) return "refused";
    throw error;
  }
}

function lean(told: BlobRecipe, names: readonly string[], random: SeededRandom): void {
  const base = new DeltaBase(told, () => !random.oneIn(10));
  const batches = new DeltaBatches(base, LIMITS);
  const complete = Array.from({ length: PIECES }, () => {
    const bytes = new Uint8Array(random.between(1, LIMITS.batchBytes));
    const offset = random.oneIn(4) ? random.word() : random.below(LIMITS.batchBytes);
    const id = told.chunks.length === 0 ? undefined : told.chunks.at(0).id;
    return id && batches.add({ id, bytes, file: random.pick(names), offset });
  });
  for (const batch of [...complete, batches.end()]) {
    const dictionary = batch?.dictionary ?? [];
    const dictionaryBytes = dictionary.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (dictionaryBytes > LIMITS.dictionaryBytes) throw new TrialFailed("too much is leant on");
  }
}
