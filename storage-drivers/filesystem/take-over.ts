import { ObjectNotFound, StagedOutOfOrder } from "../../src/storage/errors.ts";
import type { CallOptions, StagedInfo } from "../../src/storage/storage-driver.ts";
import { findMarks, type Mark, newMarkPath, removeMark } from "./append-marks.ts";
import { absentAsUndefined, namingFailure } from "./failures.ts";
import { NEW_FILE, openPlainFile } from "./object-files.ts";
import type { FilesystemParts } from "./publish-file.ts";
import { checkUnchanged, copyBeginning, stagedInfo } from "./staged-file.ts";

const FIRST_PAUSE_MS = 5;
const MAX_PAUSE_MS = 1_000;
/** About what a disk copies. */
const COPIED_BYTES_PER_MS = 1024 * 1024;

interface TakingOver extends CallOptions {
  readonly at: StagedInfo;
  /** The own mark, which is there already: of two that come at once, one sees the other. */
  readonly mark: Mark;
  readonly parts: FilesystemParts;
}

/**
 * Sees to it that no other process writes to a staged file. A client whose connection broke may go on
 * at another process while the first still writes what had arrived there: both would look, find all
 * as it should be, and append.
 *
 * So the newer leaves the file to the older and goes on with a copy: the older finds that before its
 * next write, also when it waits for a silent client or was stopped, and nobody has to tell whether it
 * lives. Mostly it is about to end: the newer waits for that, but no longer than the copy would take.
 *
 * @returns what is to be appended to now: `at`, or a copy of it.
 * @throws {StagedOutOfOrder} when the older has written meanwhile. @throws {ObjectNotFound}
 */
export async function takeOver(key: string, taking: TakingOver): Promise<StagedInfo> {
  const { parts, signal, at } = taking;
  let marks = await otherMarks(key, taking);
  for (let pauseMs = FIRST_PAUSE_MS; marks.length > 0; pauseMs *= 2) {
    if (pauseMs > MAX_PAUSE_MS || pauseMs * COPIED_BYTES_PER_MS > at.sizeBytes) {
      return await namingFailure(`copy ${key}`, () => goOnWithCopy(key, marks, taking));
    }
    await parts.clock.delay(pauseMs, { signal });
    marks = await otherMarks(key, taking);
  }
  return at;
}

/** A folder that is gone has none: there is nothing to append to either. */
async function otherMarks(key: string, { mark, parts }: TakingOver): Promise<readonly string[]> {
  const path = parts.pathOf(key);
  const options = { ...parts, own: mark };
  return (await namingFailure(`look at ${key}`, () => findMarks(path, options))) ?? [];
}

async function goOnWithCopy(
  key: string,
  marks: readonly string[],
  { at, parts, signal }: TakingOver,
): Promise<StagedInfo> {
  const { files, pathOf } = parts;
  const path = pathOf(key);
  await using old = await openPlainFile(files, path);
  if (old === undefined) throw new ObjectNotFound(key);
  checkUnchanged(key, await old.stat({ bigint: true }), at);
  const temporary = newMarkPath(path, parts);
  await using copy = await files.open(temporary, NEW_FILE, 0o666);
  try {
    await copyBeginning(old, copy, { key, signal, sizeBytes: at.sizeBytes });
    const there = await files.lstat(path, { bigint: true }).catch(absentAsUndefined);
    if (there === undefined) throw new ObjectNotFound(key);
    checkUnchanged(key, there, at);
    if (there.nlink > 1n) throw new StagedOutOfOrder(key, at.sizeBytes);
    await files.rename(temporary, path);
  } catch (error) {
    await removeMark(temporary, files);
    throw error;
  }
  // Their writers have the old file. Without a name left it can no longer become an object either.
  if ((await old.stat()).nlink === 0) for (const mark of marks) await removeMark(mark, files);
  return stagedInfo(await copy.stat({ bigint: true }));
}
