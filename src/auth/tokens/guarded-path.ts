/** Files and folders that decide who is let in: used only where nobody else could have put or changed them. */
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { SigningKeysRefused } from "./key-pem.ts";

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const PERMISSIONS = 0o777;
const ROOT = 0;

/** What matters of a file or folder. */
export interface Guarded {
  readonly uid: number;
  readonly mode: number;
}

export interface Guard {
  /** Of this process; `undefined` where the system has none. */
  readonly userId: number | undefined;
  /** Permissions that nobody else may have, as bits. */
  readonly withheld: number;
  /** What `chmod` is to set. */
  readonly mode: string;
}

/** What is wrong with whom it belongs to or who may get at it, and what to do; `undefined`: nothing. Pure. */
export function guardProblem(
  { uid, mode }: Guarded,
  { userId, withheld, mode: wanted }: Guard,
): string | undefined {
  if (userId !== undefined && uid !== userId && uid !== ROOT) {
    return `belongs to another user, ${uid}: make sure of where it comes from, then chown ${userId} it, or remove it`;
  }
  if ((mode & PERMISSIONS & withheld) === 0) return undefined;
  return `is open to other users of this machine: chmod ${wanted} it`;
}

/** @throws {SigningKeysRefused} unless it is a folder that nobody else may write to; ENOENT when there is none. */
export async function checkGuardedFolder(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) throw isLink(path);
  if (!found.isDirectory()) throw new SigningKeysRefused(`${path} is no directory: remove it`);
  refuse(path, guardProblem(found, { userId: ownId(), withheld: OTHERS_WRITE, mode: "700" }));
}

/** As {@link checkGuardedFolder}, for a file that others may read; one that is not there is right. */
export async function checkGuardedFile(path: string): Promise<void> {
  const found = await lstat(path).catch(absentAs(undefined));
  if (found === undefined) return;
  if (found.isSymbolicLink()) throw isLink(path);
  refuse(path, guardProblem(found, { userId: ownId(), withheld: OTHERS_WRITE, mode: "600" }));
}

/**
 * Opens a file that nobody else may read, without following a link. The caller closes it.
 * @throws {SigningKeysRefused} or the error of the file system, ENOENT among them.
 */
export async function openGuardedFile(path: string): Promise<FileHandle> {
  // A pipe in its place would keep us waiting.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: unknown) => {
    throw errnoOf(error) === "ELOOP" ? isLink(path) : error;
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new SigningKeysRefused(`${path} is no file: remove it`);
    refuse(path, guardProblem(found, { userId: ownId(), withheld: OTHERS, mode: "600" }));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** For `catch`: what stands for a file that is not there. */
export function absentAs<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (errnoOf(error) === "ENOENT") return value;
    throw error;
  };
}

/** The code that the system gives an error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function ownId(): number | undefined {
  return process.geteuid?.();
}

function refuse(path: string, problem: string | undefined): void {
  if (problem !== undefined) throw new SigningKeysRefused(`${path} ${problem}`);
}

function isLink(path: string): SigningKeysRefused {
  return new SigningKeysRefused(
    `${path} is a symbolic link, which is not followed: put what it points to in its place, or remove it`,
  );
}
