/** The purge of abandoned uploads, as `storage.maintenance.uploadpurging` asks for it. */
import { randomInt } from "node:crypto";
import type { StorageConfig } from "../config/config.ts";
import { schedulePurge } from "../content/upload-purge.ts";
import { systemClock } from "../lib/clock.ts";
import type { Logger } from "../observability/logger.ts";
import type { StorageDriver } from "../storage/storage-driver.ts";

/** As the reference: so that replicas that start together do not purge together. */
const MAX_FIRST_DELAY_MINUTES = 60;
const MINUTE_MS = 60_000;

/** Nothing is purged from a store that is read-only. Disposing it stops the schedule. */
export function startUploadPurge(
  { uploadPurging, readOnly }: StorageConfig,
  { driver, log }: { readonly driver: StorageDriver; readonly log: Logger },
): AsyncDisposable {
  const { enabled, ageMs, intervalMs, dryRun } = uploadPurging;
  if (!enabled || readOnly) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const firstDelayMs = randomInt(MAX_FIRST_DELAY_MINUTES) * MINUTE_MS;
  const timing = { ageMs, intervalMs, firstDelayMs, clock: systemClock };
  return schedulePurge({ driver, log, dryRun, ...timing });
}
