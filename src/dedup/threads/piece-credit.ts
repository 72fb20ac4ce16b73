/** What one piece may be ahead of whoever takes its bytes. */
const MOST_UNTAKEN_BYTES = 32 * 1024 * 1024;

/** Lets a thread run ahead of the taker of its bytes, but not without bound. */
export class PieceCredit {
  readonly #mostBytes: number;
  #index = -1;
  #untakenBytes = 0;
  #wake: () => void = () => undefined;

  /** @param mostBytes that may be untaken when more is to be made */
  constructor(mostBytes = MOST_UNTAKEN_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /** From now on it is about this piece. */
  begin(index: number): void {
    this.#index = index;
    this.#untakenBytes = 0;
  }

  spend(bytes: number): void {
    this.#untakenBytes += bytes;
  }

  /** Bytes were taken, maybe of a piece before, which no longer matters. */
  give(index: number, bytes: number): void {
    if (index !== this.#index) return;
    this.#untakenBytes -= bytes;
    if (this.#untakenBytes < this.#mostBytes) this.#wake();
  }

  /** Resolves when more may be made. One may wait at a time. */
  async room(): Promise<void> {
    if (this.#untakenBytes < this.#mostBytes) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#wake = () => resolve(undefined);
    await promise;
  }
}
