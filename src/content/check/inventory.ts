/**
 * What there is in a store by its folders alone. A folder is no proof that its link is there: on a
 * filesystem the folder of a deleted link may stay.
 */
import {
  type Digest,
  type DigestAlgorithm,
  isDigest,
  isDigestAlgorithm,
} from "../../oci/digest.ts";
import { isTag, type Tag } from "../../oci/reference.ts";
import type { CallOptions, ListEntry, StorageDriver } from "../../storage/storage-driver.ts";
import {
  allReferrersFolder,
  BLOBS,
  layersFolder,
  QUARANTINED_RECIPES,
  RECIPES,
  referrersFolder,
  revisionsFolder,
  tagIndexFolder,
  tagsFolder,
  uploadsFolder,
} from "../layout.ts";
import { isUploadId, type UploadId } from "../upload-id.ts";
import type { RepositoryPlace } from "./stored-link.ts";

interface InventoryOptions extends CallOptions {
  /** Told of folders whose names mean nothing to us; they are passed over. May throw to end the walk. */
  readonly onUnknown?: ((key: string) => void) | undefined;
}

/** The digests that manifests of the repository are known by. */
export function listRevisions(
  { driver, name }: RepositoryPlace,
  options: InventoryOptions,
): AsyncGenerator<Digest> {
  return digestsBelow(driver, revisionsFolder(name), options);
}

/** The digests that blobs of the repository are known by. */
export function listLayers(
  { driver, name }: RepositoryPlace,
  options: InventoryOptions,
): AsyncGenerator<Digest> {
  return digestsBelow(driver, layersFolder(name), options);
}

export async function* listTags(
  { driver, name }: RepositoryPlace,
  options: InventoryOptions,
): AsyncGenerator<Tag> {
  const folder = tagsFolder(name);
  for await (const child of foldersBelow(driver, folder, options)) {
    if (isTag(child)) yield child;
    else options.onUnknown?.(`${folder}/${child}`);
  }
}

/** What the tag ever pointed to. */
export function listTagIndex(
  { driver, name, tag }: RepositoryPlace & { readonly tag: Tag },
  options: InventoryOptions,
): AsyncGenerator<Digest> {
  return digestsBelow(driver, tagIndexFolder(name, tag), options);
}

export async function* listReferrers(
  { driver, name }: RepositoryPlace,
  options: InventoryOptions,
): AsyncGenerator<{ readonly subject: Digest; readonly referrer: Digest }> {
  for await (const subject of digestsBelow(driver, allReferrersFolder(name), options)) {
    const folder = referrersFolder(name, subject);
    for await (const entry of driver.list(folder, { signal: options.signal })) {
      const referrer = entry.name.replace("-", ":");
      if (entry.kind === "object" && isDigest(referrer)) yield { subject, referrer };
    }
  }
}

export async function* listUploads(
  { driver, name }: RepositoryPlace,
  options: InventoryOptions,
): AsyncGenerator<UploadId> {
  const folder = uploadsFolder(name);
  for await (const child of foldersBelow(driver, folder, options)) {
    if (isUploadId(child)) yield child;
    else options.onUnknown?.(`${folder}/${child}`);
  }
}

/** The digests that data lies under, whatever repository links them. */
export async function* listBlobs(
  driver: StorageDriver,
  options: InventoryOptions,
): AsyncGenerator<Digest> {
  for await (const algorithm of foldersBelow(driver, BLOBS, options)) {
    if (!isDigestAlgorithm(algorithm)) continue;
    for await (const shard of foldersBelow(driver, `${BLOBS}/${algorithm}`, options)) {
      yield* shardOf(driver, { algorithm, shard }, options);
    }
  }
}

async function* shardOf(
  driver: StorageDriver,
  { algorithm, shard }: { readonly algorithm: DigestAlgorithm; readonly shard: string },
  options: InventoryOptions,
): AsyncGenerator<Digest> {
  const folder = `${BLOBS}/${algorithm}/${shard}`;
  for await (const hex of foldersBelow(driver, folder, options)) {
    const digest = `${algorithm}:${hex}`;
    if (hex.slice(0, 2) === shard && isDigest(digest)) yield digest;
    else options.onUnknown?.(`${folder}/${hex}`);
  }
}

/** The digests that recipes lie under, of blobs with and without data. */
export function listRecipes(driver: StorageDriver, options: CallOptions): AsyncGenerator<Digest> {
  return recipesBelow(driver, RECIPES, options);
}

/** The digests of blobs that cannot be made again, by what is left of their recipes. */
export function listQuarantinedRecipes(
  driver: StorageDriver,
  options: CallOptions,
): AsyncGenerator<Digest> {
  return recipesBelow(driver, QUARANTINED_RECIPES, options);
}

async function* recipesBelow(
  driver: StorageDriver,
  folder: string,
  { signal }: CallOptions,
): AsyncGenerator<Digest> {
  for await (const algorithm of foldersBelow(driver, folder, { signal })) {
    for await (const shard of foldersBelow(driver, `${folder}/${algorithm}`, { signal })) {
      const entries = driver.list(`${folder}/${algorithm}/${shard}`, { signal });
      for await (const entry of entries) yield* recipeIn(shard, algorithm, entry);
    }
  }
}

function* recipeIn(shard: string, algorithm: string, { kind, name }: ListEntry): Generator<Digest> {
  const digest = `${algorithm}:${name}`;
  if (kind === "object" && name.startsWith(shard) && isDigest(digest)) yield digest;
}

async function* digestsBelow(
  driver: StorageDriver,
  folder: string,
  options: InventoryOptions,
): AsyncGenerator<Digest> {
  for await (const algorithm of foldersBelow(driver, folder, options)) {
    for await (const hex of foldersBelow(driver, `${folder}/${algorithm}`, options)) {
      const digest = `${algorithm}:${hex}`;
      if (isDigest(digest)) yield digest;
      else options.onUnknown?.(`${folder}/${algorithm}/${hex}`);
    }
  }
}

async function* foldersBelow(
  driver: StorageDriver,
  folder: string,
  { signal }: CallOptions,
): AsyncGenerator<string> {
  for await (const { kind, name } of driver.list(folder, { signal })) {
    signal.throwIfAborted();
    if (kind === "prefix") yield name;
  }
}
