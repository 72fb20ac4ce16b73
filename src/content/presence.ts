/**
 * The one place that says "we have it" to someone who may rely on it: HEAD of a blob, a mount, a
 * manifest that names blobs.
 *
 * Whoever gets a yes may skip sending the bytes, so the store itself is asked for every answer, and
 * nothing that was true a moment ago counts. Where a look at the store costs nothing it is made at once
 * instead of being waited for: it is the same look. This is also where garbage collection will be told
 * that the data is relied on.
 */
import { BoundedMap } from "../lib/bounded-map.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import { type CallOptions, hasQuickStat, type StorageDriver } from "../storage/storage-driver.ts";
import type { ColdBlobs } from "./cold-blobs.ts";
import { blobData, layerLink, revisionLink } from "./layout.ts";
import type { Links } from "./links.ts";

/** Bytes that are in the store. */
export interface StoredBlob {
  /** As it was asked for. */
  readonly digest: Digest;
  /** What the data lies under. */
  readonly sha256: Digest;
  readonly dataKey: string;
  readonly sizeBytes: number;
  /** Whether there is no data at the moment: it has to be made again. */
  readonly isCold: boolean;
}

export interface Presence {
  /**
   * The data itself, or what makes it again, whatever repository links it. `digest` is the sha256 that data
   * lies under.
   * @returns `undefined` also for data that a crash of another program left empty: pushing heals it.
   */
  confirmData(digest: Digest, options: CallOptions): Promise<StoredBlob | undefined>;
  /** A blob that the repository links and whose data is there, or can be made again. */
  confirmBlob(
    repository: RepositoryName,
    digest: Digest,
    options: CallOptions,
  ): Promise<StoredBlob | undefined>;
  /** A manifest that the repository links and whose data is there: manifests never go cold. */
  confirmManifest(
    repository: RepositoryName,
    digest: Digest,
    options: CallOptions,
  ): Promise<StoredBlob | undefined>;
}

/** Some two megabytes. */
const MAX_LOOKED_AT = 10_000;

export function createPresence({
  driver,
  links,
  cold,
}: {
  readonly driver: StorageDriver;
  readonly links: Links;
  readonly cold: Pick<ColdBlobs, "sizeOf">;
}): Presence {
  const empty = digestOf(new Uint8Array());
  const sizeOf = createSizes(driver);
  const confirmHot: Presence["confirmData"] = async (sha256, options) => {
    const dataKey = blobData(sha256);
    const sizeBytes = await sizeOf(dataKey, options);
    if (sizeBytes === undefined || (sizeBytes === 0 && sha256 !== empty)) return undefined;
    return { digest: sha256, sha256, dataKey, sizeBytes, isCold: false };
  };
  const confirmData: Presence["confirmData"] = async (sha256, options) => {
    const hot = await confirmHot(sha256, options);
    if (hot !== undefined) return hot;
    const sizeBytes = await cold.sizeOf(sha256, options);
    if (sizeBytes === undefined) return undefined;
    return { digest: sha256, sha256, dataKey: blobData(sha256), sizeBytes, isCold: true };
  };
  const linked = async (
    { link, digest }: { readonly link: string; readonly digest: Digest },
    confirm: Presence["confirmData"],
    options: CallOptions,
  ): Promise<StoredBlob | undefined> => {
    const target = await links.read(link, options);
    if (target === undefined) return undefined;
    const data = await confirm(target, options);
    return data && { ...data, digest };
  };
  return {
    confirmData,
    confirmBlob: (repository, digest, options) =>
      linked({ link: layerLink(repository, digest), digest }, confirmData, options),
    confirmManifest: (repository, digest, options) =>
      linked({ link: revisionLink(repository, digest), digest }, confirmHot, options),
  };
}

/**
 * The first look at an object may have to wait for the disk, and is left to other threads; afterwards
 * the system knows the path, and a quick look is cheaper than a change of threads.
 */
function createSizes(
  driver: StorageDriver,
): (key: string, options: CallOptions) => Promise<number | undefined> {
  const lookedAt = new BoundedMap<string, true>(MAX_LOOKED_AT);
  return async (key, options) => {
    if (hasQuickStat(driver) && lookedAt.get(key) === true) return driver.quickStat(key)?.sizeBytes;
    const sizeBytes = (await driver.stat(key, options))?.sizeBytes;
    if (sizeBytes !== undefined) lookedAt.set(key, true);
    return sizeBytes;
  };
}
