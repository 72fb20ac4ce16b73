/**
 * Removes a whole repository: every trace of it, and nothing of those whose names go on from its own. The
 * data of its blobs stays until it is collected, as after every deletion.
 */
import { pooledMap } from "../lib/pooled-map.ts";
import type { SharedLock } from "../lib/shared-lock.ts";
import { algorithmOf, type Digest, DIGEST_ALGORITHMS } from "../oci/digest.ts";
import type { Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { listLayers, listRevisions, listTags, listUploads } from "./check/inventory.ts";
import { ManifestUnknown, NameUnknown, UploadUnknown } from "./errors.ts";
import { layerLink, repositoryFolder, RESERVED, uploadFolder } from "./layout.ts";
import type { ManifestStore } from "./manifest-store.ts";
import type { ActorOptions, TagStore } from "./tag-store.ts";
import type { UploadStore } from "./upload-store.ts";

/** How much of each there was. */
export interface RemovedRepository {
  readonly tags: number;
  readonly manifests: number;
  /** Digests by which the repository held blobs. */
  readonly blobs: number;
}

export interface RemovalOptions extends ActorOptions {
  /** Told of each tag that goes, and what it pointed to. */
  readonly onUntagged?: ((tag: Tag, digest: Digest) => void) | undefined;
}

export interface RepositoryRemoval {
  /**
   * Tags go first, then manifests, then blobs, so that nothing ever points to what is gone. One that was
   * cut off can be called again. Pushes of manifests wait while the last part runs: one that is let in
   * afterwards finds no blobs and is refused, so none is left without what it needs. As with the deletion
   * of single manifests that holds within a process; a push through another process at the same moment
   * may be left incomplete, which `barge check` tells.
   * @throws {NameUnknown} when there is no trace of it.
   */
  remove(repository: RepositoryName, options: RemovalOptions): Promise<RemovedRepository>;
}

interface Deps {
  readonly driver: StorageDriver;
  readonly tags: TagStore;
  readonly manifests: ManifestStore;
  readonly uploads: UploadStore;
  /** By repository. Whoever stores a manifest shares it from before its needs are looked at. */
  readonly removing: SharedLock;
}

const AT_A_TIME = 8;

export function createRepositoryRemoval(deps: Deps): RepositoryRemoval {
  const { driver, removing } = deps;
  return {
    async remove(repository, options) {
      if (!(await isThere(repository, { driver, ...options }))) throw new NameUnknown(repository);
      await removeUploads(repository, deps, options);
      const first = await removeImages(repository, deps, options);
      const blobs = await countBlobs(repository, deps, options);
      return await removing.exclude(repository, async () => {
        const last = await removeImages(repository, deps, options);
        for (const folder of LAST_FOLDERS) {
          await driver.deleteTree(`${repositoryFolder(repository)}/${folder}`, options);
        }
        const tags = first.tags + last.tags;
        return { tags, manifests: first.manifests + last.manifests, blobs };
      });
    },
  };
}

/** `_manifests` is what makes it one of the catalog, and stays until there is nothing else. */
const LAST_FOLDERS = RESERVED.toSorted(
  (one, other) => Number(one === "_manifests") - Number(other === "_manifests"),
);

async function isThere(
  repository: RepositoryName,
  { driver, signal }: CallOptions & { readonly driver: StorageDriver },
): Promise<boolean> {
  for (const folder of RESERVED) {
    const key = `${repositoryFolder(repository)}/${folder}`;
    for await (const _ of driver.list(key, { signal })) return true;
  }
  return false;
}

/** Each by the way of its own deletion, with its locks, and what this process remembers of it. */
async function removeImages(
  name: RepositoryName,
  { driver, tags, manifests }: Deps,
  options: RemovalOptions,
): Promise<Pick<RemovedRepository, "manifests" | "tags">> {
  const { signal } = options;
  const allTags = await Array.fromAsync(listTags({ driver, name }, { signal }));
  const removedTags = await count(allTags, async (tag) => {
    const from = await tags.delete(name, tag, options);
    if (from !== undefined) options.onUntagged?.(tag, from);
    return from !== undefined;
  });
  const revisions = await Array.fromAsync(listRevisions({ driver, name }, { signal }));
  let removedManifests = 0;
  // By its sha256 a manifest goes with all of its names; those of others are left for the second round.
  for (const algorithm of DIGEST_ALGORITHMS) {
    const digests = revisions.filter((digest) => algorithmOf(digest) === algorithm);
    removedManifests += await count(digests, (digest) =>
      succeeds(manifests.delete(name, digest, options), ManifestUnknown),
    );
  }
  return { tags: removedTags, manifests: removedManifests };
}

/** Also ends the requests of this process that wait for more of their bytes. */
async function removeUploads(
  repository: RepositoryName,
  { driver, uploads }: Deps,
  { signal }: CallOptions,
): Promise<void> {
  const ids = await Array.fromAsync(listUploads({ driver, name: repository }, { signal }));
  await count(ids, async (id) => {
    if (await succeeds(uploads.cancel({ repository, id }, { signal }), UploadUnknown)) return true;
    await driver.deleteTree(uploadFolder(repository, id), { signal });
    return true;
  });
}

/** On a filesystem the folder of a link that was deleted may stay: so the links themselves. */
async function countBlobs(
  name: RepositoryName,
  { driver }: Deps,
  { signal }: CallOptions,
): Promise<number> {
  return await count(listLayers({ driver, name }, { signal }), async (digest) => {
    const link = await driver.stat(layerLink(name, digest), { signal });
    return link !== undefined;
  });
}

/** How many of the items it was true for. */
async function count<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  work: (item: Item) => Promise<boolean>,
): Promise<number> {
  let found = 0;
  for await (const isOne of pooledMap(items, AT_A_TIME, work)) if (isOne) found += 1;
  return found;
}

/** Whether it came to its end; not when what it was about was gone already. */
async function succeeds(
  task: Promise<unknown>,
  Gone: typeof ManifestUnknown | typeof UploadUnknown,
): Promise<boolean> {
  try {
    await task;
    return true;
  } catch (error) {
    if (error instanceof Gone) return false;
    throw error;
  }
}
