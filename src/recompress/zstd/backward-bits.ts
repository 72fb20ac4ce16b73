/**
 * A bit stream of zstd read as it is meant to be: from its last bit to its first (RFC 8878 section 4).
 *
 * The highest set bit of the last byte marks the end and is no part of the stream. Bits that would lie
 * before the first byte read as 0. This is the simple reader for short streams; the long ones have
 * theirs in their loops.
 */
export class BackwardBits {
  readonly #bytes: Uint8Array;
  #left: number;

  /** @param bytes the stream alone; a last byte of 0, or no byte, gives a reader that is overrun */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const last = bytes[bytes.length - 1] ?? 0;
    this.#left = last === 0 ? -1 : (bytes.length - 1) * 8 + 31 - Math.clz32(last);
  }

  /** Whether more bits were read than there are. */
  isOverrun(): boolean {
    return this.#left < 0;
  }

  /** @param count up to 16 */
  read(count: number): number {
    this.#left -= count;
    const at = this.#left >> 3;
    const three = this.#byte(at) | (this.#byte(at + 1) << 8) | (this.#byte(at + 2) << 16);
    return (three >>> (this.#left & 7)) & ((1 << count) - 1);
  }

  #byte(index: number): number {
    return this.#bytes[index] ?? 0;
  }
}
