/** Blobs that have no data, by what the store holds of them. */
import { blobData } from "../../content/layout.ts";
import { pooledMap } from "../../lib/pooled-map.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import type { RecipeStore } from "../store/recipe-store.ts";

/** Questions to the store at a time. */
const CONCURRENCY = 16;

export interface InventoryDeps {
  readonly driver: StorageDriver;
  readonly recipes: RecipeStore;
}

export interface ColdBlob {
  readonly digest: Digest;
  /** 0 when its recipe is damaged. */
  readonly sizeBytes: number;
}

/** Blobs that are a recipe and no data, in order. */
export async function listCold(
  { driver, recipes }: InventoryDeps,
  options: CallOptions,
): Promise<readonly ColdBlob[]> {
  const found = pooledMap(recipes.list(options), CONCURRENCY, async (digest) => {
    if ((await driver.stat(blobData(digest), options)) !== undefined) return undefined;
    return { digest, sizeBytes: (await recipes.blobBytes(digest, options)) ?? 0 };
  });
  return withoutGaps(found);
}

/** Blobs that were set aside, and have not come back since, in order. */
export async function listAbsent(
  { driver, recipes }: InventoryDeps,
  options: CallOptions,
): Promise<readonly Digest[]> {
  const found = pooledMap(recipes.listQuarantined(options), CONCURRENCY, async (digest) => {
    const isThere =
      (await driver.stat(blobData(digest), options)) !== undefined ||
      (await recipes.recipeBytes(digest, options)) !== undefined;
    return isThere ? undefined : digest;
  });
  return withoutGaps(found);
}

/** Bytes of them all. */
export function bytesOf(blobs: readonly { readonly sizeBytes: number }[]): number {
  return blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

async function withoutGaps<Item>(items: AsyncIterable<Item | undefined>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) if (item !== undefined) all.push(item);
  return all;
}
