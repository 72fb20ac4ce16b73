import type { Dirent } from "node:fs";
import { isStorageKey, type ListEntry } from "../../src/storage/storage-driver.ts";
import { childKey, isObjectKey } from "../keys.ts";
import { absentAsUndefined } from "./failures.ts";
import type { FileSystem } from "./file-system.ts";
import type { FilesystemParts } from "./publish-file.ts";

/**
 * Objects and folders directly in the directory of `prefix`, unordered. Whatever else lies there is
 * left out: names that no key can have, hidden files, symbolic links to files, files on their way.
 */
export async function listDirectory(
  prefix: string,
  { files, pathOf }: FilesystemParts,
): Promise<readonly ListEntry[]> {
  const found = await files
    .readdir(pathOf(prefix), { withFileTypes: true })
    .catch(absentAsUndefined);
  const entries: ListEntry[] = [];
  for (const child of found ?? []) {
    const { name } = child;
    if (name.startsWith(".") || !isStorageKey(name)) continue;
    const kind = kindOf(child) ?? (await kindAt(pathOf(childKey(prefix, name)), files));
    if (kind === "prefix" || (kind === "object" && isFinished(childKey(prefix, name)))) {
      entries.push({ kind, name });
    }
  }
  return entries;
}

function isFinished(key: string): boolean {
  return !key.endsWith(".tmp") && isObjectKey(key);
}

/** @returns `undefined` when the directory does not tell. */
function kindOf(entry: Dirent): ListEntry["kind"] | undefined {
  if (entry.isFile()) return "object";
  return entry.isDirectory() ? "prefix" : undefined;
}

async function kindAt(path: string, files: FileSystem): Promise<ListEntry["kind"] | undefined> {
  const own = await files.lstat(path).catch(absentAsUndefined);
  if (own?.isFile() === true) return "object";
  const target =
    own?.isSymbolicLink() === true && (await files.stat(path).catch(absentAsUndefined));
  return (target || own)?.isDirectory() === true ? "prefix" : undefined;
}
