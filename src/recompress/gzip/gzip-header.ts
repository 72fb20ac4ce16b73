import { crc32 } from "node:zlib";
import { BrokenStream, UnsupportedStream } from "../stream-errors.ts";

/** Headers beyond this are no headers of layers. */
const LARGEST_HEADER_BYTES = 64 * 1024;
const FIRST_BYTES = 64;
/** Most headers have ten bytes, and what follows them need not be copied. */
const MOST_BYTES_AT_ONCE = 512;
const MAGIC_BYTES = 2;
const FIXED_BYTES = 10;
const DEFLATE = 8;

/** The flags of RFC 1952 section 2.3.1; the lowest, FTEXT, adds nothing to the header. */
const HAS_CHECKSUM = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;
const RESERVED_FLAGS = 0xe0;

/** What has come of reading a header: `other` when the bytes are not the start of a gzip member. */
export type HeaderState = "reading" | "done" | "other";

/** Reads the header of a gzip member (RFC 1952 section 2.3), however it is cut. */
export class GzipHeaderReader {
  #bytes = new Uint8Array(FIRST_BYTES);
  #size = 0;
  #state: HeaderState = "reading";

  get state(): HeaderState {
    return this.#state;
  }

  /** The header once it is `done`; till then, and of what is `other`, the bytes that were taken. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  /**
   * @returns how many of the bytes were taken; there may be more to take.
   * @throws {BrokenStream} when no decoder would take the header.
   * @throws {UnsupportedStream} when it is larger than 64 KiB.
   */
  write(bytes: Uint8Array): number {
    const before = this.#size;
    const room = LARGEST_HEADER_BYTES + 1 - before;
    this.#append(bytes.subarray(0, Math.min(room, MOST_BYTES_AT_ONCE)));
    this.#size = this.#judge();
    return this.#size - before;
  }

  /** @returns how many of the bytes at hand are to be kept. */
  #judge(): number {
    const all = this.bytes;
    if (!isMagic(all)) {
      this.#state = "other";
      return Math.min(all.length, MAGIC_BYTES);
    }
    const size = all.length < FIXED_BYTES ? undefined : headerSize(all);
    if (size === undefined && all.length > LARGEST_HEADER_BYTES) {
      throw new UnsupportedStream("a gzip header is larger than 64 KiB");
    }
    if (size !== undefined) this.#state = "done";
    return size ?? all.length;
  }

  #append(bytes: Uint8Array): void {
    const size = this.#size + bytes.length;
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.length));
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#size);
    this.#size = size;
  }
}

/** Whether so far it can be the start of a member. */
function isMagic(bytes: Uint8Array): boolean {
  return (bytes[0] ?? 0x1f) === 0x1f && (bytes[1] ?? 0x8b) === 0x8b;
}

/** @returns `undefined` when there is more to come. */
function headerSize(bytes: Uint8Array): number | undefined {
  const flags = bytes[3] ?? 0;
  if (bytes[2] !== DEFLATE) throw new BrokenStream("a gzip member is not compressed by deflate");
  if ((flags & RESERVED_FLAGS) !== 0) throw new BrokenStream("a gzip header has unknown flags");
  let end: number | undefined = FIXED_BYTES;
  if ((flags & HAS_EXTRA) !== 0) end = afterExtra(bytes, end);
  if ((flags & HAS_NAME) !== 0) end = afterText(bytes, end);
  if ((flags & HAS_COMMENT) !== 0) end = afterText(bytes, end);
  if ((flags & HAS_CHECKSUM) !== 0) end = afterChecksum(bytes, end);
  return end;
}

function afterExtra(bytes: Uint8Array, at: number): number | undefined {
  const low = bytes[at];
  const high = bytes[at + 1];
  if (low === undefined || high === undefined) return undefined;
  const end = at + 2 + (low | (high << 8));
  return end > bytes.length ? undefined : end;
}

/** A text ends with a zero byte. */
function afterText(bytes: Uint8Array, at: number | undefined): number | undefined {
  if (at === undefined) return undefined;
  const end = bytes.indexOf(0, at);
  return end < 0 ? undefined : end + 1;
}

/** The header's own checksum: the low half of its CRC-32. */
function afterChecksum(bytes: Uint8Array, at: number | undefined): number | undefined {
  if (at === undefined || at + 2 > bytes.length) return undefined;
  const expected = crc32(bytes.subarray(0, at)) & 0xffff;
  const told = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  if (told !== expected) throw new BrokenStream("a gzip header does not match its checksum");
  return at + 2;
}
