/** Deletes what marking found. References go before what they lead to, so that a stop at any point leaves nothing dangling. */
import { blobFolder, layerLink, revisionFolder } from "../content/layout.ts";
import { pooledMap } from "../lib/pooled-map.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import type { Garbage } from "./mark.ts";

const CONCURRENCY = 16;

/**
 * @param options.onBlob told the storage key of each blob's folder before it goes.
 * @throws {StorageError} at the first failure; nothing of a later kind has been touched then.
 */
export async function sweep(
  garbage: Garbage,
  options: CallOptions & {
    readonly driver: StorageDriver;
    readonly onBlob: (key: string) => void;
  },
): Promise<void> {
  await deleteAll(garbage.tagIndexLinks.map(folderOf), options);
  await deleteAll(garbage.referrerEntries, options);
  await deleteAll(
    garbage.revisions.map(({ name, digest }) => revisionFolder(name, digest)),
    options,
  );
  await deleteAll(
    garbage.layerLinks.map(({ name, digest }) => folderOf(layerLink(name, digest))),
    options,
  );
  const blobs = garbage.blobs.map(({ data }) => blobFolder(data));
  await deleteAll(blobs, options, options.onBlob);
}

async function deleteAll(
  prefixes: readonly string[],
  { driver, signal }: CallOptions & { readonly driver: StorageDriver },
  onEach: (key: string) => void = () => undefined,
): Promise<void> {
  const deletions = pooledMap(prefixes, CONCURRENCY, async (prefix) => {
    signal.throwIfAborted();
    onEach(prefix);
    await driver.deleteTree(prefix, { signal });
  });
  for await (const _ of deletions);
}

/** Of a link: the folder goes with it. */
function folderOf(link: string): string {
  return link.slice(0, link.lastIndexOf("/"));
}
