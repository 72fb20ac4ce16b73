/** The commands that open a store themselves, put together from their parts. */
import { access } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { openStorageDriver } from "../../storage-drivers/index.ts";
import type { Config } from "../config/config.ts";
import { type CheckReport, checkStore } from "../content/check/check-store.ts";
import type { CheckedCounts } from "../content/check/finding.ts";
import { AtRestCheck } from "../dedup/check/at-rest-check.ts";
import { type CollectedPacks, collectPacks } from "../dedup/collect/collect-packs.ts";
import { type Collected, collectGarbage, type CollectOutput } from "../gc/collect.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { holdStore } from "../storage/store-lock.ts";
import { entryUrl } from "./entries.ts";
import { openLog } from "./observation.ts";
import { readVersion } from "./version.ts";

/** There is nothing where the config says that the store is. */
export class StoreMissing extends Error {
  readonly kind = "StoreMissing";
}

/** More make a single blob no faster. */
const MOST_MAKING_THREADS = 4;

export type StoreReport = CheckReport;
export type StoreCounts = CheckedCounts;

export interface CheckStoreOptions extends CallOptions {
  /** Whether all data is read and hashed, and every blob made that has none. */
  readonly deep: boolean;
  /** Called often, with what was looked at so far. */
  readonly onProgress?: ((checked: StoreCounts) => void) | undefined;
}

/** Takes no lock. @throws {StoreMissing} @throws {StorageError} */
export async function checkConfiguredStore(
  config: Config,
  options: CheckStoreOptions,
): Promise<StoreReport> {
  await using driver = await openExisting(config, options);
  await using atRest = new AtRestCheck({
    driver,
    threadUrl: entryUrl("dedup-thread"),
    makingThreads: Math.min(MOST_MAKING_THREADS, availableParallelism()),
    signal: options.signal,
  });
  return await checkStore({ ...options, driver, atRest });
}

export interface CollectStoreOptions extends CallOptions {
  readonly deleteUntagged: boolean;
  /** Only tells what would be deleted. */
  readonly dryRun: boolean;
  readonly output: CollectOutput;
}

export interface StoreCollected extends Collected {
  readonly packs: CollectedPacks;
}

/**
 * Holds the store meanwhile.
 * @throws {StoreMissing} {StoreInUse} {StoreNotLockable} {MarkFailed} {NotAlone}, and nothing was deleted;
 * {SweepFailed}; {PacksKept} and {PackSweepFailed} when blobs were collected, and packs were not or not all.
 */
export async function collectConfiguredStore(
  config: Config,
  options: CollectStoreOptions,
): Promise<StoreCollected> {
  const { signal } = options;
  await using resources = new AsyncDisposableStack();
  const log = openLog(config, { version: await readVersion(), resources });
  const driver = resources.use(await openExisting(config, { signal }));
  const held = resources.use(await holdStore({ driver, role: "collector", log, signal }));
  const stillAlone = (calling: CallOptions): Promise<void> => held.stillAlone(calling);
  const collected = await collectGarbage({ ...options, driver, stillAlone });
  const { gone } = collected;
  return { ...collected, packs: await collectPacks({ ...options, driver, gone, stillAlone }) };
}

/**
 * Opening a driver makes the folder that it is told of; here a wrong name must not look like an empty store.
 * @throws {StoreMissing} {StorageError}
 */
export async function openExisting(
  { storage }: Config,
  options: CallOptions,
): Promise<StorageDriver> {
  const { driver } = storage;
  if (driver.name === "filesystem") {
    await access(driver.rootDirectory).catch((cause: unknown) => {
      throw new StoreMissing(`there is no store at ${driver.rootDirectory}`, { cause });
    });
  }
  return await openStorageDriver(driver, options);
}
