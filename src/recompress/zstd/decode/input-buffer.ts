import { LARGEST_BLOCK_BYTES } from "../limits.ts";

/**
 * Where the gathered bytes begin, and how many follow them: loops may look some bytes beyond either end
 * before they notice that a stream is overrun.
 */
const SLACK_BYTES = 32;

/** The part of a zstd stream that is being read, gathered from input cut anywhere. */
export class InputBuffer {
  readonly bytes = new Uint8Array(LARGEST_BLOCK_BYTES + 2 * SLACK_BYTES);
  readonly view = new DataView(this.bytes.buffer);
  /** The index of the first gathered byte. */
  readonly start = SLACK_BYTES;
  /** How many bytes are gathered. */
  size = 0;

  /** The gathered bytes: a view. */
  get gathered(): Uint8Array {
    return this.bytes.subarray(this.start, this.start + this.size);
  }

  /**
   * Takes bytes from index `from` on until `wanted` are gathered.
   *
   * @returns the index after the last byte taken.
   */
  fill(source: Uint8Array, from: number, wanted: number): number {
    const to = Math.min(source.length, from + wanted - this.size);
    this.bytes.set(source.subarray(from, to), this.start + this.size);
    this.size += to - from;
    return to;
  }

  /** @param count bytes from index `at` on, little-endian; up to 6 */
  number(at: number, count: number): number {
    let value = 0;
    for (let index = at + count - 1; index >= at; index--) {
      value = value * 256 + (this.bytes[index] ?? 0);
    }
    return value;
  }
}
