import { distanceExtraBits, DISTANCE_SYMBOLS } from "../huffman/deflate-symbols.ts";
import { SymbolCounts } from "../huffman/symbol-counts.ts";
import type { GnuBlockRule } from "../token-model.ts";

/** GNU gzip's buffer of tokens. */
export const MOST_GNU_TOKENS = 32_767;
/** So often it looks whether the block does well. */
const TOKENS_PER_LOOK = 4096;
/** What it takes the code of a literal or length, and that of a distance, to need. */
const GUESSED_BITS = 8;
const GUESSED_DISTANCE_BITS = 5;

/**
 * A block that GNU gzip is at, and whether it ends it for the sake of its tokens. Found by experiment.
 *
 * A block ends when its buffer is full. Levels from 3 on look each 4096 tokens whether a block that ended
 * there would be small: when fewer than half of the tokens are matches, and the tokens, at 8 bits each and 5
 * for a distance with its extra bits, come to less than half of the plain bytes. Of those bytes only the ones
 * before the last token count; levels from 4 on have looked one byte further by then.
 */
export class GnuBlock {
  readonly counts = new SymbolCounts();
  #rule: GnuBlockRule = { looksAtGain: false, isLazy: false };
  #tokens = 0;
  #bytes = 0;
  #lastBytes = 0;

  begin(rule: GnuBlockRule): void {
    this.#rule = rule;
    this.counts.clear();
    this.#tokens = 0;
    this.#bytes = 0;
    this.#lastBytes = 0;
  }

  /** How many tokens there are. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Plain bytes of the last token. */
  get lastBytes(): number {
    return this.#lastBytes;
  }

  /** How many tokens can be added before {@link isFull} must be asked. */
  get free(): number {
    const untilLook = TOKENS_PER_LOOK - (this.#tokens % TOKENS_PER_LOOK);
    return Math.min(untilLook, MOST_GNU_TOKENS - this.#tokens);
  }

  /** Adds tokens from index `from` up to index `to`, {@link free} of them at most. */
  add(tokens: Uint32Array, from: number, to: number): void {
    if (from === to) return;
    this.counts.add(tokens, from, to);
    let bytes = 0;
    for (let index = from; index < to; index++) {
      const token = tokens[index] ?? 0;
      bytes += token < 256 ? 1 : token >>> 16;
    }
    const last = tokens[to - 1] ?? 0;
    this.#lastBytes = last < 256 ? 1 : last >>> 16;
    this.#bytes += bytes;
    this.#tokens += to - from;
  }

  /** Whether the encoder ends the block after these tokens, whatever the plain bytes are. */
  isFull(): boolean {
    if (this.#tokens === MOST_GNU_TOKENS) return true;
    if (!this.#rule.looksAtGain || this.#tokens === 0) return false;
    return this.#tokens % TOKENS_PER_LOOK === 0 && this.#isSmall();
  }

  #isSmall(): boolean {
    const { distance } = this.counts;
    let matches = 0;
    let bits = GUESSED_BITS * this.#tokens;
    for (let symbol = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
      const count = distance[symbol] ?? 0;
      matches += count;
      bits += count * (GUESSED_DISTANCE_BITS + distanceExtraBits(symbol));
    }
    const bytes = this.#bytes - this.#lastBytes + (this.#rule.isLazy ? 1 : 0);
    return matches < this.#tokens / 2 && Math.floor(bits / 8) < Math.floor(bytes / 2);
  }
}
