const FIRST_CAPACITY = 128 * 1024;

/** How many of the bytes that have left the queue can still be looked at. */
export const QUEUE_MEMORY_BYTES = 4096;

/** Plain bytes that were given and are not yet in a block: stored blocks are written from it. */
export class PlainQueue {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #start = 0;
  #end = 0;
  #position = 0;

  /** Plain bytes before the first one in the queue, counted from where `clear` said. */
  get position(): number {
    return this.#position;
  }

  /** Plain bytes up to the queue's end. */
  get endPosition(): number {
    return this.#position + this.#end - this.#start;
  }

  /** @param position of the next byte */
  clear(position = 0): void {
    this.#start = 0;
    this.#end = 0;
    this.#position = position;
  }

  /** Copies the bytes to the queue's end. */
  append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** @returns the first `size` bytes, gone from the queue: a view, good until the next `append`. */
  shift(size: number): Uint8Array {
    if (size > this.#end - this.#start) {
      throw new RangeError("a model chose tokens for more plain bytes than there are");
    }
    const bytes = this.#bytes.subarray(this.#start, this.#start + size);
    this.#start += size;
    this.#position += size;
    return bytes;
  }

  /**
   * @param from at most {@link QUEUE_MEMORY_BYTES} before the queue's position
   * @returns the bytes from there up to the queue's end, or `undefined` when they are not all there: a
   * view, good until the next `append`.
   */
  from(from: number): Uint8Array | undefined {
    const start = this.#start + from - this.#position;
    return start < 0 || start > this.#end ? undefined : this.#bytes.subarray(start, this.#end);
  }

  #makeRoom(more: number): void {
    const first = Math.max(this.#start - QUEUE_MEMORY_BYTES, 0);
    const kept = this.#end - first;
    const target =
      2 * (kept + more) > this.#bytes.length
        ? new Uint8Array(Math.max(4 * (kept + more), this.#bytes.length))
        : this.#bytes;
    target.set(this.#bytes.subarray(first, this.#end));
    this.#bytes = target;
    this.#start -= first;
    this.#end = kept;
  }
}
