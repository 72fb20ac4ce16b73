/** Everything a registry holds, made from a storage driver: what `registry/` and the others build on. */
import { type Clock, systemClock } from "../lib/clock.ts";
import { SharedLock } from "../lib/shared-lock.ts";
import type { Logger } from "../observability/logger.ts";
import type { StorageDriver } from "../storage/storage-driver.ts";
import { type BlobStore, createBlobStore } from "./blob-store.ts";
import { type Catalog, createCatalog } from "./catalog.ts";
import { type ColdBlobs, NO_COLD_BLOBS } from "./cold-blobs.ts";
import type { Hashing } from "./hashing.ts";
import { createLinks } from "./links.ts";
import { createManifestCache } from "./manifest-cache.ts";
import { createManifestPolicy, type ManifestPolicySettings } from "./manifest-policy.ts";
import { ManifestReader } from "./manifest-reader.ts";
import { ManifestStore } from "./manifest-store.ts";
import { createPresence } from "./presence.ts";
import { createReferrerIndex } from "./referrer-index.ts";
import { createRepositoryRemoval, type RepositoryRemoval } from "./repository-removal.ts";
import { createTagHistory, type TagHistory } from "./tag-history.ts";
import { createTagStore, type TagStore } from "./tag-store.ts";
import { newUploadId } from "./upload-id.ts";
import { type HashStaged, UploadStore } from "./upload-store.ts";

export interface ContentStore {
  readonly blobs: BlobStore;
  readonly uploads: UploadStore;
  readonly manifests: ManifestStore;
  readonly tags: TagStore;
  readonly history: TagHistory;
  readonly catalog: Catalog;
  readonly removal: RepositoryRemoval;
}

export interface ContentDeps {
  readonly driver: StorageDriver;
  readonly log: Logger;
  readonly validation: ManifestPolicySettings;
  /** Tags read at a time when a manifest is deleted. */
  readonly tagConcurrency: number;
  readonly hashing: Hashing;
  readonly hashStaged: HashStaged;
  /** What makes blobs again whose data is not there; by default there are none. */
  readonly cold?: ColdBlobs;
  /** Tells how long something may be remembered; the machine's by default. */
  readonly clock?: Clock;
}

export async function createContentStore(deps: ContentDeps): Promise<ContentStore> {
  const {
    driver,
    log,
    validation,
    tagConcurrency,
    hashing,
    hashStaged,
    cold = NO_COLD_BLOBS,
    clock = systemClock,
  } = deps;
  const now = (): Date => new Date();
  const links = createLinks({ driver, log, clock });
  const presence = createPresence({ driver, links, cold });
  const history = createTagHistory({ driver });
  const cache = createManifestCache({ driver, clock });
  const reader = new ManifestReader({ driver, links, presence, cache });
  const tags = createTagStore({ driver, links, history, now, concurrency: tagConcurrency });
  const referrers = createReferrerIndex({ driver, presence });
  const policy = await createManifestPolicy(validation);
  const blobs = createBlobStore({ driver, links, presence, cold });
  const removing = new SharedLock();
  const uploads = new UploadStore({ driver, blobs, hashing, hashStaged, newId: newUploadId, now });
  const manifests = new ManifestStore({
    driver,
    links,
    presence,
    tags,
    referrers,
    policy,
    reader,
    removing,
  });
  return {
    blobs,
    uploads,
    manifests,
    tags,
    history,
    catalog: createCatalog({ driver }),
    removal: createRepositoryRemoval({ driver, tags, manifests, uploads, removing }),
  };
}
