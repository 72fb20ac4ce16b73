/**
 * Marks of the processes that have a staged file open for appending: empty files beside it, named
 * `data.<identity>.<random>.tmp`.
 *
 * A writer makes its mark before it opens the file and takes it away after it has closed it. So
 * whoever finds no mark knows that nobody can write who had opened the file before. Marks need not
 * survive a power cut: no writer does.
 */
import { basename, dirname, join } from "node:path";
import { absentAsUndefined } from "./failures.ts";
import type { FileSystem } from "./file-system.ts";
import { NEW_FILE, temporaryPath } from "./object-files.ts";
import { formatIdentity, isGone, parseIdentity, type ProcessIdentity } from "./process-identity.ts";

/** What is needed to make marks and to judge those of others. */
export interface MarkParts {
  readonly files: FileSystem;
  /** `undefined` where the system does not tell; a mark left behind then counts for ever. */
  readonly identity: ProcessIdentity | undefined;
}

const RANDOM_END = /\.[0-9a-f]{16}\.tmp$/;

/**
 * To be called before the file at `path` is opened for appending, and disposed when it is closed.
 * Disposing never fails: a mark that stays costs its upload a copy and goes with it.
 * @returns `undefined` when there is no such folder.
 */
export async function markAppending(
  path: string,
  { files, identity }: MarkParts,
): Promise<AsyncDisposable | undefined> {
  const name = identity === undefined ? "unknown" : formatIdentity(identity);
  const mark = temporaryPath(`${path}.${name}`);
  const file = await files.open(mark, NEW_FILE, 0o666).catch(absentAsUndefined);
  await file?.close();
  return file && { [Symbol.asyncDispose]: () => remove(mark, files) };
}

/**
 * Whether some process may have the file at `path` open for appending. Only of a process that is
 * known to have ended the mark does not count, and is removed. Where the whole folder is gone the
 * marks went with it, and nobody can tell.
 */
export async function mayBeAppending(
  path: string,
  { files, identity }: MarkParts,
): Promise<boolean> {
  const folder = dirname(path);
  const names = await files.readdir(folder).catch(absentAsUndefined);
  if (names === undefined) return true;
  const start = `${basename(path)}.`;
  for (const name of names) {
    if (!name.startsWith(start) || !name.endsWith(".tmp")) continue;
    const writer = parseIdentity(name.slice(start.length).replace(RANDOM_END, ""));
    if (writer === undefined || !(await isGone(writer, identity))) return true;
    await remove(join(folder, name), files);
  }
  return false;
}

async function remove(mark: string, files: FileSystem): Promise<void> {
  await files.unlink(mark).catch(ignoreFailure);
}

function ignoreFailure(): undefined {
  return undefined;
}
