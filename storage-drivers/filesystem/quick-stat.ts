import { lstatSync, type Stats } from "node:fs";
import type { QuickInfo } from "../../src/storage/storage-driver.ts";
import { isAbsence, toStorageError } from "./failures.ts";

/** Several times the steps in which kernels count the time. */
const FINE_SETTLES_MS = 100;
/** For file systems that keep whole seconds, or every other one. */
const COARSE_SETTLES_MS = 2_500;
const SECOND_MS = 1_000;
const LOOK = { throwIfNoEntry: false } as const;

/** @returns `undefined` when there is no plain file. @throws {StorageUnavailable} */
export function quickStatFile(path: string, key: string): QuickInfo | undefined {
  const found = lstat(path, key);
  return found?.isFile() === true ? infoOf(found) : undefined;
}

function lstat(path: string, key: string): Stats | undefined {
  try {
    return lstatSync(path, LOOK);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw toStorageError(error, `look at ${key}`);
  }
}

/** Exported for tests. */
export function infoOf({
  dev,
  ino,
  size,
  mtimeMs,
  ctimeMs,
}: Pick<Stats, "ctimeMs" | "dev" | "ino" | "mtimeMs" | "size">): QuickInfo {
  // A time without a fraction may come from where none are kept.
  const isFine = ctimeMs % SECOND_MS !== 0;
  return {
    sizeBytes: size,
    version: [dev, ino, size, mtimeMs, ctimeMs],
    settlesAfterMs: isFine ? FINE_SETTLES_MS : COARSE_SETTLES_MS,
  };
}
