import type { Dirent } from "node:fs";
import { isStorageKey } from "../../src/storage/storage-driver.ts";
import { childKey, isObjectKey } from "../keys.ts";
import { absentAsUndefined } from "./failures.ts";
import type { FileSystem } from "./file-system.ts";
import { type DirectoryEntry, PackedListing, packedText } from "./packed-listing.ts";
import type { FilesystemParts } from "./publish-file.ts";

/** As many entries of a large directory are read at a time. */
const ENTRIES_AT_A_TIME = 1024;

interface ListOptions {
  readonly parts: Pick<FilesystemParts, "files" | "pathOf">;
  /** Says how to read it, for what is fast for a few entries leaves much garbage behind for many. */
  readonly isLarge: boolean;
}

/**
 * What lies directly in the directory of `prefix`; nothing when there is none. Whatever can neither
 * be an object nor lead to one is left out: names that no key can have, hidden files, files on their
 * way. What a symbolic link leads to is for the caller to find out.
 */
export async function listDirectory(
  prefix: string,
  { parts: { files, pathOf }, isLarge }: ListOptions,
): Promise<PackedListing> {
  const path = pathOf(prefix);
  const texts: string[] = [];
  const add = (child: Dirent): void => {
    const { name } = child;
    const kind = kindOf(child);
    if (kind === undefined || name.startsWith(".") || !isStorageKey(name)) return;
    if (kind !== "object" || isFinished(childKey(prefix, name))) texts.push(packedText(kind, name));
  };
  if (isLarge) await readLarge(path, files, add).catch(absentAsUndefined);
  else (await readSmall(path, files)).forEach(add);
  return new PackedListing(texts);
}

async function readSmall(path: string, files: FileSystem): Promise<readonly Dirent[]> {
  return (await files.readdir(path, { withFileTypes: true }).catch(absentAsUndefined)) ?? [];
}

async function readLarge(
  path: string,
  files: FileSystem,
  add: (child: Dirent) => void,
): Promise<void> {
  await using directory = await files.opendir(path, { bufferSize: ENTRIES_AT_A_TIME });
  for (let child = await directory.read(); child !== null; child = await directory.read()) {
    add(child);
  }
}

function isFinished(key: string): boolean {
  return !key.endsWith(".tmp") && isObjectKey(key);
}

/** Where the directory does not tell, reading it has looked at the file itself. */
function kindOf(entry: Dirent): DirectoryEntry["kind"] | undefined {
  if (entry.isFile()) return "object";
  if (entry.isDirectory()) return "prefix";
  return entry.isSymbolicLink() ? "link" : undefined;
}
