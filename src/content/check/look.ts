/** How a check looks at the store: each link and each size once, or again. */
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import type { ColdBlobs } from "../cold-blobs.ts";
import { blobData } from "../layout.ts";
import { hashData } from "./hash-data.ts";
import { readStoredLink, type StoredLink } from "./stored-link.ts";

export interface Look extends CallOptions {
  readonly driver: StorageDriver;
  link(key: string): Promise<StoredLink>;
  /** Bytes of the data under this digest; `undefined` when there is none. */
  dataSizeOf(data: Digest): Promise<number | undefined>;
  /** Bytes of the blob, whether it has data or is made again when it is read. */
  sizeOf(data: Digest): Promise<number | undefined>;
  /** The digest of the bytes that lie there; each is hashed once. `undefined` when there are none. */
  actualDigestOf(data: Digest): Promise<Digest | undefined>;
}

interface LookOptions extends CallOptions {
  readonly driver: StorageDriver;
  readonly atRest: Pick<ColdBlobs, "sizeOf">;
}

/** Sizes that are known already. They grow. */
export interface KnownSizes {
  readonly data: Map<Digest, number>;
  readonly cold: Map<Digest, number>;
}

/** Asks the store each time, except for hashes: many manifests may name the same large data. */
export function createFreshLook({ driver, atRest, signal }: LookOptions): Look {
  const hashes = new Map<Digest, Promise<Digest | undefined>>();
  const dataSizeOf = async (data: Digest): Promise<number | undefined> =>
    (await driver.stat(blobData(data), { signal }))?.sizeBytes;
  return {
    driver,
    signal,
    link: (key) => readStoredLink(driver, key, { signal }),
    dataSizeOf,
    sizeOf: async (data) => (await dataSizeOf(data)) ?? (await atRest.sizeOf(data, { signal })),
    actualDigestOf: (data) =>
      hashes.getOrInsertComputed(data, () => hashData(driver, data, { signal })),
  };
}

/**
 * Asks the store once for each link and for each size. What it remembers may be out of date, so what
 * looks wrong by it must be looked at afresh.
 * @param sizes to be shared by all repositories of a store.
 */
export function createRememberingLook(options: LookOptions, sizes: KnownSizes): Look {
  const fresh = createFreshLook(options);
  const dataSizeOf = (data: Digest): Promise<number | undefined> =>
    remembered(sizes.data, data, () => fresh.dataSizeOf(data));
  const coldSizeOf = (data: Digest): Promise<number | undefined> =>
    remembered(sizes.cold, data, () => options.atRest.sizeOf(data, options));
  const links = new Map<string, StoredLink>();
  return {
    ...fresh,
    async link(key) {
      return (await remembered(links, key, () => fresh.link(key))) ?? { state: "absent" };
    },
    dataSizeOf,
    sizeOf: async (data) =>
      sizes.cold.get(data) ?? (await dataSizeOf(data)) ?? (await coldSizeOf(data)),
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
