/**
 * The one place that says "we have it" to someone who may rely on it: HEAD of a blob, a mount, the
 * commit of an upload whose bytes are already stored, a manifest that names blobs.
 *
 * Whoever gets a yes may skip sending the bytes, so the answer is always taken from the store itself,
 * never from a cache; and this is where garbage collection will be told that the data is relied on.
 */
import { type Digest, digestOf } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { blobData, layerLink, revisionLink } from "./layout.ts";
import type { Links } from "./links.ts";

/** Bytes that are in the store. */
export interface StoredBlob {
  /** As it was asked for; the data lies under its sha256. */
  readonly digest: Digest;
  readonly dataKey: string;
  readonly sizeBytes: number;
}

export interface Presence {
  /**
   * The data itself, whatever repository links it. `digest` is the sha256 that data lies under.
   * @returns `undefined` also for data that a crash of another program left empty: pushing heals it.
   */
  confirmData(digest: Digest, options: CallOptions): Promise<StoredBlob | undefined>;
  /** A blob that the repository links and whose data is there. */
  confirmBlob(
    repository: RepositoryName,
    digest: Digest,
    options: CallOptions,
  ): Promise<StoredBlob | undefined>;
  /** A manifest that the repository links and whose data is there. */
  confirmManifest(
    repository: RepositoryName,
    digest: Digest,
    options: CallOptions,
  ): Promise<StoredBlob | undefined>;
}

export function createPresence({
  driver,
  links,
}: {
  readonly driver: StorageDriver;
  readonly links: Links;
}): Presence {
  const empty = digestOf(new Uint8Array());
  const confirmData: Presence["confirmData"] = async (digest, { signal }) => {
    const dataKey = blobData(digest);
    const sizeBytes = (await driver.stat(dataKey, { signal }))?.sizeBytes;
    if (sizeBytes === undefined || (sizeBytes === 0 && digest !== empty)) return undefined;
    return { digest, dataKey, sizeBytes };
  };
  const confirmLinked = async (
    link: string,
    digest: Digest,
    options: CallOptions,
  ): Promise<StoredBlob | undefined> => {
    const target = await links.read(link, options);
    if (target === undefined) return undefined;
    const data = await confirmData(target, options);
    return data && { ...data, digest };
  };
  return {
    confirmData,
    confirmBlob: (repository, digest, options) =>
      confirmLinked(layerLink(repository, digest), digest, options),
    confirmManifest: (repository, digest, options) =>
      confirmLinked(revisionLink(repository, digest), digest, options),
  };
}
