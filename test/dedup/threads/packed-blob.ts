import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChunkIndex } from "../../../src/chunks/index/chunk-index.ts";
import type { PlacedFrame } from "../../../src/chunks/packs/pack-directory.ts";
import { PackWriter } from "../../../src/chunks/packs/pack-writer.ts";
import { PlainChunker } from "../../../src/chunks/plain/plain-chunker.ts";
import { type BlobRecipe, encodeBlobRecipe } from "../../../src/chunks/recipe/blob-recipe.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { encodeRecipe, type Recipe } from "../../../src/recompress/recipe.ts";
import { entryUrl } from "../../../src/app/entries.ts";
import { WorkerPool } from "../../../src/dedup/threads/worker-pool.ts";

/** A blob that is a pack and a recipe, with threads that make it again. */
export interface PackedBlob extends AsyncDisposable {
  readonly recipe: BlobRecipe;
  readonly stored: Buffer;
  /** Its bytes may be changed, to see what comes of it. */
  readonly pack: Buffer;
  readonly pool: WorkerPool;
  /** Frames that threads found damaged. */
  readonly damaged: number[];
}

const PACK = "0".repeat(32);

interface Packing {
  readonly recipe: BlobRecipe;
  readonly pack: Buffer;
  readonly frames: readonly PlacedFrame[];
}

/** A blob, its plain bytes, and how it is compressed if it is. */
export interface Sample {
  readonly stream: Uint8Array;
  readonly plain: Uint8Array;
  readonly recipe: Recipe | undefined;
}

function packingOf({ stream: blob, plain, recipe }: Sample): Packing {
  const pieces: Uint8Array[] = [];
  const writer = new PackWriter({ frameBytes: 100_000, level: 1 }, (bytes) => pieces.push(bytes));
  const known = new Set<string>();
  const chunker = new PlainChunker((id, chunk) => {
    if (!known.has(id)) writer.add(chunk);
    known.add(id);
  });
  chunker.write(plain);
  const chunked = chunker.end();
  const frames = writer.end();
  const stream = recipe && encodeRecipe(recipe);
  return {
    recipe: { digest: digestOf(blob), blobBytes: blob.length, stream, ...chunked },
    pack: Buffer.concat(pieces),
    frames,
  };
}

export async function packBlob(sample: Sample, { maxThreads = 4 } = {}): Promise<PackedBlob> {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-packed-"));
  const { recipe, pack, frames } = packingOf(sample);
  const indexPath = join(folder.path, "chunks.sqlite");
  using index = ChunkIndex.open(indexPath);
  index.addPack({ name: PACK, sizeBytes: pack.length }, frames);
  const damaged: number[] = [];
  const packed: Omit<PackedBlob, "pool" | typeof Symbol.asyncDispose> = {
    recipe,
    stored: encodeBlobRecipe(recipe),
    pack,
    damaged,
  };
  const pool = new WorkerPool({
    threadUrl: entryUrl("dedup-thread"),
    data: { indexPath, isIdle: false },
    surroundings: {
      read: async (place, { startBytes, lengthBytes }) => {
        if (place.kind !== "pack") return undefined;
        return Buffer.from(pack.subarray(startBytes, startBytes + lengthBytes));
      },
      onDamaged: (_, at) => void damaged.push(at),
    },
    maxThreads,
    idleMs: 10_000,
  });
  return Object.assign(packed, {
    pool,
    [Symbol.asyncDispose]: async () => {
      await pool[Symbol.asyncDispose]();
      await folder.remove();
    },
  });
}
