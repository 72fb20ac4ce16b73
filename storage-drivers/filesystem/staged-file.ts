import type { BigIntStats } from "node:fs";
import { StagedOutOfOrder } from "../../src/storage/errors.ts";
import type { CallOptions, StagedInfo } from "../../src/storage/storage-driver.ts";
import { absentAsUndefined } from "./failures.ts";
import { DirectFile } from "./direct-file.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import { readFile, writeAll } from "./object-files.ts";

/** A file is what it was as long as its inode, size and time of change are. */
export function stagedInfo({ ino, size, mtime, mtimeNs }: BigIntStats): StagedInfo {
  return { sizeBytes: Number(size), modifiedAt: mtime, version: `${ino}:${size}:${mtimeNs}` };
}

/**
 * @throws {StagedOutOfOrder} when the file is not the one of `at`, or is published already: then it
 * has a second name, and writing to it would write into a finished object.
 */
export function checkUnchanged(key: string, stats: BigIntStats, at: StagedInfo): void {
  const { sizeBytes, version } = stagedInfo(stats);
  if (sizeBytes !== at.sizeBytes || version !== at.version) {
    throw new StagedOutOfOrder(key, sizeBytes);
  }
}

/** Whether two names, or a name and an open file, are the same file. */
export function isSameFile(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

interface Copying extends CallOptions {
  readonly key: string;
  readonly sizeBytes: number;
}

/**
 * Copies the first bytes of a staged file: it only grows, so they are the same whatever is appended
 * meanwhile. @throws {StagedOutOfOrder} when there are less.
 */
export async function copyBeginning(
  file: OpenFile,
  copy: OpenFile,
  { key, sizeBytes, signal }: Copying,
): Promise<void> {
  const range = { startBytes: 0, lengthBytes: sizeBytes };
  let copiedBytes = 0;
  for await (const piece of readFile(file, { key, signal, range })) {
    await writeAll(copy, [piece]);
    copiedBytes += piece.byteLength;
  }
  if (copiedBytes !== sizeBytes) throw new StagedOutOfOrder(key, copiedBytes);
}

/** A staged file that is open for appending. */
export interface OpenStaged {
  readonly key: string;
  readonly file: OpenFile;
  readonly path: string;
  readonly files: FileSystem;
  /** Whether large pieces go round the page cache, where the filesystem can do that. */
  readonly isDirect: boolean;
}

/**
 * Appends to a staged file, one piece after the other.
 *
 * The file is open for appending, so nothing that is there can be overwritten. Before each write and
 * at the end it must still be the file at its path, with no other name, of the size that we made it:
 * another writer, a publication or a deletion is noticed, in whatever process.
 */
export class StagedWriter implements AsyncDisposable {
  readonly #staged: OpenStaged;
  readonly #opened: BigIntStats;
  readonly #direct: DirectFile;
  #sizeBytes: number;

  /**
   * The file stays the caller's to close, after this was disposed.
   * @param opened what the open file was found to be.
   */
  constructor(staged: OpenStaged, opened: BigIntStats) {
    this.#staged = staged;
    this.#opened = opened;
    this.#sizeBytes = Number(opened.size);
    this.#direct = new DirectFile(staged, opened);
  }

  /** Resolves when `bytes` are written: they are free for other use then. @throws {StagedOutOfOrder} */
  async add(bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength === 0) return;
    await this.#unshared();
    const written = await this.#direct.append(bytes, this.#sizeBytes);
    this.#sizeBytes += written;
    if (written === bytes.byteLength) return;
    await writeAll(this.#staged.file, [bytes.subarray(written)]);
    this.#sizeBytes += bytes.byteLength - written;
  }

  /** @throws {StagedOutOfOrder} when somebody else has written too, or the file is no longer staged. */
  async finish(): Promise<StagedInfo> {
    const stats = await this.#unshared();
    return stagedInfo(stats);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#direct[Symbol.asyncDispose]();
  }

  async #unshared(): Promise<BigIntStats> {
    const { key, path, files } = this.#staged;
    const stats = await files.lstat(path, { bigint: true }).catch(absentAsUndefined);
    if (stats === undefined) throw new StagedOutOfOrder(key, 0);
    const isOurs = isSameFile(stats, this.#opened) && Number(stats.size) === this.#sizeBytes;
    if (!isOurs || stats.nlink > 1n) throw new StagedOutOfOrder(key, Number(stats.size));
    return stats;
  }
}
