import { type BlobRecipe, decodeBlobRecipe } from "../../chunks/recipe/blob-recipe.ts";
import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import { listQuarantinedRecipes, listRecipes } from "../../content/check/inventory.ts";
import { blobRecipe, quarantinedRecipe } from "../../content/layout.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Digest } from "../../oci/digest.ts";
import { readWhole } from "../../storage/read-whole.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";

/** More is no recipe of ours: ids of 10 TB of chunks. */
const LARGEST_RECIPE_BYTES = 1024 * 1024 * 1024;
/** Some two megabytes. */
const MOST_REMEMBERED = 10_000;

/** A recipe as it is stored, and what it says. */
export interface StoredRecipe {
  readonly stored: Buffer;
  readonly recipe: BlobRecipe;
}

/** The recipes of a store, by the sha256 that the data of their blobs lies under. */
export class RecipeStore {
  readonly #driver: StorageDriver;
  /** Of a digest they never change. */
  readonly #blobBytes = new BoundedMap<Digest, number>(MOST_REMEMBERED);

  constructor(driver: StorageDriver) {
    this.#driver = driver;
  }

  /** Bytes of the recipe; asks the store. @returns `undefined` when there is none. */
  async recipeBytes(digest: Digest, options: CallOptions): Promise<number | undefined> {
    return (await this.#driver.stat(blobRecipe(digest), options))?.sizeBytes;
  }

  /** Bytes of the blob; asks the store. @returns `undefined` when there is no recipe, or a damaged one. */
  async blobBytes(digest: Digest, options: CallOptions): Promise<number | undefined> {
    const known = this.#blobBytes.get(digest);
    if (known === undefined) return (await this.#readable(digest, options))?.recipe.blobBytes;
    return (await this.recipeBytes(digest, options)) === undefined ? undefined : known;
  }

  /** @returns `undefined` when there is none. @throws {BlobRecipeError} for one that is damaged, or another blob's. */
  async read(digest: Digest, { signal }: CallOptions): Promise<StoredRecipe | undefined> {
    const stored = await this.#bytesAt(blobRecipe(digest), { signal });
    if (stored === undefined) return undefined;
    const recipe = decodeBlobRecipe(stored);
    if (recipe.digest !== digest) throw new BlobRecipeError("it is the recipe of another blob");
    this.#blobBytes.set(digest, recipe.blobBytes);
    return { stored, recipe };
  }

  async write(digest: Digest, stored: Uint8Array, options: CallOptions): Promise<void> {
    await this.#driver.write(blobRecipe(digest), stored, options);
  }

  async delete(digest: Digest, options: CallOptions): Promise<void> {
    await this.#driver.delete(blobRecipe(digest), options);
  }

  /** All that are there, in order. */
  list({ signal }: CallOptions): AsyncGenerator<Digest> {
    return listRecipes(this.#driver, { signal });
  }

  /** Sets the recipe aside: the blob cannot be made of it at the moment. Nothing is lost. */
  async quarantine(digest: Digest, options: CallOptions): Promise<void> {
    const stored = await this.#bytesAt(blobRecipe(digest), options);
    if (stored === undefined) return;
    await this.#driver.write(quarantinedRecipe(digest), stored, options);
    await this.delete(digest, options);
  }

  listQuarantined({ signal }: CallOptions): AsyncGenerator<Digest> {
    return listQuarantinedRecipes(this.#driver, { signal });
  }

  /** @returns `undefined` when there is none, or when it is damaged itself. */
  async readQuarantined(digest: Digest, options: CallOptions): Promise<StoredRecipe | undefined> {
    const stored = await this.#bytesAt(quarantinedRecipe(digest), options);
    return stored && decodable(stored);
  }

  /** Puts a recipe back from the quarantine, unless there is a new one. */
  async bringBack(digest: Digest, options: CallOptions): Promise<void> {
    const stored = await this.#bytesAt(quarantinedRecipe(digest), options);
    if (stored === undefined) return;
    if ((await this.recipeBytes(digest, options)) === undefined) {
      await this.write(digest, stored, options);
    }
    await this.forgetQuarantined(digest, options);
  }

  async forgetQuarantined(digest: Digest, options: CallOptions): Promise<void> {
    await this.#driver.delete(quarantinedRecipe(digest), options);
  }

  async #readable(digest: Digest, options: CallOptions): Promise<StoredRecipe | undefined> {
    try {
      return await this.read(digest, options);
    } catch (error) {
      if (error instanceof BlobRecipeError) return undefined;
      throw error;
    }
  }

  async #bytesAt(key: string, { signal }: CallOptions): Promise<Buffer | undefined> {
    return await readWhole(this.#driver, key, { signal, maxBytes: LARGEST_RECIPE_BYTES });
  }
}

function decodable(stored: Buffer): StoredRecipe | undefined {
  try {
    return { stored, recipe: decodeBlobRecipe(stored) };
  } catch (error) {
    if (error instanceof BlobRecipeError) return undefined;
    throw error;
  }
}
