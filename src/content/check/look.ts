/** How a check looks at the store: each link and each size once, or again. */
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { blobData } from "../layout.ts";
import { hashData } from "./hash-data.ts";
import { readStoredLink, type StoredLink } from "./stored-link.ts";

export interface Look extends CallOptions {
  readonly driver: StorageDriver;
  link(key: string): Promise<StoredLink>;
  /** Bytes of the data under this digest; `undefined` when there is none. */
  sizeOf(data: Digest): Promise<number | undefined>;
  /** The digest of the bytes that lie there; each is hashed once. `undefined` when there are none. */
  actualDigestOf(data: Digest): Promise<Digest | undefined>;
}

interface LookOptions extends CallOptions {
  readonly driver: StorageDriver;
}

/** Asks the store each time, except for hashes: many manifests may name the same large data. */
export function createFreshLook({ driver, signal }: LookOptions): Look {
  const hashes = new Map<Digest, Promise<Digest | undefined>>();
  return {
    driver,
    signal,
    link: (key) => readStoredLink(driver, key, { signal }),
    sizeOf: async (data) => (await driver.stat(blobData(data), { signal }))?.sizeBytes,
    actualDigestOf: (data) =>
      hashes.getOrInsertComputed(data, () => hashData(driver, data, { signal })),
  };
}

/**
 * Asks the store once for each link and for each size. What it remembers may be out of date, so what
 * looks wrong by it must be looked at afresh.
 * @param sizes what is known already, and grows: to be shared by all repositories of a store.
 */
export function createRememberingLook(options: LookOptions, sizes: Map<Digest, number>): Look {
  const fresh = createFreshLook(options);
  const links = new Map<string, StoredLink>();
  return {
    ...fresh,
    async link(key) {
      return (await remembered(links, key, () => fresh.link(key))) ?? { state: "absent" };
    },
    sizeOf: (data) => remembered(sizes, data, () => fresh.sizeOf(data)),
  };
}

async function remembered<Key, Value>(
  known: Map<Key, Value>,
  key: Key,
  ask: () => Promise<Value | undefined>,
): Promise<Value | undefined> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const value = await ask();
  if (value !== undefined) known.set(key, value);
  return value;
}
