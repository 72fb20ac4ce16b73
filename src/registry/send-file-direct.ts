/**
 * Reads files round the page cache: what nobody has asked for lately costs a fraction of the CPU so,
 * and takes no memory from what is wanted again and again.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { BoundedMap } from "../lib/bounded-map.ts";
import { ALIGNMENT_BYTES, type AllocateShared } from "../os/aligned-memory.ts";
import { readPiece } from "./send-file-buffered.ts";
import { BufferPool, type Lease } from "./buffer-pool.ts";
import type { PendingPiece, Piece, PieceReader } from "./send-file-pieces.ts";
import type { SentFile } from "./send-file.ts";

/** Less is sooner read the ordinary way. */
const LEAST_BYTES = 2 ** 20;
/** Idle ones are memory that nobody else has. */
const BLOCKS = { sizeBytes: 2 ** 20, maxLent: 24, maxIdle: 6 } as const;
/** Files that were read so lately and are remembered. */
const REMEMBERED = 1_000;
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_DIRECT;

export interface DirectRange {
  readonly startBytes: number;
  readonly endBytes: number;
  /** For what cannot be read so. */
  readonly fallback: PieceReader;
}

export class DirectFiles {
  readonly #blocks: BufferPool;
  /** How many bytes of a file were read so, and then through the page cache, by its id. */
  readonly #readBytes = new BoundedMap<string, number>(REMEMBERED);

  /** @param allocate gives memory that is aligned, or reading takes the ordinary way. */
  constructor(allocate: AllocateShared) {
    this.#blocks = new BufferPool({ ...BLOCKS, allocate });
  }

  /**
   * Say so after a range of which something was read through the page cache, for all of it. When it is
   * not in memory the next time, the cache has no room for it, and it is read directly again.
   */
  noteCached({ id, sizeBytes }: SentFile, lengthBytes: number): void {
    const readBytes = (this.#readBytes.get(id) ?? 0) + lengthBytes;
    if (readBytes < 2 * sizeBytes) this.#readBytes.set(id, readBytes);
    else if (readBytes < Infinity) this.#readBytes.delete(id);
  }

  /**
   * A file is read directly until that was done to as many bytes as it has. Whoever wants them again
   * has them read into the page cache. The caller closes it when nothing is being read.
   * @returns `undefined` when the range should be read the ordinary way.
   */
  async open(file: SentFile, range: DirectRange): Promise<DirectReader | undefined> {
    const isSmall = range.endBytes - range.startBytes < LEAST_BYTES;
    if (isSmall || !this.#isNew(file)) return undefined;
    const handle = await openSame(file);
    if (handle === undefined) this.#giveUp(file);
    return handle && this.#reader(file, handle, range.fallback);
  }

  #noteRead({ id, sizeBytes }: SentFile, lengthBytes: number): void {
    const readBytes = (this.#readBytes.get(id) ?? 0) + lengthBytes;
    this.#readBytes.set(id, Math.min(readBytes, sizeBytes));
  }

  #isNew({ id, sizeBytes }: SentFile): boolean {
    return (this.#readBytes.get(id) ?? 0) < sizeBytes;
  }

  #giveUp({ id }: SentFile): void {
    this.#readBytes.set(id, Infinity);
  }

  #reader(file: SentFile, handle: FileHandle, fallback: PieceReader): DirectReader {
    return new DirectReader(handle, {
      fallback,
      take: () => (this.#isNew(file) ? this.#blocks.take() : undefined),
      onRead: (lengthBytes) => this.#noteRead(file, lengthBytes),
      onRefused: () => this.#giveUp(file),
    });
  }
}

interface ReaderOptions {
  readonly fallback: PieceReader;
  /** @returns `undefined` when the next piece should be read the ordinary way. */
  readonly take: () => Lease | undefined;
  readonly onRead: (lengthBytes: number) => void;
  readonly onRefused: () => void;
}

export class DirectReader implements PieceReader, AsyncDisposable {
  readonly ahead = 3;
  readonly #handle: FileHandle;
  readonly #options: ReaderOptions;

  constructor(handle: FileHandle, options: ReaderOptions) {
    this.#handle = handle;
    this.#options = options;
  }

  read(startBytes: number, endBytes: number): PendingPiece {
    const lease = this.#options.take();
    if (lease === undefined) return this.#options.fallback.read(startBytes, endBytes);
    const skippedBytes = startBytes % ALIGNMENT_BYTES;
    const wantedBytes = Math.min(lease.bytes.byteLength - skippedBytes, endBytes - startBytes);
    this.#options.onRead(wantedBytes);
    const piece = this.#readBlock(lease, { startBytes, skippedBytes, wantedBytes });
    return { wantedBytes, piece };
  }

  async #readBlock(lease: Lease, part: BlockPart): Promise<Piece> {
    const { startBytes, skippedBytes, wantedBytes } = part;
    const neededBytes = skippedBytes + wantedBytes;
    const lengthBytes = Math.ceil(neededBytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    const place = { handle: this.#handle, startBytes: startBytes - skippedBytes, lengthBytes };
    try {
      const piece = await readPiece(lease, place);
      return { ...piece, read: piece.read.subarray(skippedBytes, neededBytes) };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#options.onRefused();
      return await this.#options.fallback.read(startBytes, startBytes + wantedBytes).piece;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

interface BlockPart {
  readonly startBytes: number;
  /** From where the kernel would begin to where the part begins. */
  readonly skippedBytes: number;
  readonly wantedBytes: number;
}

/** Opens the file once more. @returns `undefined` when it cannot be opened so, or its path leads to another one now. */
async function openSame({ path, id }: SentFile): Promise<FileHandle | undefined> {
  await using resources = new AsyncDisposableStack();
  try {
    const handle = resources.use(await open(path, FLAGS));
    const { dev, ino } = await handle.stat({ bigint: true });
    if (`${dev}:${ino}` !== id) return undefined;
    resources.move();
    return handle;
  } catch {
    return undefined; // the ordinary way tells what is wrong, if anything is
  }
}

/** Some file systems take the flag, and mind only when they should read. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EINVAL";
}
