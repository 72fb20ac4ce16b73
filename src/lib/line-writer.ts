/** Lines written to a file descriptor at once, so that none is lost when the process ends. */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";

/** Where whole lines go. */
export interface LineSink {
  /**
   * @param line ends with a newline.
   * @returns false when the line was given up. Never throws: a log that fails must not fail what is logged.
   */
  write(line: string): boolean;
}

export interface LineWriterOptions {
  /** How long one write may wait for a reader that has stopped reading; default 1,000. Later lines are dropped at once until it reads again. */
  readonly stallMs?: number;
}

const RETRY_MS = 5;
const NOTHING = new Uint8Array();

/** A {@link LineSink} on a file descriptor, which stays its owner's to close. Disposing releases only what this class opened. */
export class LineWriter implements LineSink, Disposable {
  readonly #fd: number;
  readonly #ownFd: number | undefined;
  readonly #stallMs: number;
  #isStalled = false;
  /** The end of a line whose beginning is written already. */
  #rest: Uint8Array = NOTHING;

  private constructor(fd: number, ownFd: number | undefined, stallMs: number) {
    this.#fd = ownFd ?? fd;
    this.#ownFd = ownFd;
    this.#stallMs = stallMs;
  }

  /** @param fd an open descriptor, such as 1 or 2. */
  static open(fd: number, options: LineWriterOptions = {}): LineWriter {
    return new LineWriter(fd, reopenWithoutBlocking(fd), options.stallMs ?? 1000);
  }

  write(line: string): boolean {
    this.#rest = this.#put(this.#rest);
    if (this.#rest.length > 0) return false;
    const bytes = Buffer.from(line);
    const left = this.#put(bytes);
    if (left.length === bytes.length) return false;
    this.#rest = left;
    return true;
  }

  [Symbol.dispose](): void {
    if (this.#ownFd !== undefined) closeSync(this.#ownFd);
  }

  /** Returns what could not be written. */
  #put(bytes: Uint8Array): Uint8Array {
    let left = bytes;
    let waitedMs = 0;
    while (left.length > 0) {
      const written = tryWrite(this.#fd, left);
      if (written === "failed") return left;
      if (written !== "full") {
        left = left.subarray(written);
        this.#isStalled = false;
        continue;
      }
      if (this.#isStalled || waitedMs >= this.#stallMs) {
        this.#isStalled = true;
        return left;
      }
      blockFor(RETRY_MS);
      waitedMs += RETRY_MS;
    }
    return left;
  }
}

function tryWrite(fd: number, bytes: Uint8Array): number | "full" | "failed" {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    const isFull = error instanceof Error && "code" in error && error.code === "EAGAIN";
    return isFull ? "full" : "failed";
  }
}

/**
 * A blocking write to a pipe that nobody reads would stop the whole process. On Linux a pipe can be
 * opened a second time with a mode of its own, which leaves other holders of the pipe as they are.
 */
function reopenWithoutBlocking(fd: number): number | undefined {
  try {
    if (!fstatSync(fd).isFIFO()) return undefined;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined; // another system, or a pipe of another user: write to it as it is
  }
}

function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
