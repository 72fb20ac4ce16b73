import { createHash } from "node:crypto";

const KIB = 1024;
/** Where the next cut is: a promise, for what is cut otherwise is not found again. */
export const SMALLEST_CHUNK_BYTES = 16 * KIB;
export const USUAL_CHUNK_BYTES = 64 * KIB;
export const LARGEST_CHUNK_BYTES = 256 * KIB;

/** The uppermost 18 bits before the usual size, and 14 behind it: sizes keep near it. */
const STRICT_MASK = 0xffffc000 | 0;
const LOOSE_MASK = 0xfffc0000 | 0;
const GEAR = Int32Array.from({ length: 256 }, (_, byte) =>
  createHash("sha256").update(`gear ${byte}`).digest().readInt32LE(0),
);

/**
 * Finds where to cut a body, by its content: bytes that were put in or taken out move the cuts near them alone.
 *
 * FastCDC (Xia et al., USENIX ATC 2016): a Gear hash of the last 32 bytes, with the two masks of its
 * section 3.4 and no look at the first bytes of a chunk. A chunk has from 16 to 256 KiB, 64 as a rule; the last
 * one of a body has what is left.
 */
export class ContentCutter {
  #size = 0;
  #hash = 0;

  /** A body begins. */
  begin(): void {
    this.#size = 0;
    this.#hash = 0;
  }

  /**
   * @param bytes the body's next ones lie in it from `from` on
   * @returns where the chunk ends in them, above `from`; `undefined` when it goes on behind them
   */
  next(bytes: Uint8Array, from: number): number | undefined {
    let at = from + Math.max(0, Math.min(SMALLEST_CHUNK_BYTES - this.#size, bytes.length - from));
    const usualAt = from + USUAL_CHUNK_BYTES - this.#size;
    const lastAt = from + LARGEST_CHUNK_BYTES - this.#size;
    at = this.#find(bytes, at, { until: usualAt, mask: STRICT_MASK });
    if (at >= usualAt) at = this.#find(bytes, at, { until: lastAt, mask: LOOSE_MASK });
    if (at < 0) return this.#end(-at);
    if (at === lastAt) return this.#end(at);
    this.#size += at - from;
    return undefined;
  }

  /** @returns behind the last byte that was looked at: below 0 where that one ends the chunk. */
  #find(
    bytes: Uint8Array,
    from: number,
    { until, mask }: { readonly until: number; readonly mask: number },
  ): number {
    const end = Math.min(until, bytes.length);
    let hash = this.#hash;
    for (let at = from; at < end; at++) {
      hash = ((hash << 1) + (GEAR[bytes[at] ?? 0] ?? 0)) | 0;
      if ((hash & mask) === 0) return -(at + 1);
    }
    this.#hash = hash;
    return Math.max(from, end);
  }

  #end(at: number): number {
    this.begin();
    return at;
  }
}
