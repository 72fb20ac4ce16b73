import { type BigIntStats, constants } from "node:fs";
import { errnoOf } from "./failures.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";

/** Positions, lengths and memory that are multiples of this suit every disk of today. */
const ALIGNMENT_BYTES = 4096;
/** Less is written as fast to the page cache, and is there for the first reader then. */
const LEAST_BYTES = 512 * 1024;
/** What the kernel says where it cannot write so: to this filesystem, or from this memory. */
const CANNOT: ReadonlySet<string> = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP"]);

export interface DirectTarget {
  readonly path: string;
  readonly files: FileSystem;
  /** `false`: nothing is ever written here. */
  readonly isDirect: boolean;
}

/**
 * Appends to a file without filling the page cache: large uploads take a third of the time and of the
 * processor that way. The file is opened when there is the first piece that is large enough.
 */
export class DirectFile implements AsyncDisposable {
  readonly #target: DirectTarget;
  readonly #expected: Pick<BigIntStats, "ino" | "dev">;
  #file: OpenFile | undefined;
  #isPossible: boolean;

  /** @param expected which file must be found at the path. */
  constructor(target: DirectTarget, expected: Pick<BigIntStats, "ino" | "dev">) {
    this.#target = target;
    this.#expected = expected;
    this.#isPossible = target.isDirect && "O_DIRECT" in constants;
  }

  /**
   * @param endBytes size of the file.
   * @returns how many bytes from the start of `bytes` were written: often not all, or none.
   */
  async append(bytes: Uint8Array, endBytes: number): Promise<number> {
    const lengthBytes = bytes.byteLength - (bytes.byteLength % ALIGNMENT_BYTES);
    const fits = lengthBytes >= LEAST_BYTES && endBytes % ALIGNMENT_BYTES === 0;
    if (!this.#isPossible || !fits) return 0;
    try {
      this.#file ??= await this.#open();
      const { bytesWritten } = await this.#file.writev([bytes.subarray(0, lengthBytes)]);
      return bytesWritten;
    } catch (error) {
      if (!CANNOT.has(errnoOf(error) ?? "")) throw error;
      this.#isPossible = false;
      return 0;
    }
  }

  async #open(): Promise<OpenFile> {
    const { files, path } = this.#target;
    const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOFOLLOW, O_DIRECT } = constants;
    const flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOFOLLOW | O_DIRECT;
    const file = await files.open(path, flags);
    const { ino, dev } = await file.stat({ bigint: true });
    if (ino === this.#expected.ino && dev === this.#expected.dev) return file;
    await file.close();
    throw Object.assign(new Error("another file has taken its place"), { code: "ESTALE" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}
