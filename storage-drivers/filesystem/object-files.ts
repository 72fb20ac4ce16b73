import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { dirname } from "node:path";
import type { ByteRange, CallOptions } from "../../src/storage/storage-driver.ts";
import type { Directories } from "./directories.ts";
import { absentAsUndefined, namingFailure } from "./failures.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";

const READ_BYTES = 128 * 1024;
/** Flags to open a file with that must not be there yet. */
export const NEW_FILE =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
// Without O_NONBLOCK, opening a pipe that somebody left here would wait for ever.
const EXISTING_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Name of a file on its way to `path`; the reference registry names them the same way. */
export function temporaryPath(path: string): string {
  return `${path}.${randomBytes(8).toString("hex")}.tmp`;
}

/** @returns `undefined` when there is no plain file: a directory or a symbolic link is none. */
export async function openPlainFile(
  files: FileSystem,
  path: string,
  flags: number = EXISTING_FILE,
): Promise<OpenFile | undefined> {
  const file = await files.open(path, flags | constants.O_NOFOLLOW).catch(absentAsUndefined);
  if (file === undefined) return undefined;
  if ((await file.stat()).isFile()) return file;
  await file.close();
  return undefined;
}

interface Reading extends CallOptions {
  /** For messages. */
  readonly key: string;
  readonly range: ByteRange;
}

/** Large pieces, each in memory of its own. The file stays open. */
export async function* readFile(
  file: OpenFile,
  { key, signal, range: { startBytes, lengthBytes = Infinity } }: Reading,
): AsyncGenerator<Uint8Array> {
  const endBytes = startBytes + lengthBytes;
  for (let at = startBytes; at < endBytes;) {
    signal.throwIfAborted();
    const piece = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, endBytes - at));
    const read = file.read(piece, 0, piece.byteLength, at);
    const { bytesRead } = await namingFailure(`read ${key}`, () => read);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/** Writes everything, in as many calls as the kernel needs. */
export async function writeAll(file: OpenFile, pieces: readonly Uint8Array[]): Promise<void> {
  let rest = pieces;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest);
    if (bytesWritten === 0) throw Object.assign(new Error("nothing was written"), { code: "EIO" });
    rest = withoutFirst(rest, bytesWritten);
  }
}

function withoutFirst(pieces: readonly Uint8Array[], countBytes: number): readonly Uint8Array[] {
  let left = countBytes;
  for (const [index, piece] of pieces.entries()) {
    if (left < piece.byteLength) return [piece.subarray(left), ...pieces.slice(index + 1)];
    left -= piece.byteLength;
  }
  return [];
}

/** How a file is put in its place. */
export interface Placing {
  readonly files: FileSystem;
  readonly directories: Directories;
  /** A power cut may undo it. */
  readonly isVolatile?: boolean | undefined;
}

/** Gives the filled file `temporary` its name or not, and leaves nothing under the old one. */
export type Naming<Result> = (temporary: string) => Promise<Result>;

/**
 * Puts a whole file at `path` in one step, durably unless told: a reader sees the old file or the new
 * one. When it fails nothing is left behind.
 */
export async function replaceFile(
  path: string,
  bytes: Uint8Array,
  placing: Placing,
): Promise<void> {
  const { files } = placing;
  await placeFile(path, { bytes, placing, name: (temporary) => files.rename(temporary, path) });
}

/**
 * Fills a file beside `path` and leaves its name to `name`. What is at `path` then is durable unless
 * told, whoever has put it there.
 */
export async function placeFile<Result>(
  path: string,
  {
    bytes,
    placing: { files, directories, isVolatile = false },
    name,
  }: { readonly bytes: Uint8Array; readonly placing: Placing; readonly name: Naming<Result> },
): Promise<Result> {
  const folder = dirname(path);
  const place = async (): Promise<Result> => {
    const temporary = temporaryPath(path);
    const file = await files.open(temporary, NEW_FILE, 0o666);
    try {
      await fill(file, bytes, isVolatile ? undefined : directories);
      return await name(temporary);
    } catch (error) {
      await files.rm(temporary, { force: true }).catch(ignoreSecondFailure);
      throw error;
    }
  };
  const result = await directories.within(folder, place, { isVolatile });
  if (isVolatile) return result;
  await directories.sync(folder);
  await directories.settled(path);
  return result;
}

/** @param directories sync the file, too. */
async function fill(
  opened: OpenFile,
  bytes: Uint8Array,
  directories: Directories | undefined,
): Promise<void> {
  await using file = opened;
  await writeAll(file, bytes.byteLength === 0 ? [] : [bytes]);
  await directories?.syncFile(file);
}

/** The first failure is the one to tell; a temporary file left behind is never listed. */
function ignoreSecondFailure(): undefined {
  return undefined;
}
