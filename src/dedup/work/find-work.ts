import { listLayers } from "../../content/check/inventory.ts";
import { readStoredLink, type RepositoryPlace } from "../../content/check/stored-link.ts";
import { blobData, layerLink } from "../../content/layout.ts";
import { walkRepositories } from "../../content/walk.ts";
import { algorithmOf, type Digest } from "../../oci/digest.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { type Converter, LEAST_BLOB_BYTES } from "../convert/converter.ts";
import type { BlobNotes } from "../store/blob-notes.ts";
import type { RecipeStore } from "../store/recipe-store.ts";

export interface FindWorkOptions extends CallOptions {
  readonly driver: StorageDriver;
  readonly recipes: Pick<RecipeStore, "recipeBytes">;
  readonly notes: Pick<BlobNotes, "keptBecause" | "knowsChunksOf">;
  readonly converter: Pick<Converter, "isCold">;
  /** Whether cold blobs give up their data. */
  readonly atRest: boolean;
}

/** @returns blobs for which there is something to do, each once, by the sha256 that their data lies under. */
export async function* findWork(options: FindWorkOptions): AsyncGenerator<Digest, void, undefined> {
  for await (const digest of walkBlobs(options)) if (await hasWork(digest, options)) yield digest;
}

/**
 * Walks the blobs of all repositories. Manifests, which no repository links as blobs, are left alone.
 * @returns each once, by the sha256 that its data lies under, or would.
 */
export async function* walkBlobs({
  driver,
  signal,
}: CallOptions & { readonly driver: StorageDriver }): AsyncGenerator<Digest, void, undefined> {
  const seen = new Set<Digest>();
  for await (const { name } of walkRepositories({ driver, signal })) {
    for await (const linked of listLayers({ driver, name }, { signal })) {
      const digest = await dataOf({ driver, name }, linked, { signal });
      if (digest === undefined || seen.has(digest)) continue;
      seen.add(digest);
      yield digest;
    }
  }
}

async function dataOf(
  { driver, name }: RepositoryPlace,
  linked: Digest,
  { signal }: CallOptions,
): Promise<Digest | undefined> {
  if (algorithmOf(linked) === "sha256") return linked;
  const link = await readStoredLink(driver, layerLink(name, linked), { signal });
  return link.state === "read" ? link.digest : undefined;
}

async function hasWork(digest: Digest, options: FindWorkOptions): Promise<boolean> {
  const { driver, recipes, notes, converter, atRest } = options;
  const data = await driver.stat(blobData(digest), options);
  if (data === undefined || data.sizeBytes < LEAST_BLOB_BYTES) return false;
  if (notes.keptBecause(digest) !== undefined) return false;
  const isIndexed = (await recipes.recipeBytes(digest, options)) !== undefined;
  if (!isIndexed || !notes.knowsChunksOf(digest)) return true;
  return atRest && converter.isCold(digest, data);
}
