/**
 * A lock on a file, shared by servers or held by a collector alone, which the kernel takes back when
 * the process ends, however it ends.
 *
 * SQLite is used for nothing but its lock: an open transaction on an empty database is a
 * record lock on that file. Such a lock knows no process ids and needs no heartbeat. So it is right
 * after a kill, right between containers that share a volume and see other process ids, right where a
 * socket beside the data is not allowed, and right between machines on a network filesystem that
 * supports locks. A file made with O_EXCL, or a socket, would be wrong in one of these cases. Nothing
 * is ever written to the file, so that a full disk keeps nobody from locking.
 */
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import {
  formatHolder,
  parseHolder,
  type StoreHolder,
  StoreInUse,
  StoreNotLockable,
  type StoreRole,
} from "./store-holder.ts";
import { sqliteCodeOf } from "../lib/sqlite-code.ts";

/** Whether a failure means that the filesystem has no locks at all. */
export class NoLocksHere extends StoreNotLockable {}

/** Two that begin at the same moment must not both give up. Blocks the process for so long. */
const CONTENTION_MS = 250;
const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_PROTOCOL = 15;

/**
 * @param path the lock file, in a folder that is made for it with mode 0700. Nobody may open this file
 * in the same process otherwise: closing it would end the lock. Beside it lies `<path>.json`, in which
 * the latest holder says who it is; only a message is made from it.
 * @throws {StoreInUse} @throws {StoreNotLockable} with {@link NoLocksHere} for filesystems without locks.
 */
export async function lockFile(path: string, holder: StoreHolder): Promise<AsyncDisposable> {
  await makeFolder(path);
  const held = await openLocked(path, holder);
  const note = `${path}.json`;
  await leaveNote(note, holder).catch(ignoreMissingNote);
  await adopt(path, note).catch(ignoreMissingNote);
  return {
    async [Symbol.asyncDispose]() {
      await takeNoteBack(note, holder).catch(ignoreMissingNote);
      held.close();
    },
  };
}

async function makeFolder(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    await mkdir(dirname(folder), { recursive: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await adopt(dirname(folder), folder);
  } catch (cause) {
    throw new StoreNotLockable(`cannot make ${folder} for the lock: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * A transaction that has read keeps a shared lock until it ends; an exclusive one begins only when
 * nobody has either.
 */
const TRANSACTIONS = {
  server: "BEGIN; SELECT count(*) FROM sqlite_schema",
  collector: "BEGIN EXCLUSIVE",
} as const satisfies Record<StoreRole, string>;

/** Loaded only here: whoever locks nothing does without it. */
async function openLocked(path: string, { role }: StoreHolder): Promise<{ close(): void }> {
  const { DatabaseSync } = await import("node:sqlite");
  let database: InstanceType<typeof DatabaseSync> | undefined;
  try {
    database = new DatabaseSync(path, { timeout: CONTENTION_MS });
    database.exec(TRANSACTIONS[role]);
    return database;
  } catch (cause) {
    database?.close();
    const code = sqliteCodeOf(cause);
    if (code === SQLITE_BUSY) throw new StoreInUse(await readNote(`${path}.json`), role);
    const message = `cannot lock ${path}: ${reasonOf(cause)}`;
    const hasNoLocks = code === SQLITE_IOERR || code === SQLITE_PROTOCOL;
    throw new (hasNoLocks ? NoLocksHere : StoreNotLockable)(message, { cause });
  }
}

async function leaveNote(path: string, holder: StoreHolder): Promise<void> {
  await rm(path, { force: true });
  await writeFile(`${path}.tmp`, formatHolder(holder), { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}

/** Another server may have left its own since. */
async function takeNoteBack(path: string, holder: StoreHolder): Promise<void> {
  const text = await readFile(path, "utf8");
  if (text === formatHolder(holder)) await rm(path, { force: true });
}

async function readNote(path: string): Promise<StoreHolder | undefined> {
  const text = await readFile(path, "utf8").catch(ignoreMissingNote);
  return text === undefined ? undefined : parseHolder(text);
}

/** An administrator who collects garbage must not lock the server's own user out: what root makes here is given to whom the folder above belongs. */
async function adopt(...paths: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  for (const path of paths) {
    const { uid, gid } = await stat(dirname(path));
    await chown(path, uid, gid);
  }
}

/** The lock holds without its note; on a full disk there may be none. */
function ignoreMissingNote(): undefined {
  return undefined;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
