/**
 * Sends files: the one place where the bytes of local blobs go out.
 *
 * What is in memory goes from the page cache to the socket by the kernel; when the socket is full, a
 * small piece is written in the ordinary way, for node then waits until the client has taken enough.
 * What has to come from the disk is read by other threads, one piece ahead, so that no other request
 * waits for it; so is everything where the kernel cannot help. Under TLS what is in memory is copied.
 */
import { readSync } from "node:fs";
import type { FileRange, KernelFiles } from "../os/kernel-files.ts";
import { OpenFiles } from "./open-files.ts";
import { BufferPool, type Lease } from "./buffer-pool.ts";
import type { Outlet } from "./send-file-outlet.ts";
import type { SentFile } from "./sent-file.ts";
import { Residency } from "./send-file-residency.ts";
import { SendTurns } from "./send-turns.ts";

/** How much one answer may hand to the kernel before others get their turn: a fifth of a millisecond's work. */
const TURN_BYTES = 2 ** 20;
/** A millisecond's work. */
const TURNS_PER_ROUND = 4;
/** Held for every client that is slow, so it is small. */
const SMALL = { sizeBytes: 16 * 1024, maxLent: Infinity, maxIdle: 64 } as const;
/** 16 MiB for all that is not sent by the kernel; when slow clients hold all of it, small pieces do. */
const LARGE = { sizeBytes: 256 * 1024, maxLent: 64, maxIdle: 16 } as const;
const KEPT_OPEN = { maxIdle: 128, idleMs: 1_000 } as const;

/** A file that became shorter while it was sent. */
export class FileCutShort extends Error {
  readonly kind = "FileCutShort";
  constructor() {
    super("the file became shorter while it was sent");
  }
}

export class FileSender {
  /** For those who send the same files again and again. */
  readonly openFiles = new OpenFiles(KEPT_OPEN);
  readonly #small = new BufferPool(SMALL);
  readonly #large = new BufferPool(LARGE);
  readonly #turns = new SendTurns(TURNS_PER_ROUND);
  readonly #kernel: Kernel | undefined;

  /** @param files `undefined` to send everything in the ordinary way. */
  constructor(files: KernelFiles | undefined) {
    this.#kernel = files && { files, residency: new Residency(files) };
  }

  /**
   * Sends a part of a file that stays open, and the caller's to close, afterwards.
   * @throws {FileCutShort} {@link ClientGone}, or what reading throws. Some bytes may be out then.
   */
  async send(
    file: SentFile,
    { startBytes, lengthBytes }: FileRange,
    outlet: Outlet,
  ): Promise<void> {
    const isOfUse = this.#kernel?.files.canTell(file.ownerUid) ?? false;
    const endBytes = startBytes + lengthBytes;
    const sending = { file, outlet, endBytes, kernel: isOfUse ? this.#kernel : undefined };
    for (let at = startBytes; at < endBytes;) at += await this.#sendSome(sending, at);
  }

  /** @returns how many bytes went out. */
  async #sendSome(sending: Sending, at: number): Promise<number> {
    const { outlet, kernel } = sending;
    await this.#turns.take();
    const resident = residentBytes(sending, at);
    if (kernel === undefined || resident === 0) return await this.#sendByReading(sending, at);
    outlet.throwIfGone();
    const range = { startBytes: at, lengthBytes: resident };
    return outlet.isEncrypted
      ? await this.#sendCopy(sending, range, this.#takeLarge())
      : await this.#sendByKernel(sending, range, kernel.files);
  }

  /** @returns how many bytes went out. */
  async #sendByKernel(sending: Sending, range: FileRange, files: KernelFiles): Promise<number> {
    const sent = sendDirectly(sending, files, range);
    if (sent === range.lengthBytes) return sent;
    const startBytes = range.startBytes + sent;
    const rest = { startBytes, lengthBytes: range.lengthBytes - sent };
    return sent + (await this.#sendCopy(sending, rest, this.#takeSmall()));
  }

  /** At most as much as the memory holds of bytes that are in memory: reading them here waits for nothing. */
  async #sendCopy({ file, outlet }: Sending, range: FileRange, memory: Lease): Promise<number> {
    using lease = memory;
    const { bytes, reuse } = lease;
    const size = Math.min(bytes.byteLength, range.lengthBytes);
    const read = readSync(file.handle.fd, bytes, 0, size, range.startBytes);
    if (read === 0) throw new FileCutShort();
    await outlet.write(bytes.subarray(0, read));
    reuse();
    return read;
  }

  /** Goes on until something is in memory again, or to the end. @returns how many bytes went out. */
  async #sendByReading(sending: Sending, startBytes: number): Promise<number> {
    const { outlet, endBytes } = sending;
    let at = startBytes;
    let reading: Promise<Piece> | undefined = this.#read(sending, at);
    try {
      while (reading !== undefined) {
        using piece: Piece = await reading;
        at += piece.read.byteLength;
        const isOver = at >= endBytes || residentBytes(sending, at) > 0;
        reading = isOver ? undefined : this.#read(sending, at);
        await outlet.write(piece.read);
        piece.reuse();
      }
    } finally {
      // The memory must not be lent, nor the file be closed, while somebody still reads.
      (await reading?.catch(() => undefined))?.[Symbol.dispose]();
    }
    return at - startBytes;
  }

  async #read({ file, endBytes, kernel }: Sending, at: number): Promise<Piece> {
    using resources = new DisposableStack();
    const { bytes, reuse } = resources.use(this.#takeLarge());
    kernel?.residency.reads(file);
    const size = Math.min(bytes.byteLength, endBytes - at);
    const { bytesRead } = await file.handle.read(bytes, 0, size, at);
    if (bytesRead === 0) throw new FileCutShort();
    const owned = resources.move();
    const read = bytes.subarray(0, bytesRead);
    return { bytes, read, reuse, [Symbol.dispose]: () => owned.dispose() };
  }

  #takeLarge(): Lease {
    return this.#large.take() ?? this.#takeSmall();
  }

  #takeSmall(): Lease {
    const lease = this.#small.take();
    if (lease === undefined) throw new TypeError("small pieces are not counted");
    return lease;
  }
}

interface Kernel {
  readonly files: KernelFiles;
  readonly residency: Residency;
}

interface Sending {
  readonly file: SentFile;
  readonly outlet: Outlet;
  readonly endBytes: number;
  /** `undefined` when this file is none for it. */
  readonly kernel: Kernel | undefined;
}

/** What was read of a file, in memory that is lent. */
interface Piece extends Lease {
  readonly read: Uint8Array;
}

/** No more than is sent at once: what waits may not be in memory any more when its turn has come. */
function residentBytes({ file, outlet, kernel, endBytes }: Sending, startBytes: number): number {
  const mostBytes = outlet.isEncrypted ? LARGE.sizeBytes : TURN_BYTES;
  const lengthBytes = Math.min(mostBytes, endBytes - startBytes);
  return kernel?.residency.residentBytes(file, { startBytes, lengthBytes }) ?? 0;
}

/** @returns how many bytes went round node: none while the socket is full or has something to send first. */
function sendDirectly({ file, outlet }: Sending, files: KernelFiles, range: FileRange): number {
  const socketFd = outlet.directFd();
  const sent = socketFd === undefined ? 0 : files.send(socketFd, file.handle.fd, range);
  outlet.wrote(sent);
  return sent;
}
