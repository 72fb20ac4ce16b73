const FIRST_CAPACITY = 128 * 1024;

/** Plain bytes that were given and are not yet in a block: stored blocks are written from it. */
export class PlainQueue {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #start = 0;
  #end = 0;

  clear(): void {
    this.#start = 0;
    this.#end = 0;
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
    return bytes;
  }

  #makeRoom(more: number): void {
    const left = this.#end - this.#start;
    const target =
      2 * (left + more) > this.#bytes.length
        ? new Uint8Array(Math.max(4 * (left + more), this.#bytes.length))
        : this.#bytes;
    target.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = target;
    this.#start = 0;
    this.#end = left;
  }
}
