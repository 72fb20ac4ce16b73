const CAPACITY_BYTES = 64 * 1024;
/** At most so many are taken first, and then twice as many each time: a member can be very short. */
const FIRST_FILL_BYTES = 512;
/** Readable bytes after the last one: a read may begin at the last bit and go some bytes beyond. */
const SLACK_BYTES = 32;

/**
 * The compressed bytes that are at hand, read as bits: the lowest bit of a byte comes first (RFC 1951
 * section 3.1.1).
 *
 * Nothing stops a reader at the end: it reads on into bytes that mean nothing, sees `isOverread`, and
 * goes back to where it began, to try again when more bytes are there. So no decision of the decoder
 * depends on where its input was cut.
 */
export class BitInput {
  readonly bytes = new Uint8Array(CAPACITY_BYTES + SLACK_BYTES);
  readonly view = new DataView(this.bytes.buffer);
  /** The next bit to read, counted from the start of `bytes`. */
  bit = 0;
  /** The bit after the last one at hand. */
  endBit = 0;
  #slidBytes = 0;
  #fillBytes = FIRST_FILL_BYTES;

  /** Bits read since the start of the stream. Up to 2^53. */
  get position(): number {
    return this.#slidBytes * 8 + this.bit;
  }

  get isOverread(): boolean {
    return this.bit > this.endBit;
  }

  /** Bytes at hand that no bit was read of. */
  get unreadBytes(): number {
    return (this.endBit >>> 3) - ((this.bit + 7) >>> 3);
  }

  /** Forgets what was read and takes some of the bytes from `from` on, at least one unless it is full. */
  fill(bytes: Uint8Array, from: number): number {
    this.#forget();
    const end = this.endBit >>> 3;
    const size = Math.min(bytes.length - from, CAPACITY_BYTES - end, this.#fillBytes);
    this.#fillBytes = Math.min(2 * this.#fillBytes, CAPACITY_BYTES);
    this.bytes.set(bytes.subarray(from, from + size), end);
    this.endBit = (end + size) * 8;
    return size;
  }

  /** Reads up to 16 bits as a number. */
  take(count: number): number {
    const value = this.peek() & ((1 << count) - 1);
    this.bit += count;
    return value;
  }

  /** The next 25 bits or more, without reading them. */
  peek(): number {
    return this.view.getUint32(this.bit >>> 3, true) >>> (this.bit & 7);
  }

  /** @returns a view of the next `count` bytes. Only on a byte border. */
  takeBytes(count: number): Uint8Array {
    const from = this.bit >>> 3;
    this.bit += count * 8;
    return this.bytes.subarray(from, from + count);
  }

  /** Forgets what is at hand. */
  reset(): void {
    this.bit = 0;
    this.endBit = 0;
    this.#slidBytes = 0;
    this.#fillBytes = FIRST_FILL_BYTES;
  }

  #forget(): void {
    const read = this.bit >>> 3;
    this.bytes.copyWithin(0, read, this.endBit >>> 3);
    this.bit -= read * 8;
    this.endBit -= read * 8;
    this.#slidBytes += read;
  }
}
