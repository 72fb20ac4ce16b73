import { type FileRange, type KernelFiles, loadKernelFiles } from "../../src/os/kernel-files.ts";

/** The kernel of this machine, or one that does as it would; writes down what it is asked. */
export class WatchedKernel implements KernelFiles {
  sentBytes = 0;
  /** Sent without having been found in memory first. */
  readonly stalls: FileRange[] = [];
  readonly #real: KernelFiles;
  #resident: FileRange = { startBytes: 0, lengthBytes: 0 };

  constructor(real: KernelFiles) {
    this.#real = real;
  }

  static async load(): Promise<WatchedKernel> {
    const nothing = { send: () => 0, residentBytes: () => 0, canTell: () => true };
    return new WatchedKernel((await loadKernelFiles()) ?? nothing);
  }

  /** Both may be replaced by a test. */
  limitSend = (lengthBytes: number): number => lengthBytes;
  limitResident = (lengthBytes: number): number => lengthBytes;

  send(socketFd: number, fileFd: number, range: FileRange): number {
    const { startBytes, lengthBytes } = this.#resident;
    const isKnown = range.startBytes >= startBytes && endOf(range) <= startBytes + lengthBytes;
    if (!isKnown) this.stalls.push(range);
    const limited = this.limitSend(range.lengthBytes);
    if (limited === 0) return 0;
    const sent = this.#real.send(socketFd, fileFd, { ...range, lengthBytes: limited });
    this.sentBytes += sent;
    return sent;
  }

  residentBytes(fileFd: number, range: FileRange & { readonly isQuiet: boolean }): number {
    const lengthBytes = this.limitResident(this.#real.residentBytes(fileFd, range));
    this.#resident = { startBytes: range.startBytes, lengthBytes };
    return lengthBytes;
  }

  canTell(ownerUid: number): boolean {
    return this.#real.canTell(ownerUid);
  }
}

function endOf({ startBytes, lengthBytes }: FileRange): number {
  return startBytes + lengthBytes;
}
