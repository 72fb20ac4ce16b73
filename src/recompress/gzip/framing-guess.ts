import type { BlockHeader } from "./blocks/block-header.ts";
import type { Framing } from "./framing.ts";
import { NO_FRAMING } from "./framing.ts";

/** Blocks smaller than this are not worth a thread; no encoder has them. */
const LEAST_BLOCK_BYTES = 16 * 1024;
/** What the encoders that cut their input let a block know of the one before: pgzip, pigz, `pigz -i`. */
const KNOWN_HISTORIES = [16 * 1024, 32 * 1024, 0] as const;

/**
 * Guesses the framing from where the empty blocks are.
 *
 * After each of its blocks an encoder brings the stream to a byte's border, by an empty stored block or
 * by empty fixed ones; pigz leaves that out where the border happens to be there already. So the plain
 * bytes before every empty block are a multiple of the block's size.
 */
export class FramingGuess {
  #position = 0;
  #blockStart = 0;
  #isFinal = false;
  /** Of all positions but the last one. */
  #divisor = 0;
  #lastEmpty = 0;

  clear(): void {
    this.#position = 0;
    this.#divisor = 0;
    this.#lastEmpty = 0;
  }

  blockStart(header: BlockHeader): void {
    this.#blockStart = this.#position;
    this.#isFinal = header.isFinal;
  }

  stretch(plain: Uint8Array): void {
    // An empty block at the very end is of no block size: somebody flushed before the end.
    this.#divisor = greatestCommonDivisor(this.#lastEmpty, this.#divisor);
    this.#position += plain.length;
  }

  blockEnd(): void {
    if (this.#position > this.#blockStart || this.#isFinal) return;
    this.#lastEmpty = this.#position;
  }

  /** @returns what the framing may be, likeliest first. */
  framings(): readonly Framing[] {
    const blockBytes = this.#divisor;
    if (blockBytes < LEAST_BLOCK_BYTES) return [NO_FRAMING];
    const framed = KNOWN_HISTORIES.map(
      (historyBytes) => ({ kind: "blocks", blockBytes, historyBytes }) as const,
    );
    return [...framed, NO_FRAMING];
  }
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other);
}
