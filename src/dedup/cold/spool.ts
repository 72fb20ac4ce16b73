import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";

const READ_BYTES = 256 * 1024;

/**
 * Bytes on their way from one who makes them to several who take them, each in their own time: a file without
 * a name, which ends with the process. Its writer never waits for a reader.
 *
 * Whoever opens it has a share in it, as has whoever was given one by {@link Spool.tryShare}; it is closed when
 * the last share is released.
 */
export class Spool {
  readonly #file: FileHandle;
  #writtenBytes = 0;
  /** What readers may have. */
  #shownBytes = 0;
  #state: "open" | "whole" | { readonly error: unknown } = "open";
  #changed = Promise.withResolvers<undefined>();
  #shares = 1;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @param directory on a disk of this machine. @throws {Error} of the file system */
  static async open(directory: string): Promise<Spool> {
    const path = join(directory, `spool-${randomUUID()}`);
    const file = await open(path, "wx+", 0o600);
    await unlink(path);
    return new Spool(file);
  }

  /** Bytes that readers may have at this moment. */
  get shownBytes(): number {
    return this.#shownBytes;
  }

  /** Whether all bytes are there, and proved. */
  get isWhole(): boolean {
    return this.#state === "whole";
  }

  /**
   * One at a time.
   * @param shownBytes how many bytes from the start readers may have from now on.
   */
  async write(bytes: Uint8Array, shownBytes: number): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      const { bytesWritten } = await this.#file.write(
        bytes,
        from,
        bytes.length - from,
        this.#writtenBytes,
      );
      from += bytesWritten;
      this.#writtenBytes += bytesWritten;
    }
    this.#shownBytes = Math.max(this.#shownBytes, Math.min(shownBytes, this.#writtenBytes));
    this.#tell();
  }

  /** All bytes are there, and readers may have them. */
  end(): void {
    this.#shownBytes = this.#writtenBytes;
    this.#state = "whole";
    this.#tell();
  }

  /** Readers are told so at once. */
  fail(error: unknown): void {
    this.#state = { error };
    this.#tell();
  }

  /** @returns whether there is a share to be had: `false` once it is closed. */
  tryShare(): boolean {
    if (this.#shares === 0) return false;
    this.#shares += 1;
    return true;
  }

  /** Call once for each share. */
  async release(): Promise<void> {
    this.#shares -= 1;
    if (this.#shares === 0) await this.#file.close();
  }

  /**
   * Follows what is written, from a byte on; the caller has a share meanwhile.
   * @param lengthBytes all there will be, unless told.
   * @throws what it failed with, after what is shown.
   */
  async *read({
    startBytes,
    lengthBytes = Number.POSITIVE_INFINITY,
  }: {
    readonly startBytes: number;
    readonly lengthBytes?: number;
  }): AsyncGenerator<Uint8Array, void, undefined> {
    const end = startBytes + lengthBytes;
    for (let at = startBytes; at < end;) {
      const there = Math.min(end, this.#shownBytes) - at;
      if (there > 0) {
        const bytes = await this.#bytesAt(at, Math.min(there, READ_BYTES));
        at += bytes.length;
        yield bytes;
      } else if (this.#state === "whole") return;
      else await this.#more();
    }
  }

  async #more(): Promise<void> {
    if (typeof this.#state === "object") throw this.#state.error;
    await this.#changed.promise;
  }

  async #bytesAt(at: number, sizeBytes: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafe(sizeBytes);
    const { bytesRead } = await this.#file.read(bytes, 0, sizeBytes, at);
    if (bytesRead === 0) throw new Error("a spool became shorter than it was");
    return bytes.subarray(0, bytesRead);
  }

  #tell(): void {
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers();
  }
}
