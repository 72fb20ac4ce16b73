/** Keeps the first bytes of a stream that goes by. */
export class StreamStart {
  readonly #bytes: Uint8Array;
  #size = 0;

  /** @param mostBytes how many are kept */
  constructor(mostBytes: number) {
    this.#bytes = new Uint8Array(mostBytes);
  }

  /** Fewer than was asked for when the stream is shorter. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  take(bytes: Uint8Array): void {
    if (this.#size === this.#bytes.length) return;
    const taken = bytes.subarray(0, this.#bytes.length - this.#size);
    this.#bytes.set(taken, this.#size);
    this.#size += taken.length;
  }
}
