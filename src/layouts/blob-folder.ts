/** The files of an image on disk by their names, whether they lie in a folder or in a tar. */
import { open, stat } from "node:fs/promises";
import { posix, join } from "node:path";
import { NotTar } from "../tar/tar-header.ts";
import { type TarEntry, TarWalker } from "../tar/tar-walker.ts";
import { type FileRange, LayoutError } from "./stored-layer.ts";

/** Finds a file of the image. Names use `/` and have no leading one. */
export type FindFile = (name: string) => Promise<FileRange | undefined>;

/** Headers of an archive are read with this much at a time: small files and their headers lie together. */
const READ_BYTES = 64 * 1024;
const MOST_LINKS = 8;

/** @returns the files of a folder. @param directory is not left: names come from checked digests. */
export function filesOfFolder(directory: string): FindFile {
  return async (name) => {
    const path = join(directory, name);
    try {
      const found = await stat(path);
      return found.isFile() ? { path, offset: 0, sizeBytes: found.size } : undefined;
    } catch {
      return undefined;
    }
  };
}

/**
 * @returns the files of a tar, by a look at its headers alone; `undefined` when the file is no tar.
 * @throws {LayoutError} when it begins as a tar and goes on as none.
 */
export async function filesOfArchive(path: string): Promise<FindFile | undefined> {
  const entries = await entriesOf(path);
  if (entries === undefined) return undefined;
  const files = new Map(entries.map((entry) => [normal(entry.name), entry]));
  return async (name) => {
    const entry = followed(files, name);
    if (entry === undefined) return undefined;
    return { path, offset: entry.bodyStart, sizeBytes: entry.sizeBytes };
  };
}

async function entriesOf(path: string): Promise<readonly TarEntry[] | undefined> {
  const entries: TarEntry[] = [];
  const walker = new TarWalker((entry) => entries.push(entry));
  await using file = await open(path);
  const { size } = await file.stat();
  const buffer = new Uint8Array(READ_BYTES);
  try {
    for (let at = 0; at < size && !walker.hasEnded; at = Math.max(at, walker.needs)) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, at);
      if (bytesRead === 0) break;
      walker.skipTo(at);
      walker.write(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } catch (cause) {
    if (!(cause instanceof NotTar)) throw cause;
    if (entries.length === 0) return undefined;
    throw new LayoutError(`${path}: the archive is damaged after ${entries.length} files`, {
      cause,
    });
  }
  return entries.length === 0 ? undefined : entries;
}

/** Old `docker save` keeps a layer that two images share once, and links to it. */
function followed(files: ReadonlyMap<string, TarEntry>, name: string): TarEntry | undefined {
  let at = normal(name);
  for (let links = 0; links < MOST_LINKS; links++) {
    const entry = files.get(at);
    if (entry === undefined || !isLink(entry)) return entry;
    const base = entry.type === "2" ? posix.dirname(at) : ".";
    at = normal(posix.join(base, entry.linkName));
  }
  return undefined;
}

function isLink({ type }: TarEntry): boolean {
  return type === "1" || type === "2";
}

function normal(name: string): string {
  return posix.normalize(name).replace(/^\/+/, "");
}
