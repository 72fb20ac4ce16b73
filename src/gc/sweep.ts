/** Deletes what marking found. References go before what they lead to, so that a stop at any point leaves nothing dangling. */
import { blobFolder, layerLink, revisionFolder } from "../content/layout.ts";
import { pooledMap } from "../lib/pooled-map.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import type { Garbage } from "./mark.ts";

const CONCURRENCY = 16;
/** What goes between two questions whether this process is still alone: a second's work or so. */
const LOT = 100;

export interface SweepOptions extends CallOptions {
  readonly driver: StorageDriver;
  /** Told the storage key of each blob's folder before it goes. */
  readonly onBlob: (key: string) => void;
  /** Asked before each lot; what it throws ends the sweep. */
  readonly stillAlone: (options: CallOptions) => Promise<void>;
}

/** @throws {StorageError} at the first failure; nothing of a later kind has been touched then. */
export async function sweep(garbage: Garbage, options: SweepOptions): Promise<void> {
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
  await deleteAll(
    garbage.blobs.flatMap(({ recipes }) => recipes),
    options,
  );
  const blobs = garbage.blobs.map(({ data }) => blobFolder(data));
  await deleteAll(blobs, options, options.onBlob);
}

async function deleteAll(
  prefixes: readonly string[],
  { driver, signal, stillAlone }: SweepOptions,
  onEach: (key: string) => void = () => undefined,
): Promise<void> {
  for (let from = 0; from < prefixes.length; from += LOT) {
    await stillAlone({ signal });
    const lot = prefixes.slice(from, from + LOT);
    const deletions = pooledMap(lot, CONCURRENCY, async (prefix) => {
      signal.throwIfAborted();
      onEach(prefix);
      await driver.deleteTree(prefix, { signal });
    });
    for await (const _ of deletions);
  }
}

/** Of a link: the folder goes with it. */
function folderOf(link: string): string {
  return link.slice(0, link.lastIndexOf("/"));
}
