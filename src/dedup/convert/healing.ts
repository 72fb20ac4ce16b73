import type { ChunkId } from "../../chunks/chunk-id.ts";
import type { BlobRecipe } from "../../chunks/recipe/blob-recipe.ts";
import { blobData } from "../../content/layout.ts";
import type { Logger } from "../../observability/logger.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { BlobBroken, type BlobMaker } from "../cold/blob-maker.ts";
import type { PackIndex } from "../store/pack-index.ts";
import type { RecipeStore, StoredRecipe } from "../store/recipe-store.ts";

export interface HealingDeps {
  readonly driver: StorageDriver;
  readonly recipes: RecipeStore;
  readonly index: PackIndex;
  readonly maker: Pick<BlobMaker, "whole">;
  readonly log: Logger;
}

/** Brings back blobs that were set aside because a chunk of theirs was lost, once another blob has that chunk. */
export class Healing {
  readonly #deps: HealingDeps;
  /** Blobs that lack nothing and could not be made nevertheless. */
  readonly #hopeless = new Set<Digest>();

  constructor(deps: HealingDeps) {
    this.#deps = deps;
  }

  /** All chunks that blobs in quarantine lack. */
  async wanted(options: CallOptions): Promise<readonly ChunkId[]> {
    const wanted = new Set<ChunkId>();
    for await (const digest of this.#deps.recipes.listQuarantined(options)) {
      const found = await this.#deps.recipes.readQuarantined(digest, options);
      for (const id of found === undefined ? [] : this.#missing(found.recipe)) wanted.add(id);
    }
    return [...wanted];
  }

  /** Brings back the blobs that lack nothing any more. Others, that were pushed again, need it no longer. */
  async heal(options: CallOptions): Promise<void> {
    const { recipes } = this.#deps;
    const digests = await Array.fromAsync(recipes.listQuarantined(options));
    for (const digest of digests) {
      if (await this.#isThere(digest, options)) {
        await recipes.forgetQuarantined(digest, options);
        continue;
      }
      const found = await recipes.readQuarantined(digest, options);
      const isWhole = found !== undefined && this.#missing(found.recipe).next().done === true;
      if (!isWhole) this.#hopeless.delete(digest);
      else if (!this.#hopeless.has(digest)) await this.#bringBack(digest, found, options);
    }
  }

  /** It may have been set aside for another reason. */
  async #bringBack(digest: Digest, by: StoredRecipe, options: CallOptions): Promise<void> {
    const { recipes, maker, log } = this.#deps;
    try {
      for await (const _ of maker.whole(digest, { ...options, by, isProof: true }));
    } catch (error) {
      if (!(error instanceof BlobBroken)) throw error;
      this.#hopeless.add(digest);
      return;
    }
    await recipes.bringBack(digest, options);
    log.info("a blob that could not be made again can be now", { digest });
  }

  /** Pushed again, and indexed since. */
  async #isThere(digest: Digest, options: CallOptions): Promise<boolean> {
    const { driver, recipes } = this.#deps;
    const data = await driver.stat(blobData(digest), options);
    if (data === undefined) return false;
    return (await recipes.recipeBytes(digest, options)) !== undefined;
  }

  *#missing({ chunks }: BlobRecipe): Generator<ChunkId, void, undefined> {
    const { index } = this.#deps;
    for (let at = 0; at < chunks.length; at += 1) {
      const { id } = chunks.at(at);
      if (!index.chunks.has(id)) yield id;
    }
  }
}
