/**
 * Removes uploads that nobody goes on with.
 *
 * As the reference registry does it, only folders count that are named by a UUID and say in `startedat`
 * when they began. Unlike there, an upload that still grows is not removed, however long ago it began.
 */
import type { Clock } from "../lib/clock.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { Logger } from "../observability/logger.ts";
import { readWhole } from "../storage/read-whole.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { listUploads } from "./check/inventory.ts";
import { uploadData, uploadFolder, uploadStartedAt } from "./layout.ts";
import type { UploadId } from "./upload-id.ts";
import { walkRepositories } from "./walk.ts";

export interface PurgeOptions extends CallOptions {
  readonly driver: StorageDriver;
  readonly log: Logger;
  /** Uploads that began and last grew before this moment are removed. */
  readonly olderThan: Date;
  /** Only says in the log what would be removed. */
  readonly dryRun: boolean;
}

export interface PurgeResult {
  /** Uploads that were removed, or would have been. */
  readonly purged: number;
  /** Uploads and repositories that could not be looked at or removed. */
  readonly failed: number;
}

type Outcome = "kept" | "purged" | "failed";

interface UploadPlace {
  readonly name: RepositoryName;
  readonly id: UploadId;
}

const MAX_STARTED_AT_BYTES = 64;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * One bad upload or repository is logged and passed over.
 * @throws the signal's reason once it aborts, and nothing else.
 */
export async function purgeUploads(options: PurgeOptions): Promise<PurgeResult> {
  const { log, olderThan, dryRun, signal } = options;
  log.info(
    `PurgeUploads starting: olderThan=${olderThan.toISOString()}, actuallyDelete=${!dryRun}`,
  );
  const counts = { kept: 0, purged: 0, failed: 0 };
  try {
    for await (const outcome of outcomes(options)) counts[outcome] += 1;
  } catch (error) {
    signal.throwIfAborted();
    counts.failed += 1;
    log.error("the repositories cannot be listed; uploads wait for the next purge", { error });
  }
  log.info("PurgeUploads finished", { purged: counts.purged, failed: counts.failed });
  return { purged: counts.purged, failed: counts.failed };
}

/** When an upload began. @returns `undefined` when it does not say, and "unreadable" when nobody can tell what it says. */
export async function readStartedAt(
  driver: StorageDriver,
  key: string,
  { signal }: CallOptions,
): Promise<Date | "unreadable" | undefined> {
  const bytes = await readWhole(driver, key, { signal, maxBytes: MAX_STARTED_AT_BYTES });
  if (bytes === undefined) return undefined;
  const text = bytes.toString("latin1").trim();
  const startedAt = new Date(text);
  return RFC_3339.test(text) && !Number.isNaN(startedAt.getTime()) ? startedAt : "unreadable";
}

async function* outcomes(options: PurgeOptions): AsyncGenerator<Outcome> {
  const { driver, log, signal } = options;
  for await (const { name, folders } of walkRepositories({ driver, signal })) {
    if (!folders.has("_uploads")) continue;
    try {
      for await (const id of listUploads({ driver, name }, { signal })) {
        yield await purgeIfStale({ name, id }, options);
      }
    } catch (error) {
      signal.throwIfAborted();
      log.error("the uploads of a repository cannot be listed", { "vars.name": name, error });
      yield "failed";
    }
  }
}

async function purgeIfStale(upload: UploadPlace, options: PurgeOptions): Promise<Outcome> {
  const { driver, log, dryRun, signal } = options;
  const fields = { "vars.name": upload.name, "vars.uuid": upload.id };
  try {
    const startedAt = await staleSince(upload, options);
    if (startedAt === undefined) return "kept";
    if (!dryRun) await driver.deleteTree(uploadFolder(upload.name, upload.id), { signal });
    const what = dryRun ? "a stale upload would be removed" : "removed a stale upload";
    log.info(what, { ...fields, startedAt: startedAt.toISOString() });
    return "purged";
  } catch (error) {
    signal.throwIfAborted();
    log.error("a stale upload could not be judged or removed", { ...fields, error });
    return "failed";
  }
}

/** @returns when it began, if nobody goes on with it. @throws {TypeError} for a time that is none. */
async function staleSince(
  { name, id }: UploadPlace,
  { driver, olderThan, signal }: PurgeOptions,
): Promise<Date | undefined> {
  const startedAt = await readStartedAt(driver, uploadStartedAt(name, id), { signal });
  if (startedAt === "unreadable") throw new TypeError("startedat is not a time of RFC 3339");
  if (startedAt === undefined || startedAt >= olderThan) return undefined;
  const staged = await driver.staging.stat(uploadData(name, id), { signal });
  return staged === undefined || staged.modifiedAt < olderThan ? startedAt : undefined;
}

export interface PurgeSchedule {
  readonly driver: StorageDriver;
  readonly log: Logger;
  readonly clock: Clock;
  /** Age from which an upload is removed. */
  readonly ageMs: number;
  /** From the beginning of one purge to the beginning of the next, unless it takes longer. */
  readonly intervalMs: number;
  /** Until the first purge. Random is best, so that replicas of one store do not all purge at once. */
  readonly firstDelayMs: number;
  readonly dryRun: boolean;
}

/** Purges from time to time until it is disposed; disposed asynchronously, it waits for the purge that runs. */
export function schedulePurge(schedule: PurgeSchedule): Disposable & AsyncDisposable {
  const stopping = new AbortController();
  const ended = purgeForEver(schedule, stopping.signal).catch((error: unknown) => {
    if (!stopping.signal.aborted) schedule.log.error("uploads are purged no more", { error });
  });
  const stop = (): void => stopping.abort();
  return {
    [Symbol.dispose]: stop,
    async [Symbol.asyncDispose]() {
      stop();
      await ended;
    },
  };
}

async function purgeForEver(schedule: PurgeSchedule, signal: AbortSignal): Promise<never> {
  const { driver, log, clock, ageMs, intervalMs, firstDelayMs, dryRun } = schedule;
  let delayMs = firstDelayMs;
  for (;;) {
    log.info(`Starting upload purge in ${formatDuration(delayMs)}`);
    await clock.delay(delayMs, { signal });
    const startedMs = clock.now().getTime();
    const olderThan = new Date(startedMs - ageMs);
    await purgeUploads({ driver, log, olderThan, dryRun, signal });
    delayMs = Math.max(0, intervalMs - (clock.now().getTime() - startedMs));
  }
}

/** As Go writes durations: `34m0s`, `1h0m5s`, in whole seconds. */
function formatDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours}h${minutes}m${seconds % 60}s`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
