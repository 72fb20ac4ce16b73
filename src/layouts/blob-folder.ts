/** The files of an image on disk by their names, whether they lie in a folder or in a tar. */
import { isUtf8 } from "node:buffer";
import { open, realpath, stat } from "node:fs/promises";
import { join, posix, sep } from "node:path";
import { NotTar } from "../tar/tar-header.ts";
import { type TarEntry, TarWalker } from "../tar/tar-walker.ts";
import { type FileRange, LayoutError, shownName } from "./stored-layer.ts";

/** Finds a file of the image. Names use `/` and have no leading one. */
export type FindFile = (name: string) => Promise<FileRange | undefined>;

/** Headers of an archive are read with this much at a time: small files and their headers lie together. */
const READ_BYTES = 64 * 1024;
const MOST_LINKS = 8;
/** An archive of images has a handful of files for each layer; beyond this it is a layer itself. */
const MOST_FILES = 100_000;
const MOST_NAME_CHARACTERS = 16 * 1024 * 1024;

/**
 * @param file how to name it in messages.
 * @returns the files of a folder, which neither names nor links can leave; it throws {LayoutError} for a link that would.
 */
export function filesOfFolder(directory: string, file: string): FindFile {
  return async (name) => {
    if (posix.normalize(`./${name}`).startsWith("..")) return undefined;
    const path = await realPathOf(join(directory, name));
    if (path === undefined) return undefined;
    if (!path.startsWith(`${await realpath(directory)}${sep}`)) {
      throw new LayoutError(`${file}: ${shownName(name)} is a link that leads out of the folder`);
    }
    const found = await stat(path);
    return found.isFile() ? { path, offset: 0, sizeBytes: found.size } : undefined;
  };
}

/** @returns `undefined` where nothing is. */
async function realPathOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    return undefined;
  }
}

/**
 * @param file how to name it in messages.
 * @returns the files of a tar, by a look at its headers alone; `undefined` when the file is no tar.
 * @throws {LayoutError} when it begins as a tar and goes on as none, or ends early.
 */
export async function filesOfArchive(path: string, file: string): Promise<FindFile | undefined> {
  const entries = await entriesOf(path, file);
  if (entries === undefined) return undefined;
  const files = new Map(entries.map((entry) => [normal(textOf(entry.name)), entry]));
  return async (name) => {
    const entry = followed(files, name);
    if (entry === undefined) return undefined;
    return { path, offset: entry.bodyStart, sizeBytes: entry.sizeBytes };
  };
}

async function entriesOf(path: string, file: string): Promise<readonly TarEntry[] | undefined> {
  const entries: TarEntry[] = [];
  let characters = 0;
  const walker = new TarWalker((entry) => {
    entries.push(entry);
    characters += entry.name.length + entry.linkName.length;
  });
  const isLayer = (): boolean => {
    return entries.length > MOST_FILES || characters > MOST_NAME_CHARACTERS;
  };
  const sizeBytes = await walk(path, walker, isLayer).catch((cause: unknown) => {
    if (!(cause instanceof NotTar)) throw cause;
    if (entries.length === 0) return undefined;
    const after = `after ${entries.length} files`;
    throw new LayoutError(`${file}: the archive is damaged ${after}`, { cause });
  });
  if (entries.length === 0 || isLayer() || sizeBytes === undefined) return undefined;
  // Some programs leave the blocks of zeros out that end an archive.
  if (walker.hasEnded || walker.needs === sizeBytes) return entries;
  throw new LayoutError(`${file}: the archive ends early, in or after its file ${entries.length}`);
}

/** Reads headers and passes over bodies, to the end or till it is enough. @returns the file's size. @throws {NotTar} */
async function walk(path: string, walker: TarWalker, isEnough: () => boolean): Promise<number> {
  await using archive = await open(path);
  const { size } = await archive.stat();
  const buffer = new Uint8Array(READ_BYTES);
  for (let at = 0; at < size && !walker.hasEnded && !isEnough(); at = Math.max(at, walker.needs)) {
    const { bytesRead } = await archive.read(buffer, 0, READ_BYTES, at);
    if (bytesRead === 0) break;
    walker.skipTo(at);
    walker.write(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return size;
}

/** Old `docker save` keeps a layer that two images share once, and links to it. */
function followed(files: ReadonlyMap<string, TarEntry>, name: string): TarEntry | undefined {
  let at = normal(name);
  for (let links = 0; links < MOST_LINKS; links++) {
    const entry = files.get(at);
    if (entry === undefined || !isLink(entry)) return entry;
    const base = entry.type === "2" ? posix.dirname(at) : ".";
    at = normal(posix.join(base, textOf(entry.linkName)));
  }
  return undefined;
}

function isLink({ type }: TarEntry): boolean {
  return type === "1" || type === "2";
}

function normal(name: string): string {
  return posix.normalize(name).replace(/^\/+/, "");
}

/** A tar's names are told byte by byte; those in documents are text. */
function textOf(name: string): string {
  const bytes = Buffer.from(name, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : name;
}
