import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import { blobRecipe, quarantinedRecipe } from "../../content/layout.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";
import type { RecipeStore } from "../store/recipe-store.ts";
import { ChunkSet } from "./chunk-set.ts";
import { PacksKept } from "./errors.ts";

export interface LiveChunksOptions extends CallOptions {
  readonly recipes: RecipeStore;
  /** Blobs whose recipes do not count. */
  readonly gone: ReadonlySet<Digest>;
}

/** Chunks that recipes name, one recipe in memory at a time. @throws {PacksKept} for one that is damaged. @throws {StorageError} */
export async function namedChunks({
  recipes,
  gone,
  ...options
}: LiveChunksOptions): Promise<ChunkSet> {
  const named = new ChunkSet();
  for await (const digest of recipes.list(options)) {
    if (gone.has(digest)) continue;
    const found = await readable(recipes.read(digest, options), digest);
    if (found !== undefined) named.addAll(found.recipe.chunks.idBytes);
  }
  for await (const digest of recipes.listQuarantined(options)) {
    if (gone.has(digest)) continue;
    const found = await recipes.readQuarantined(digest, options);
    if (found === undefined) throw unreadable(quarantinedRecipe(digest), digest, "it is damaged");
    named.addAll(found.recipe.chunks.idBytes);
  }
  return named;
}

async function readable<Found>(reading: Promise<Found>, digest: Digest): Promise<Found> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof BlobRecipeError)) throw error;
    throw unreadable(blobRecipe(digest), digest, error.message);
  }
}

function unreadable(key: string, digest: Digest, reason: string): PacksKept {
  const next = `push an image that has the blob ${digest} again while the server runs`;
  return new PacksKept(`the recipe ${key} is of no use: ${reason}`, { next });
}
