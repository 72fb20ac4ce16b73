import { dirname } from "node:path";
import { ObjectNotFound } from "../../src/storage/errors.ts";
import type { ObjectInfo, StagedInfo } from "../../src/storage/storage-driver.ts";
import type { Slots } from "../slots.ts";
import type { Directories } from "./directories.ts";
import { absentAsUndefined, errnoOf } from "./failures.ts";
import type { FileSystem } from "./file-system.ts";
import { openPlainFile, readFile, temporaryPath, writeAll, NEW_FILE } from "./object-files.ts";
import { checkUnchanged } from "./staged-file.ts";

/** What the halves of the driver share. */
export interface FilesystemParts {
  readonly files: FileSystem;
  readonly directories: Directories;
  /** Bounds the operations that hold an open file and end without anybody's help. */
  readonly slots: Slots;
  /** Absolute path of the file for a valid key. */
  readonly pathOf: (key: string) => string;
}

interface Publication {
  readonly at: StagedInfo;
  readonly parts: FilesystemParts;
}

/** What `link` says when the name is taken, or where a file cannot have a second name there. */
const NOT_LINKED: ReadonlySet<string> = new Set([
  "EEXIST",
  "EMLINK",
  "ENOSYS",
  "ENOTSUP",
  "EOPNOTSUPP",
  "EPERM",
  "EXDEV",
]);

/**
 * Gives the staged file `key` the name `to`, durably: sync the bytes, add the second name, sync the
 * directory, take the first name away. After a crash between any two of these it can be done again.
 */
export async function publishFile(
  key: string,
  to: string,
  { at, parts }: Publication,
): Promise<ObjectInfo> {
  const { files, directories, pathOf } = parts;
  const [from, target] = [pathOf(key), pathOf(to)];
  await using file = await openPlainFile(files, from);
  if (file === undefined) {
    const present = await objectAt(to, parts);
    if (present?.sizeBytes !== at.sizeBytes) throw new ObjectNotFound(key);
    return present;
  }
  checkUnchanged(key, await file.stat({ bigint: true }), at);
  await orDiscard(from, files, () => directories.syncFile(file));
  await directories.within(dirname(target), () => giveName(from, to, { at, parts }));
  await orDiscard(from, files, () => directories.sync(dirname(target)));
  await directories.settled(target);
  await files.unlink(from).catch(absentAsUndefined);
  return (await objectAt(to, parts)) ?? { key: to, ...at };
}

/** After a failed sync nobody knows what is on the disk, and a second one would call it fine. */
async function orDiscard(
  path: string,
  files: FileSystem,
  sync: () => Promise<void>,
): Promise<void> {
  try {
    await sync();
  } catch (error) {
    await files.unlink(path).catch(ignoreSecondFailure);
    throw error;
  }
}

async function giveName(from: string, to: string, { at, parts }: Publication): Promise<void> {
  const target = parts.pathOf(to);
  try {
    await parts.files.link(from, target);
    return;
  } catch (error) {
    if (!NOT_LINKED.has(errnoOf(error) ?? "")) throw error;
  }
  const present = await objectAt(to, parts);
  if (present?.sizeBytes !== at.sizeBytes) await moveOver(from, target, parts);
}

async function moveOver(from: string, target: string, parts: FilesystemParts): Promise<void> {
  try {
    await parts.files.rename(from, target);
  } catch (error) {
    if (errnoOf(error) !== "EXDEV") throw error;
    await copyOver(from, target, parts);
  }
}

/** For stores whose folders lie on different filesystems. */
async function copyOver(from: string, target: string, parts: FilesystemParts): Promise<void> {
  const { files } = parts;
  const temporary = temporaryPath(target);
  try {
    await copySynced(from, temporary, parts);
    await files.rename(temporary, target);
  } catch (error) {
    await files.rm(temporary, { force: true }).catch(ignoreSecondFailure);
    throw error;
  }
}

async function copySynced(
  from: string,
  target: string,
  { files, directories }: FilesystemParts,
): Promise<void> {
  await using source = await files.open(from);
  await using copy = await files.open(target, NEW_FILE, 0o666);
  const { signal } = new AbortController();
  const pieces = readFile(source, { key: from, signal, range: { startBytes: 0 } });
  for await (const piece of pieces) await writeAll(copy, [piece]);
  await directories.syncFile(copy);
}

/** @returns `undefined` when there is no plain file of that name. */
export async function objectAt(
  key: string,
  { files, pathOf }: FilesystemParts,
): Promise<ObjectInfo | undefined> {
  const stats = await files.lstat(pathOf(key)).catch(absentAsUndefined);
  return stats?.isFile() === true
    ? { key, sizeBytes: stats.size, modifiedAt: stats.mtime }
    : undefined;
}

/** The first failure is the one to tell; a file left behind is discarded with its upload. */
function ignoreSecondFailure(): undefined {
  return undefined;
}
