/**
 * Where containers/storage ends frames within a file, so that parts of files can be fetched.
 *
 * - A run of 1,024 zeros or more is a hole: it begins and ends a frame.
 * - A rolling checksum goes over all bytes. Behind a byte after which its lowest 16 bits are all set a
 *   frame ends; within holes nobody looks. It is the one of bup: over the last 64 bytes, each 31 higher, the sum of
 *   the sums of the first, the first two, ... of them. What precedes the file counts as zeros.
 *
 * Zeros are held until it shows whether they are a hole.
 */
const WINDOW_BYTES = 64;
const WINDOW_MASK = WINDOW_BYTES - 1;
const EXTRA = 31;
const FIRST_SUM = WINDOW_BYTES * EXTRA;
const FIRST_SUM_OF_SUMS = WINDOW_BYTES * (WINDOW_BYTES - 1) * EXTRA;
const SPLIT_MASK = 0xffff;
const LEAST_HOLE_BYTES = 1024;
const ZEROS = new Uint8Array(LEAST_HOLE_BYTES);

/** Told each place at which a frame ends, in order, by its position. */
export type TakeSplit = (position: number) => void;

/** Goes through the body of one file after the other. */
export class BodySplitter {
  readonly #onSplit: TakeSplit;
  readonly #window = new Uint8Array(WINDOW_BYTES);
  #at = 0;
  #sum = FIRST_SUM;
  #sumOfSums = FIRST_SUM_OF_SUMS;
  /** Zeros that may be a hole, up to the last byte. */
  #zeros = 0;

  constructor(onSplit: TakeSplit) {
    this.#onSplit = onSplit;
  }

  /** Bytes at the end of those taken about which nothing is known yet. */
  get heldBytes(): number {
    return this.#zeros < LEAST_HOLE_BYTES ? this.#zeros : 0;
  }

  /** A body begins. */
  begin(): void {
    this.#forget();
    this.#zeros = 0;
  }

  /** @param position of the first of the bytes, the body's next */
  take(bytes: Uint8Array, position: number): void {
    for (let index = 0; index < bytes.length;) {
      if (bytes[index] !== 0) {
        this.#release(position + index);
        index = this.#roll(bytes, index, position);
        continue;
      }
      index++;
      this.#zeros++;
      if (this.#zeros === LEAST_HOLE_BYTES) this.#onSplit(position + index - LEAST_HOLE_BYTES);
    }
  }

  /** The body ends, which by itself is no split. @param position behind its last byte */
  end(position: number): void {
    this.#release(position);
  }

  #release(position: number): void {
    const zeros = this.#zeros;
    if (zeros === 0) return;
    this.#zeros = 0;
    if (zeros < LEAST_HOLE_BYTES) {
      this.#roll(ZEROS.subarray(0, zeros), 0, position - zeros);
      return;
    }
    this.#onSplit(position);
    this.#forget();
  }

  /**
   * Goes over bytes up to a zero that follows another byte, or to their end.
   *
   * @param position of the first of all the bytes
   * @returns the index after the last one
   */
  #roll(bytes: Uint8Array, from: number, position: number): number {
    const window = this.#window;
    const isZeros = bytes[from] === 0;
    let at = this.#at;
    let sum = this.#sum;
    let sumOfSums = this.#sumOfSums;
    let index = from;
    for (; index < bytes.length; index++) {
      const byte = bytes[index] ?? 0;
      if (byte === 0 && !isZeros) break;
      const dropped = window[at] ?? 0;
      window[at] = byte;
      at = (at + 1) & WINDOW_MASK;
      sum = (sum + byte - dropped) | 0;
      sumOfSums = (sumOfSums + sum - WINDOW_BYTES * (dropped + EXTRA)) | 0;
      if ((sumOfSums & SPLIT_MASK) === SPLIT_MASK) this.#onSplit(position + index + 1);
    }
    this.#at = at;
    this.#sum = sum;
    this.#sumOfSums = sumOfSums;
    return index;
  }

  /** As after 64 zeros. */
  #forget(): void {
    this.#window.fill(0);
    this.#sum = FIRST_SUM;
    this.#sumOfSums = FIRST_SUM_OF_SUMS;
  }
}
