const TRAILER_BYTES = 8;
const TWO_TO_32 = 0x1_0000_0000;

/** Reads the end of a gzip member (RFC 1952 section 2.3): CRC-32 and size of its plain bytes. */
export class GzipTrailerReader {
  readonly #bytes = new Uint8Array(TRAILER_BYTES);
  #size = 0;

  get isDone(): boolean {
    return this.#size === TRAILER_BYTES;
  }

  /** The eight bytes. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** @returns how many of the bytes were taken. */
  write(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, TRAILER_BYTES - this.#size);
    this.#bytes.set(taken, this.#size);
    this.#size += taken.length;
    return taken.length;
  }

  reset(): void {
    this.#size = 0;
  }
}

/**
 * What a trailer says wrong of the plain bytes, for a person. The size is told modulo 2^32.
 *
 * @returns `undefined` when it says what they say themselves.
 */
export function trailerDamage(
  trailer: Uint8Array,
  crc: number,
  plainBytes: number,
): string | undefined {
  const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES);
  if (view.getUint32(0, true) !== crc) return "a member's checksum is wrong";
  const isSize = view.getUint32(4, true) === plainBytes % TWO_TO_32;
  return isSize ? undefined : "a member's size is wrong";
}
