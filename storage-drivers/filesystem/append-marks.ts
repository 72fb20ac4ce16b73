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

export interface Mark extends AsyncDisposable {
  readonly path: string;
}

/**
 * To be called before the file at `path` is opened for appending, and disposed when it is closed.
 * Disposing never fails: a mark that stays costs its upload a copy and goes with it.
 * @returns `undefined` when there is no such folder.
 */
export async function markAppending(path: string, parts: MarkParts): Promise<Mark | undefined> {
  const { files } = parts;
  const mark = newMarkPath(path, parts);
  const file = await files.open(mark, NEW_FILE, 0o666).catch(absentAsUndefined);
  await file?.close();
  return file && { path: mark, [Symbol.asyncDispose]: () => removeMark(mark, files) };
}

/** What stands at such a path counts as a mark of this process, whatever is in it. */
export function newMarkPath(path: string, { identity }: MarkParts): string {
  return temporaryPath(`${path}.${identity === undefined ? "unknown" : formatIdentity(identity)}`);
}

/** Whether some process may have the file at `path` open for appending. */
export async function mayBeAppending(path: string, parts: MarkParts): Promise<boolean> {
  const marks = await findMarks(path, parts);
  return marks === undefined || marks.length > 0;
}

/**
 * Paths of the marks on the file at `path`. Only of a process that is known to have ended the mark
 * does not count, and is removed.
 * @param parts.own is left out.
 * @returns `undefined` where the whole folder is gone: the marks went with it, and nobody can tell.
 */
export async function findMarks(
  path: string,
  { files, identity, own }: MarkParts & { readonly own?: Mark },
): Promise<readonly string[] | undefined> {
  const folder = dirname(path);
  const names = await files.readdir(folder).catch(absentAsUndefined);
  if (names === undefined) return undefined;
  const start = `${basename(path)}.`;
  const marks: string[] = [];
  for (const name of names) {
    if (!name.startsWith(start) || !name.endsWith(".tmp")) continue;
    const writer = parseIdentity(name.slice(start.length).replace(RANDOM_END, ""));
    const mark = join(folder, name);
    if (mark === own?.path) continue;
    if (writer === undefined || !(await isGone(writer, identity))) marks.push(mark);
    else await removeMark(mark, files);
  }
  return marks;
}

/** Never fails. */
export async function removeMark(mark: string, files: FileSystem): Promise<void> {
  await files.unlink(mark).catch(ignoreFailure);
}

function ignoreFailure(): undefined {
  return undefined;
}
