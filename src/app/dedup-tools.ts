/** The commands at blobs as recipes and chunks that open a store themselves, put together from their parts. */
import { mkdtempDisposable, rm, stat, statfs } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import { dedupThreads, effectiveDedup } from "../config/dedup.ts";
import { Healing } from "../dedup/convert/healing.ts";
import { BlobNotes } from "../dedup/store/blob-notes.ts";
import { RecipeStore } from "../dedup/store/recipe-store.ts";
import { restoreData, type RestoredData } from "../dedup/tools/restore-data.ts";
import { planRestore, type RestorePlan } from "../dedup/tools/restore-room.ts";
import { type Amount, type Survey, surveyStore } from "../dedup/tools/survey.ts";
import { type VerifiedCold, verifyCold } from "../dedup/tools/verify-cold.ts";
import type { Watch } from "../dedup/tools/watching.ts";
import { type WorkedThrough, workThrough } from "../dedup/tools/work-through.ts";
import { openJobs } from "../dedup/work/open-jobs.ts";
import { Workshop } from "../dedup/workshop.ts";
import { systemClock } from "../lib/clock.ts";
import { errorText } from "../lib/error-text.ts";
import type { Logger } from "../observability/logger.ts";
import { type CallOptions, hasLocalFiles, type StorageDriver } from "../storage/storage-driver.ts";
import type { HeldStore, StoreRole } from "../storage/store-holder.ts";
import { holdStore } from "../storage/store-lock.ts";
import { entryUrl } from "./entries.ts";
import { openLog } from "./observation.ts";
import { makeStateDirectory, stateDirectoryOf } from "./state-directory.ts";
import { openExisting } from "./store-tools.ts";
import { readVersion } from "./version.ts";

export type DedupAmount = Amount;
export type DedupRestorePlan = RestorePlan;
export type DedupRestored = RestoredData;
export type DedupVerified = VerifiedCold;
export type DedupWorked = WorkedThrough;
export type WatchBytes = Watch;

export interface DedupSurvey extends Survey {
  /** Bytes of what this machine remembers of packs and blobs. */
  readonly indexBytes: number;
}

/** More make a single blob no faster. */
const MOST_MAKING_THREADS = 4;
/** Files of the state directory that tell of recipes and packs. */
const STATE_FILES = ["chunks.sqlite", "blobs.sqlite"].flatMap((name) =>
  ["", "-wal", "-shm"].map((suffix) => `${name}${suffix}`),
);
const SPOOL = "spool";

export interface SurveyStoreOptions extends CallOptions {
  /** Told, for people, what could not be looked at. */
  readonly onWarning: (text: string) => void;
}

/** Takes no lock, and changes nothing. @throws {StoreMissing} {StorageError} */
export async function surveyConfiguredStore(
  config: Config,
  { signal, onWarning }: SurveyStoreOptions,
): Promise<DedupSurvey> {
  await using driver = await openExisting(config, { signal });
  const directory = stateDirectoryOf(config);
  using notes = await notesIn(directory, onWarning);
  const onDamaged = (digest: string): void => onWarning(`the recipe of ${digest} is damaged`);
  const { mode } = effectiveDedup(config);
  const { coldMs } = config.barge.dedup;
  const nowMs = systemClock.now().getTime();
  const survey = await surveyStore({ driver, notes, mode, coldMs, nowMs, onDamaged, signal });
  return { ...survey, indexBytes: await bytesOfFiles(directory) };
}

export interface RunDedupOptions extends CallOptions {
  /** Default: what the config says. */
  readonly threads: number | undefined;
  /** How long nobody has used a blob that is cold. Default: what the config says. */
  readonly coldMs: number | undefined;
  readonly watch: WatchBytes;
}

/**
 * Holds the store as a server does meanwhile. The mode must not be `off`.
 * @throws {StoreMissing} {StoreInUse} {StoreLost} {StateDirectoryUnusable} {StorageError}
 */
export async function runDedup(config: Config, options: RunDedupOptions): Promise<DedupWorked> {
  const { dedup } = config.barge;
  const { mode } = effectiveDedup(config);
  const threads = options.threads ?? dedupThreads(dedup, availableParallelism());
  await using resources = new AsyncDisposableStack();
  const shop = await openShop(config, { ...options, role: "server", threads, resources });
  const { log, directory, signal } = shop;
  const clock = systemClock;
  const queue = resources.use(await openJobs({ directory, clock, log, signal }));
  const { coldMs = dedup.coldMs, watch } = options;
  return await workThrough({ ...shop, queue, mode, coldMs, threads, clock, watch });
}

export interface VerifyDedupOptions extends CallOptions {
  /** Only tells what is broken. */
  readonly dryRun: boolean;
  readonly watch: WatchBytes;
}

/**
 * Holds the store as a server does, unless it may not be written to.
 * @throws {StoreMissing} {StoreInUse} {StoreLost} {StateDirectoryUnusable} {StorageError}
 */
export async function verifyDedup(
  config: Config,
  { dryRun, watch, signal }: VerifyDedupOptions,
): Promise<DedupVerified> {
  const setsAside = !dryRun && !config.storage.readOnly;
  const role = setsAside ? "server" : undefined;
  await using resources = new AsyncDisposableStack();
  const shop = await openShop(config, { role, threads: 1, resources, signal });
  const { recipes, maker } = shop.workshop;
  return await verifyCold({ ...shop, recipes, maker, setsAside, watch });
}

