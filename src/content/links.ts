/** Link files: the small objects that hold one digest each. */
import type { Clock } from "../lib/clock.ts";
import { WeightedMap } from "../lib/weighted-map.ts";
import { type Digest, isDigest } from "../oci/digest.ts";
import type { Logger } from "../observability/logger.ts";
import { ObjectExists } from "../storage/errors.ts";
import { readWhole } from "../storage/read-whole.ts";
import { type CallOptions, hasQuickStat, type StorageDriver } from "../storage/storage-driver.ts";
import { RecentLinks } from "./recent-links.ts";
import { type Kept, ValidatedCache } from "./validated-cache.ts";

export interface Links {
  /**
   * The link as it is now: where the store can be asked at no cost its bytes may come from memory, but
   * only after the store has said that they are still the same.
   * @returns `undefined` when there is no link, and also when it holds no digest (an interrupted write
   * of another program can leave one empty): that is logged, and writing the link again heals it.
   */
  read(key: string, options: CallOptions): Promise<Digest | undefined>;
  /**
   * As `read`, except that where every look costs a round trip a link may be told that another process
   * has deleted in the last five seconds. For serving only: nothing may be left out or changed because of it.
   */
  readRecent(key: string, options: CallOptions): Promise<Digest | undefined>;
  write(key: string, digest: Digest, options: CallOptions): Promise<void>;
  /**
   * Writes it only if there is no link, whoever else writes, in whatever process. What is there is
   * durable either way. @returns whether it was written; of one that is not readable there is a link, too.
   */
  create(key: string, digest: Digest, options: CallOptions): Promise<boolean>;
  /** For links that are read by {@link Links.readRecent}: takes effect in this process at once. Idempotent. */
  delete(key: string, options: CallOptions): Promise<void>;
}

const MAX_LINK_BYTES = 256;
/** Some six megabytes. */
const MAX_KEPT = 10_000;

export function createLinks({
  driver,
  log,
  clock,
}: {
  readonly driver: StorageDriver;
  readonly log: Logger;
  readonly clock: Clock;
}): Links {
  const fromStore = async (key: string, { signal }: CallOptions): Promise<Digest | undefined> => {
    const bytes = await readWhole(driver, key, { signal, maxBytes: MAX_LINK_BYTES });
    if (bytes === undefined) return undefined;
    const text = bytes.toString("latin1").trim();
    if (isDigest(text)) return text;
    log.warn("a link holds no digest and is treated as absent", { "storage.key": key });
    return undefined;
  };
  return {
    ...waysToRead({ driver, clock, fromStore }),
    write: (key, digest, { signal }) =>
      driver.write(key, Buffer.from(digest, "latin1"), { signal }),
    async create(key, digest, { signal }) {
      try {
        await driver.write(key, Buffer.from(digest, "latin1"), { signal, ifAbsent: true });
        return true;
      } catch (error) {
        if (error instanceof ObjectExists) return false;
        throw error;
      }
    },
  };
}

function waysToRead({
  driver,
  clock,
  fromStore,
}: {
  readonly driver: StorageDriver;
  readonly clock: Clock;
  readonly fromStore: Links["read"];
}): Pick<Links, "delete" | "read" | "readRecent"> {
  if (hasQuickStat(driver)) {
    const weights = { maxWeight: MAX_KEPT, maxEntryWeight: 1, weigh: () => 1 };
    const kept = new WeightedMap<string, Kept<Digest>>(weights);
    const cache = new ValidatedCache({ driver, clock, kept });
    const read: Links["read"] = (key, options) => cache.read(key, () => fromStore(key, options));
    return { read, readRecent: read, delete: (key, options) => driver.delete(key, options) };
  }
  const recent = new RecentLinks({ clock });
  return {
    read: fromStore,
    readRecent: (key, options) => recent.read(key, () => fromStore(key, options)),
    async delete(key, options) {
      try {
        await driver.delete(key, options);
      } finally {
        // Also after a failure: nobody knows then what the store has done.
        recent.forget(key);
      }
    },
  };
}
