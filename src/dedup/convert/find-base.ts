import type { BlobRecipe } from "../../chunks/recipe/blob-recipe.ts";
import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";
import type { BlobNotes } from "../store/blob-notes.ts";
import type { PackIndex } from "../store/pack-index.ts";
import type { RecipeStore } from "../store/recipe-store.ts";

interface FindBaseOptions extends CallOptions {
  readonly notes: Pick<BlobNotes, "like">;
  readonly recipes: Pick<RecipeStore, "read">;
  readonly index: Pick<PackIndex, "chunks">;
}

/** Blobs that are looked at, the likest first. */
const MOST_LOOKED_AT = 4;
/** Of their chunks. */
const MOST_ASKED_FOR = 64;
const LEAST_PACKED_SHARE = 0.5;

/** @returns the recipe, as it is stored, of the blob that is most like this one and whose chunks are in packs; `undefined` when there is none. */
export async function findBase(
  digest: Digest,
  { chunks }: BlobRecipe,
  { notes, recipes, index, signal }: FindBaseOptions,
): Promise<Uint8Array | undefined> {
  for (const like of notes.like(chunks, digest, MOST_LOOKED_AT)) {
    try {
      const found = await recipes.read(like.digest, { signal });
      if (found !== undefined && isPacked(found.recipe, index)) return found.stored;
    } catch (error) {
      if (!(error instanceof BlobRecipeError)) throw error;
    }
  }
  return undefined;
}

function isPacked({ chunks }: BlobRecipe, index: Pick<PackIndex, "chunks">): boolean {
  const step = Math.max(1, Math.floor(chunks.length / MOST_ASKED_FOR));
  let asked = 0;
  let packed = 0;
  for (let at = 0; at < chunks.length; at += step) {
    asked += 1;
    if (index.chunks.has(chunks.at(at).id)) packed += 1;
  }
  return packed >= asked * LEAST_PACKED_SHARE;
}