/** What {@link restoreConfiguredStore} would do. Takes no lock, and changes nothing. @throws {StoreMissing} {StorageError} */
export async function planRestoring(
  config: Config,
  { signal }: CallOptions,
): Promise<DedupRestorePlan> {
  await using driver = await openExisting(config, { signal });
  const recipes = new RecipeStore(driver);
  return await planRestore({ driver, recipes, ...roomOf(config, driver), signal });
}

export interface RestoreStoreOptions extends CallOptions {
  readonly watch: WatchBytes;
}

/**
 * Brings all data back, alone in the store.
 * @throws {StoreMissing} {StoreInUse} {StoreNotLockable} {StoreLost} {StateDirectoryUnusable} {NoRoomToRestore} {StorageError}
 */
export async function restoreConfiguredStore(
  config: Config,
  options: RestoreStoreOptions,
): Promise<DedupRestored> {
  const restored = await restoreAlone(config, options);
  const directory = stateDirectoryOf(config);
  if (restored.isPlain && directory !== undefined) {
    for (const name of [...STATE_FILES, SPOOL]) {
      await rm(join(directory, name), { recursive: true, force: true });
    }
  }
  return restored;
}

async function restoreAlone(
  config: Config,
  { watch, signal: stop }: RestoreStoreOptions,
): Promise<DedupRestored> {
  await using resources = new AsyncDisposableStack();
  const shop = await openShop(config, { role: "collector", threads: 1, resources, signal: stop });
  const { driver, held, log, signal, workshop } = shop;
  const { recipes, index, maker } = workshop;
  return await restoreData({
    driver,
    recipes,
    maker,
    healing: new Healing({ driver, recipes, index, maker, log }),
    stillAlone: async (calling) => await held?.stillAlone(calling),
    ...roomOf(config, driver),
    watch,
    signal,
  });
}

interface ShopOptions extends CallOptions {
  /** Default: the store is not held, and not written to. */
  readonly role: StoreRole | undefined;
  /** For work that nobody waits for. */
  readonly threads: number;
  readonly resources: AsyncDisposableStack;
}

interface Shop extends CallOptions {
  readonly driver: StorageDriver;
  readonly held: HeldStore | undefined;
  /** For what may be lost. */
  readonly directory: string;
  readonly workshop: Workshop;
  readonly log: Logger;
}

/** @returns what it takes to make blobs. Its signal aborts, too, when the store must not be written to any more. */
async function openShop(
  config: Config,
  { role, threads, resources, signal: stop }: ShopOptions,
): Promise<Shop> {
  const log = openLog(quiet(config), { version: await readVersion(), resources });
  const driver = resources.use(await openExisting(config, { signal: stop }));
  const held = role && resources.use(await holdStore({ driver, role, log, signal: stop }));
  const signal = held === undefined ? stop : AbortSignal.any([stop, held.lost]);
  const directory = await workDirectory(config, resources);
  const workshop = await Workshop.open({
    driver,
    directory,
    threadUrl: entryUrl("dedup-thread"),
    makingThreads: Math.min(MOST_MAKING_THREADS, availableParallelism()),
    idleThreads: threads,
    diskFloorBytes: config.barge.dedup.diskFloorBytes,
    mayWrite: role !== undefined,
    log,
    signal,
  });
  resources.use(workshop);
  return { driver, held, directory, workshop, log, signal };
}

/** Who calls a command sees what it came to: the log is for what goes wrong. */
function quiet(config: Config): Config {
  const { log } = config;
  return { ...config, log: { ...log, level: log.level === "error" ? "error" : "warn" } };
}

async function workDirectory(config: Config, resources: AsyncDisposableStack): Promise<string> {
  const directory = stateDirectoryOf(config);
  if (directory !== undefined) {
    await makeStateDirectory(directory);
    return directory;
  }
  return resources.use(await mkdtempDisposable(join(tmpdir(), "barge-cold-"))).path;
}

interface Room {
  readonly freeBytes: () => Promise<number | undefined>;
  readonly diskFloorBytes: number;
}

function roomOf({ barge }: Config, driver: StorageDriver): Room {
  const freeBytes = async (): Promise<number | undefined> => {
    if (!hasLocalFiles(driver)) return undefined;
    const { bavail, bsize } = await statfs(dirname(driver.localPath("barge")));
    return bavail * bsize;
  };
  return { freeBytes, diskFloorBytes: barge.dedup.diskFloorBytes };
}

/** @returns `undefined` when there are none, or none that can be read; none are made. */
async function notesIn(
  directory: string | undefined,
  onWarning: (text: string) => void,
): Promise<BlobNotes | undefined> {
  const path = directory && join(directory, "blobs.sqlite");
  if (path === undefined || (await sizeOf(path)) === 0) return undefined;
  try {
    return BlobNotes.open(path);
  } catch (error) {
    onWarning(`${path} cannot be read: ${errorText(error)}`);
    return undefined;
  }
}

async function bytesOfFiles(directory: string | undefined): Promise<number> {
  if (directory === undefined) return 0;
  const sizes = await Promise.all(STATE_FILES.map((name) => sizeOf(join(directory, name))));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** 0 for a file that is not there, or that this user may not see. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}
