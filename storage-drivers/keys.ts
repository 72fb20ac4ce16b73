import { InvalidKey } from "../src/storage/errors.ts";
import { isStorageKey } from "../src/storage/storage-driver.ts";

/** Folder beside a staged object in which a driver keeps its own working files; never listed. */
export const DRIVER_FOLDER = "_driver";

const STAGED_KEY = /(?:^|\/)_uploads\/[^/]+\/data$/;
const WORKING_KEY = /(?:^|\/)_uploads\/[^/]+\/_driver(?:\/|$)/;

/**
 * Staged objects have keys of their own, `.../_uploads/<id>/data`. A driver that keeps one where the
 * finished object would lie tells the two apart by that.
 */
export function isStagedKey(key: string): boolean {
  return STAGED_KEY.test(key);
}

/** Neither a staged object nor a driver's working file: what `stat`, `read` and `list` may show. */
export function isObjectKey(key: string): boolean {
  return !isStagedKey(key) && !WORKING_KEY.test(key);
}

/** @throws {InvalidKey} */
export function checkKey(key: string): void {
  if (!isStorageKey(key)) throw new InvalidKey(key);
}

/** Of a key that is written to. @throws {InvalidKey} also for keys of staged objects. */
export function checkObjectKey(key: string): void {
  if (!isStorageKey(key) || !isObjectKey(key)) throw new InvalidKey(key);
}

/** @throws {InvalidKey} for keys that are not those of staged objects. */
export function checkStagedKey(key: string): void {
  if (!isStorageKey(key) || !isStagedKey(key)) throw new InvalidKey(key);
}

/** Of a prefix to list below; the empty one is the root. @throws {InvalidKey} */
export function checkPrefix(prefix: string): void {
  if (prefix !== "") checkKey(prefix);
}

/** The key of `name` directly below `prefix`. */
export function childKey(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}/${name}`;
}
