/** The store's lock: who may write while others do not expect it. */
import { type Clock, systemClock } from "../lib/clock.ts";
import type { Logger } from "../observability/logger.ts";
import { lockFile, NoLocksHere } from "./kernel-lock.ts";
import { holdLease } from "./shared-leases.ts";
import { type CallOptions, hasLocalFiles, type StorageDriver } from "./storage-driver.ts";
import { type HeldStore, type StoreHolder, type StoreRole, thisHolder } from "./store-holder.ts";

export interface HoldOptions extends CallOptions {
  readonly driver: StorageDriver;
  readonly role: StoreRole;
  readonly log: Logger;
  /** The system's when left out. */
  readonly clock?: Clock;
}

/** Always beside the data, wherever the state directory is: two processes with different ones must still meet. */
const LOCK_KEY = "barge/state/store.lock";

/**
 * Holds a store until the result is disposed, or the process ends.
 *
 * There may be any number of servers, or one collector: a new server starts before the old one ends
 * when a service is rolled over, and replicas share a volume or a bucket. A store in memory has nobody
 * to share it with. A server that only reads need not hold it.
 *
 * @throws {StoreInUse} @throws {StoreNotLockable} when a collector cannot be sure to be alone, or when
 * the lock file may not be opened. @throws {StorageError}
 */
export async function holdStore(options: HoldOptions): Promise<HeldStore> {
  const { driver, role, log, signal, clock = systemClock } = options;
  signal.throwIfAborted();
  const holder = thisHolder(role, clock.now());
  if (driver.name === "inmemory") return heldForGood(nothingToRelease);
  if (!hasLocalFiles(driver)) return holdLease({ driver, holder, log, clock, signal });
  return heldForGood(await lockLocally(driver.localPath(LOCK_KEY), holder, log));
}

/** A server goes on where the filesystem knows no locks, as it always could; there a collector does not. */
async function lockLocally(
  path: string,
  holder: StoreHolder,
  log: Logger,
): Promise<AsyncDisposable> {
  try {
    return await lockFile(path, holder);
  } catch (error) {
    if (!(error instanceof NoLocksHere) || holder.role !== "server") throw error;
    log.warn("the filesystem has no locks: see to it that no other process writes to this store", {
      error,
    });
    return nothingToRelease;
  }
}

/** What nobody can take from a process that lives. */
function heldForGood(lock: AsyncDisposable): HeldStore {
  return {
    lost: new AbortController().signal,
    stillAlone: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
  };
}

const nothingToRelease: AsyncDisposable = {
  async [Symbol.asyncDispose]() {},
};
