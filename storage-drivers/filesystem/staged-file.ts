import type { BigIntStats } from "node:fs";
import { StagedOutOfOrder } from "../../src/storage/errors.ts";
import type { StagedInfo } from "../../src/storage/storage-driver.ts";
import type { OpenFile } from "./file-system.ts";
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

/**
 * Appends to a staged file in large writes, one of them on its way while the next fills up.
 *
 * The file is open for appending, so nothing that is there can be overwritten. Before each write and
 * at the end its size must be what we made it: another writer, in whatever process, is noticed.
 */
export class StagedWriter {
  readonly #key: string;
  readonly #file: OpenFile;
  #sizeBytes: number;
  #pieces: Uint8Array[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  /** The file stays the caller's to close, after {@link finish} or {@link settle}. */
  constructor(key: string, file: OpenFile, at: StagedInfo) {
    this.#key = key;
    this.#file = file;
    this.#sizeBytes = at.sizeBytes;
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

  /** Writes what is left. @throws {StagedOutOfOrder} when somebody else has written too. */
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
    await writeAll(this.#file, pieces);
    this.#sizeBytes += pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  async #unshared(): Promise<BigIntStats> {
    const stats = await this.#file.stat({ bigint: true });
    if (Number(stats.size) !== this.#sizeBytes || stats.nlink > 1n) {
      throw new StagedOutOfOrder(this.#key, Number(stats.size));
    }
    return stats;
  }
}

function ignoreKnownFailure(): undefined {
  return undefined;
}
