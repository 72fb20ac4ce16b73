import type { BigIntStats } from "node:fs";
import { StagedOutOfOrder } from "../../src/storage/errors.ts";
import type { StagedInfo } from "../../src/storage/storage-driver.ts";
import { absentAsUndefined } from "./failures.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import { writeAll } from "./object-files.ts";

const BATCH_BYTES = 1024 * 1024;
/** Fewer than the kernel takes in one call (1,024). */
const BATCH_PIECES = 512;

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

/** A staged file that is open for appending. */
export interface OpenStaged {
  readonly key: string;
  readonly file: OpenFile;
  readonly path: string;
  readonly files: FileSystem;
}

/**
 * Appends to a staged file in large writes, one of them on its way while the next fills up.
 *
 * The file is open for appending, so nothing that is there can be overwritten. Before each write and
 * at the end it must still be the file at its path, with no other name, of the size that we made it:
 * another writer, a publication or a deletion is noticed, in whatever process.
 */
export class StagedWriter {
  readonly #staged: OpenStaged;
  readonly #opened: BigIntStats;
  #sizeBytes: number;
  #pieces: Uint8Array[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  /**
   * The file stays the caller's to close, after {@link finish} or {@link settle}.
   * @param opened what the open file was found to be.
   */
  constructor(staged: OpenStaged, opened: BigIntStats) {
    this.#staged = staged;
    this.#opened = opened;
    this.#sizeBytes = Number(opened.size);
  }

  /** Keeps `bytes` until they are written. Waits while a full batch waits for the one before it. */
  async add(bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength === 0) return;
    this.#pieces.push(bytes);
    this.#pendingBytes += bytes.byteLength;
    if (this.#pendingBytes >= BATCH_BYTES || this.#pieces.length >= BATCH_PIECES) {
      await this.#startWriting();
    }
  }

  /**
   * Writes what is left.
   * @throws {StagedOutOfOrder} when somebody else has written too, or the file is no longer staged.
   */
  async finish(): Promise<StagedInfo> {
    await this.#startWriting();
    await this.#writing;
    const stats = await this.#unshared();
    return stagedInfo(stats);
  }

  /** Waits for the write on its way, whatever becomes of it: only then may the file be closed. */
  async settle(): Promise<void> {
    await this.#writing.catch(ignoreKnownFailure);
  }

  async #startWriting(): Promise<void> {
    await this.#writing;
    if (this.#pieces.length === 0) return;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#pendingBytes = 0;
    this.#writing = this.#write(pieces);
    this.#writing.catch(ignoreKnownFailure); // whoever waits for it next is told
  }

  async #write(pieces: readonly Uint8Array[]): Promise<void> {
    await this.#unshared();
    await writeAll(this.#staged.file, pieces);
    this.#sizeBytes += pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
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

function ignoreKnownFailure(): undefined {
  return undefined;
}
