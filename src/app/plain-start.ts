/** As much as a tar header takes. */
const KEPT_BYTES = 512;

/** Keeps the first 512 bytes of a stream that goes by. */
export class PlainStart {
  readonly #bytes = new Uint8Array(KEPT_BYTES);
  #size = 0;

  /** Fewer than 512 when the stream is shorter. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  take(bytes: Uint8Array): void {
    if (this.#size === KEPT_BYTES) return;
    const taken = bytes.subarray(0, KEPT_BYTES - this.#size);
    this.#bytes.set(taken, this.#size);
    this.#size += taken.length;
  }
}
