/** Puts small numbers one after the other into bytes, each from the lowest bit that is free. */
export class ForwardBits {
  readonly #bytes: number[] = [];
  #held = 0;
  #count = 0;

  /** @param width 0 to 16 */
  add(value: number, width: number): void {
    this.#held |= value << this.#count;
    this.#count += width;
    while (this.#count >= 8) {
      this.#bytes.push(this.#held & 255);
      this.#held >>>= 8;
      this.#count -= 8;
    }
  }

  /** @returns all bytes; what is free in the last one is zero. */
  finished(): Uint8Array {
    return Uint8Array.from(this.#count > 0 ? [...this.#bytes, this.#held & 255] : this.#bytes);
  }
}
