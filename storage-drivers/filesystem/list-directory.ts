import type { Dirent } from "node:fs";
import { isStorageKey } from "../../src/storage/storage-driver.ts";
import { childKey, isObjectKey } from "../keys.ts";
import { absentAsUndefined } from "./failures.ts";
import { type DirectoryEntry, PackedListing } from "./packed-listing.ts";
import type { FilesystemParts } from "./publish-file.ts";

/**
 * What lies directly in the directory of `prefix`; nothing when there is none. Whatever can neither
 * be an object nor lead to one is left out: names that no key can have, hidden files, files on their
 * way. What a symbolic link leads to is for the caller to find out.
 */
export async function listDirectory(
  prefix: string,
  { files, pathOf }: Pick<FilesystemParts, "files" | "pathOf">,
): Promise<PackedListing> {
  const found = await files
    .readdir(pathOf(prefix), { withFileTypes: true })
    .catch(absentAsUndefined);
  const entries: DirectoryEntry[] = [];
  for (const child of found ?? []) {
    const { name } = child;
    const kind = kindOf(child);
    if (kind === undefined || name.startsWith(".") || !isStorageKey(name)) continue;
    if (kind !== "object" || isFinished(childKey(prefix, name))) entries.push({ kind, name });
  }
  return new PackedListing(entries);
}

function isFinished(key: string): boolean {
  return !key.endsWith(".tmp") && isObjectKey(key);
}

/** Where the directory does not tell, `readdir` has looked at the file itself. */
function kindOf(entry: Dirent): DirectoryEntry["kind"] | undefined {
  if (entry.isFile()) return "object";
  if (entry.isDirectory()) return "prefix";
  return entry.isSymbolicLink() ? "link" : undefined;
}
