/** What of a file is in memory, asked as cheaply as is safe. */
import { BoundedMap } from "../lib/bounded-map.ts";
import type { FileRange, KernelFiles } from "../os/kernel-files.ts";
import type { SentFile } from "./sent-file.ts";

/** By then whatever was asked of the disk has come. */
const QUIET_MS = 5_000;
/** Files that were read from the disk lately and are remembered. */
const REMEMBERED = 1_000;
/** Less than this is sooner read by another thread together with what follows. */
const WORTHWHILE_BYTES = 16 * 1024;

export class Residency {
  readonly #kernel: KernelFiles;
  readonly #lastReadMs = new BoundedMap<string, number>(REMEMBERED);

  constructor(kernel: KernelFiles) {
    this.#kernel = kernel;
  }

  /** Say so before each read that may go to the disk. */
  reads(file: SentFile): void {
    this.#lastReadMs.set(file.id, performance.now());
  }

  /** How many bytes from the start on can be sent without waiting for the disk. */
  residentBytes(file: SentFile, range: FileRange): number {
    const readMs = this.#lastReadMs.get(file.id) ?? -Infinity;
    const isQuiet = performance.now() - readMs > QUIET_MS;
    const resident = this.#kernel.residentBytes(file.handle.fd, { ...range, isQuiet });
    return resident === range.lengthBytes || resident >= WORTHWHILE_BYTES ? resident : 0;
  }
}
