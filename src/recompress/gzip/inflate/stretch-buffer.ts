import { BrokenStream } from "../../stream-errors.ts";

/** Plain bytes of a stretch, at most. */
const LARGEST_STRETCH_BYTES = 64 * 1024;
const HISTORY_BYTES = 32 * 1024;
const CAPACITY_BYTES = HISTORY_BYTES + 3 * LARGEST_STRETCH_BYTES;
const LONGEST_MATCH = 258;
/** Writable places after the last one, for copies that go a few beyond what they need. */
const SLACK = 8;

/**
 * Plain bytes and tokens of the stretch that is being decoded, after the plain bytes that its matches
 * can still reach (32 KiB, RFC 1951 section 2).
 */
export class StretchBuffer {
  readonly bytes = new Uint8Array(CAPACITY_BYTES + SLACK);
  readonly tokens = new Uint32Array(LARGEST_STRETCH_BYTES + SLACK);
  /** The place of the next plain byte. As many bytes as this can be matched; all, once that is 32 KiB. */
  end = 0;
  tokenCount = 0;
  /** From here on a match might not have room. */
  limit = LARGEST_STRETCH_BYTES - LONGEST_MATCH;
  #start = 0;

  get isFull(): boolean {
    return this.end >= this.limit;
  }

  get sizeBytes(): number {
    return this.end - this.#start;
  }

  /** How many stored bytes there is room for. */
  get free(): number {
    return LARGEST_STRETCH_BYTES - this.sizeBytes;
  }

  /** @returns the stretch so far; a view. */
  plain(): Uint8Array {
    return this.bytes.subarray(this.#start, this.end);
  }

  /** Begins the next stretch. */
  next(): void {
    if (this.end + LARGEST_STRETCH_BYTES > CAPACITY_BYTES) {
      this.bytes.copyWithin(0, this.end - HISTORY_BYTES, this.end);
      this.end = HISTORY_BYTES;
    }
    this.#beginAt(this.end);
  }

  /** Begins a stream: nothing can be matched. */
  reset(): void {
    this.end = 0;
    this.#beginAt(0);
  }

  /** @throws {BrokenStream} for a match of what was never there. */
  put(token: number): void {
    const length = token >>> 16;
    if (length === 0) {
      this.bytes[this.end++] = token;
    } else {
      if ((token & 0xffff) > this.end) throw new BrokenStream("a match begins before the stream");
      copyMatch(this.bytes, this.end, token);
      this.end += length;
    }
    this.tokens[this.tokenCount++] = token;
  }

  /** @param stored at most {@link free} bytes */
  append(stored: Uint8Array): void {
    this.bytes.set(stored, this.end);
    this.end += stored.length;
  }

  #beginAt(start: number): void {
    this.#start = start;
    this.limit = start + LARGEST_STRETCH_BYTES - LONGEST_MATCH;
    this.tokenCount = 0;
  }
}

/**
 * Does what a match says at `to`. The bytes may overlap: a match of distance 1 repeats one byte (RFC 1951
 * section 3.2.3).
 */
export function copyMatch(bytes: Uint8Array, to: number, token: number): void {
  const distance = token & 0xffff;
  const end = to + (token >>> 16);
  for (let place = to; place < end; place++) bytes[place] = bytes[place - distance] ?? 0;
}
