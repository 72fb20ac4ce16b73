/** Readable bytes after the last one, so that eight-byte loads and 258-byte compares stay inside. */
export const SLACK_BYTES = 320;

/** A place in a memory that others use, too. */
export interface WindowPlace {
  readonly memory: ArrayBuffer;
  /** Byte offset in the memory. */
  readonly at: number;
}

/**
 * The last bytes of a plain stream, in one array: engines look back in it and index it by position.
 *
 * A position is an index into `bytes`. When the window is full its owner slides it; whoever keeps
 * positions must then lower them by the number of bytes that went.
 */
export class PlainWindow {
  readonly capacity: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The position after the last byte. */
  end = 0;
  /** How many bytes of the stream have gone before position 0. Up to 2^53. */
  slid = 0;

  /**
   * @param capacity bytes that can be in the window at once
   * @param place where its bytes shall lie: that much room and {@link SLACK_BYTES} more
   */
  constructor(capacity: number, place?: WindowPlace) {
    const sizeBytes = capacity + SLACK_BYTES;
    const { memory, at } = place ?? { memory: new ArrayBuffer(sizeBytes), at: 0 };
    this.capacity = capacity;
    this.bytes = new Uint8Array(memory, at, sizeBytes);
    this.view = new DataView(memory, at, sizeBytes);
  }

  get free(): number {
    return this.capacity - this.end;
  }

  /** @param bytes at most `free` of them; they are copied */
  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** Forgets the first `by` bytes. */
  slide(by: number): void {
    this.bytes.copyWithin(0, by, this.end);
    this.end -= by;
    this.slid += by;
  }
}
