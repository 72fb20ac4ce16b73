/** The commands that open a store themselves, put together from their parts. */
import { access } from "node:fs/promises";
import { openStorageDriver } from "../../storage-drivers/index.ts";
import type { Config } from "../config/config.ts";
import { type CheckReport, checkStore } from "../content/check/check-store.ts";
import type { CheckedCounts } from "../content/check/finding.ts";
import { type Collected, collectGarbage, type CollectOutput } from "../gc/collect.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { holdStore } from "../storage/store-lock.ts";
import { openLog } from "./observation.ts";
import { readVersion } from "./version.ts";

/** There is nothing where the config says that the store is. */
export class StoreMissing extends Error {
  readonly kind = "StoreMissing";
}

export type StoreReport = CheckReport;
export type StoreCounts = CheckedCounts;

export interface CheckStoreOptions extends CallOptions {
  /** Whether all data is read and hashed. */
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
  return await checkStore({ ...options, driver });
}

export interface CollectStoreOptions extends CallOptions {
  readonly deleteUntagged: boolean;
  /** Only tells what would be deleted. */
  readonly dryRun: boolean;
  readonly output: CollectOutput;
}

export type StoreCollected = Collected;

/**
 * Holds the store meanwhile.
 * @throws {StoreMissing} {StoreInUse} {StoreNotLockable} {MarkFailed} {NotAlone}, and nothing was deleted; {SweepFailed}.
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
  return await collectGarbage({ ...options, driver, stillAlone });
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
