/**
 * More than any block that keeps the limits can take: literals of 11 bits each, sequences of 85 bits each,
 * headers and tables.
 */
const CAPACITY_BYTES = 768 * 1024;

/** The bytes of one block while they are written, with bits from the lowest upwards. */
export class BlockOutput {
  readonly #bytes = new Uint8Array(CAPACITY_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = 0;
  /** Bits that do not make a byte yet: fewer than 8. */
  #word = 0;
  #bits = 0;

  /** Bytes written so far. */
  get size(): number {
    return this.#at;
  }

  /** What was written: a view, which the next block changes. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Begins a new block. */
  rewind(): void {
    this.#at = 0;
  }

  append(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** @param value written in `count` bytes, little-endian */
  number(value: number, count: number): void {
    this.numberAt(this.#at, value, count);
    this.#at += count;
  }

  /** The same at a place that was left out before. */
  numberAt(at: number, value: number, count: number): void {
    let rest = value;
    for (let index = at; index < at + count; index++) {
      this.#bytes[index] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }

  /** Leaves room for `count` bytes. @returns where. */
  leave(count: number): number {
    this.#at += count;
    return this.#at - count;
  }

  /**
   * @param value below 2^count
   * @param count up to 24
   */
  bits(value: number, count: number): void {
    const word = this.#word | (value << this.#bits);
    const bits = this.#bits + count;
    this.#view.setInt32(this.#at, word, true);
    this.#at += bits >> 3;
    this.#word = word >>> (bits & 24);
    this.#bits = bits & 7;
  }

  /** Writes the bit that marks the end, and fills up the byte (RFC 8878 section 4). */
  endBits(): void {
    this.bits(1, 1);
    if (this.#bits > 0) this.#at++;
    this.#word = 0;
    this.#bits = 0;
  }
}
