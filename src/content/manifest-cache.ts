/** The bytes of manifests that are asked for again and again, in memory. */
import type { Clock } from "../lib/clock.ts";
import { WeightedMap, type WeightedMapOptions } from "../lib/weighted-map.ts";
import type { Digest } from "../oci/digest.ts";
import { hasQuickStat, type StorageDriver } from "../storage/storage-driver.ts";
import { type Kept, ValidatedCache } from "./validated-cache.ts";

/** A manifest whose bytes have this digest. */
export interface StoredManifest {
  /** The one it was asked for by, or the one its tag points to. */
  readonly digest: Digest;
  /** The document's own, or what the reference registry guesses for one that does not say. */
  readonly mediaType: string;
  /** Shared by all who ask: never to be changed. */
  readonly bytes: Buffer;
}

export interface ManifestCache {
  /**
   * The manifest under this key, from memory or by `load`: the same object for as long as it is kept. Where the store can be asked at no cost it
   * has said that the object is still the one that was read; elsewhere only the digest vouches for the
   * bytes, and whether the object is still there has to be known from a link.
   */
  read(
    key: string,
    load: () => Promise<StoredManifest | undefined>,
  ): Promise<StoredManifest | undefined>;
}

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_MANIFEST_BYTES = 1024 * 1024;
/** What an entry takes besides the bytes of its manifest. */
const ENTRY_BYTES = 1024;

export function createManifestCache({
  driver,
  clock,
}: {
  readonly driver: StorageDriver;
  readonly clock: Clock;
}): ManifestCache {
  if (hasQuickStat(driver)) {
    const kept = new WeightedMap<string, Kept<StoredManifest>>(weights(({ value }) => value));
    return new ValidatedCache({ driver, clock, kept });
  }
  const kept = new WeightedMap<string, StoredManifest>(weights((value) => value));
  return {
    async read(key, load) {
      const before = kept.get(key);
      if (before !== undefined) return before;
      const value = await load();
      if (value !== undefined) kept.set(key, value);
      return value;
    },
  };
}

function weights<Entry>(
  manifestOf: (entry: Entry) => StoredManifest | undefined,
): WeightedMapOptions<Entry> {
  return {
    maxWeight: MAX_BYTES,
    maxEntryWeight: MAX_MANIFEST_BYTES + ENTRY_BYTES,
    weigh: (entry) => ENTRY_BYTES + (manifestOf(entry)?.bytes.byteLength ?? 0),
  };
}
