const FIRST_BYTES = 256 * 1024;

/**
 * Gathers the bytes of a part. Begins small, so that small uploads take little memory, and becomes a
 * whole part's at once: growing step by step would leave as much again behind for the collector.
 */
export class PartBuffer implements Disposable {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** A copy is kept. @returns what did not fit below `limitBytes`. */
  add(bytes: Uint8Array, limitBytes: number): Uint8Array {
    const fitting = bytes.subarray(0, limitBytes - this.#sizeBytes);
    this.#grow(this.#sizeBytes + fitting.byteLength, limitBytes);
    this.#bytes.set(fitting, this.#sizeBytes);
    this.#sizeBytes += fitting.byteLength;
    return bytes.subarray(fitting.byteLength);
  }

  /** What is gathered; it holds until something is added after {@link clear}. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#sizeBytes);
  }

  /** Keeps the memory for the next part. */
  clear(): void {
    this.#sizeBytes = 0;
  }

  /** Gives the memory back now, not when it is collected. Nothing can be added afterwards. */
  [Symbol.dispose](): void {
    this.#bytes.buffer.transfer(0);
    this.#sizeBytes = 0;
  }

  #grow(neededBytes: number, limitBytes: number): void {
    if (neededBytes <= this.#bytes.byteLength) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(neededBytes, limitBytes));
    this.#bytes.copy(grown, 0, 0, this.#sizeBytes);
    this.#bytes = grown;
  }
}
