import type { BigIntStats } from "node:fs";
import { dirname } from "node:path";
import type { Slots } from "../../src/lib/slots.ts";
import { ObjectNotFound } from "../../src/storage/errors.ts";
import type { Clock } from "../../src/lib/clock.ts";
import type { ObjectInfo, StagedInfo } from "../../src/storage/storage-driver.ts";
import { type MarkParts, mayBeAppending } from "./append-marks.ts";
import type { Directories } from "./directories.ts";
import { absentAsUndefined, errnoOf, isWithoutSecondNames } from "./failures.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import { NEW_FILE, openPlainFile, temporaryPath } from "./object-files.ts";
import { checkUnchanged, copyBeginning, isSameFile } from "./staged-file.ts";

/** What the halves of the driver share. */
export interface FilesystemParts extends MarkParts {
  readonly directories: Directories;
  readonly clock: Clock;
  /** Bounds the operations that hold an open file and end without anybody's help. */
  readonly slots: Slots;
  /** Whether large uploads are written round the page cache. */
  readonly isDirect: boolean;
  /** Absolute path of the file for a valid key. */
  readonly pathOf: (key: string) => string;
}

interface Publication {
  readonly at: StagedInfo;
  readonly parts: FilesystemParts;
}

/** A publication whose staged file is open for reading. */
interface Publishing extends Publication {
  readonly key: string;
  readonly to: string;
  readonly file: OpenFile;
}

/**
 * Gives the staged file `key` the name `to`, durably: sync the bytes, add the second name, sync the
 * directory, take the first name away. After a crash between any two of these it can be done again.
 *
 * An object of the same size is kept, and only its name is synced: the process that gave it the name may
 * not have come to that yet.
 *
 * Where a process may still be appending, the object becomes a file of its own: what is staged only
 * grows, so its first bytes are those of `at` whatever is written meanwhile.
 */
export async function publishFile(
  key: string,
  to: string,
  { at, parts }: Publication,
): Promise<ObjectInfo> {
  const { files, directories, pathOf } = parts;
  const [from, target] = [pathOf(key), pathOf(to)];
  await using file = await openPlainFile(files, from);
  if (file === undefined) await checkPublished(key, to, { at, parts });
  else await putBytes({ key, to, file, at, parts });
  // Whoever gave the object its name, in whatever process, may not have synced it yet.
  await orDiscard(from, files, () => directories.sync(dirname(target)));
  await directories.settled(target);
  await files.unlink(from).catch(absentAsUndefined);
  return (await objectAt(to, parts)) ?? { key: to, ...at };
}

/** @throws {ObjectNotFound} unless the object is there, as one that ended the staged file leaves it. */
async function checkPublished(key: string, to: string, { at, parts }: Publication): Promise<void> {
  const present = await objectAt(to, parts);
  if (present?.sizeBytes !== at.sizeBytes) throw new ObjectNotFound(key);
}

/** Sees to it that the object is there with all its bytes on the disk. */
async function putBytes(publishing: Publishing): Promise<void> {
  const { key, to, file, at, parts } = publishing;
  const { files, directories, pathOf } = parts;
  const stats = await file.stat({ bigint: true });
  checkUnchanged(key, stats, at);
  if (await isKept(stats, to, parts)) return;
  await orDiscard(pathOf(key), files, () => directories.syncFile(file));
  await directories.within(dirname(pathOf(to)), () => putInPlace(publishing));
}

/** Whether another file of the same size is the object: its bytes were synced before it got the name. */
async function isKept(
  staged: BigIntStats,
  to: string,
  { files, pathOf }: FilesystemParts,
): Promise<boolean> {
  const there = await files.lstat(pathOf(to), { bigint: true }).catch(absentAsUndefined);
  return there?.isFile() === true && there.size === staged.size && !isSameFile(there, staged);
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

/**
 * A writer looks at the names of its file before each write, and leaves a mark before that. Once the
 * file has its second name, nobody begins to write to it any more, and who did before is found by
 * the mark or, when it has finished, by the size.
 */
async function putInPlace(publishing: Publishing): Promise<void> {
  const { key, parts } = publishing;
  const isPlaced =
    !(await mayBeAppending(parts.pathOf(key), parts)) && (await giveName(publishing));
  if (await needsCopy(publishing, isPlaced)) await copyOver(publishing);
}

/** @returns whether what is staged got the name; it may have been replaced by then. */
async function giveName({ key, to, at, parts }: Publishing): Promise<boolean> {
  const { files, pathOf } = parts;
  try {
    await files.link(pathOf(key), pathOf(to));
    return true;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST" && !isWithoutSecondNames(error)) throw error;
  }
  const present = await objectAt(to, parts);
  if (present?.sizeBytes === at.sizeBytes) return false;
  await files.rename(pathOf(key), pathOf(to)).catch(elsewhereAsUndefined);
  return true;
}

/** Whether what stands in the object's place is missing, damaged, or may still be written to. */
async function needsCopy(
  { key, to, file, at, parts }: Publishing,
  isPlaced: boolean,
): Promise<boolean> {
  const { files, pathOf } = parts;
  const there = await files.lstat(pathOf(to), { bigint: true }).catch(absentAsUndefined);
  if (there?.isFile() !== true) return true;
  const isStagedFile = isSameFile(there, await file.stat({ bigint: true }));
  // Another file that was staged there meanwhile belongs to whoever writes to it.
  if (isPlaced && !isStagedFile) return true;
  if (isStagedFile && (await mayBeAppending(pathOf(key), parts))) return true;
  // The size counts only now: a writer that has left no mark behind has finished.
  const { size } = isStagedFile ? await file.stat() : { size: Number(there.size) };
  return size !== at.sizeBytes;
}

async function copyOver(publishing: Publishing): Promise<void> {
  const { files, pathOf } = publishing.parts;
  const target = pathOf(publishing.to);
  const temporary = temporaryPath(target);
  try {
    await copySynced(temporary, publishing);
    await files.rename(temporary, target);
  } catch (error) {
    await files.rm(temporary, { force: true }).catch(ignoreSecondFailure);
    throw error;
  }
}

async function copySynced(
  target: string,
  { key, file, at: { sizeBytes }, parts: { files, directories } }: Publishing,
): Promise<void> {
  await using copy = await files.open(target, NEW_FILE, 0o666);
  const { signal } = new AbortController();
  await copyBeginning(file, copy, { key, sizeBytes, signal });
  await directories.syncFile(copy);
}

/** For `catch`: where the object lies on another filesystem it is copied. */
function elsewhereAsUndefined(error: unknown): undefined {
  if (errnoOf(error) !== "EXDEV") throw error;
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
