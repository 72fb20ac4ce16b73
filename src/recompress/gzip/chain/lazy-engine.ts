import type { PlainWindow } from "../../plain-window.ts";
import type { ChainEngine, PendingMatch } from "./chain-engine.ts";
import type { ChainMatcher, ChainStart } from "./chain-matcher.ts";
import { LONGEST_MATCH, WINDOW_BYTES } from "./match-length.ts";

/** Nothing was looked for at the position yet. */
const UNKNOWN = -1;
/** What must be ahead: a match one byte further on, and a few bytes for the hashes of its last positions. */
const LOOKAHEAD_BYTES = LONGEST_MATCH + 8;

/**
 * Lazy matching: before it takes a match the encoder looks whether there is a longer one a byte further on,
 * and if so makes do with a literal (RFC 1951 section 4). Levels 4 to 9 of zlib, GNU gzip and Go up to 1.26.
 *
 * A match of `lazy` bytes or more is taken without looking further. Every position is entered in the tables.
 * So what an encoder can choose depends on the last 32 KiB and the match in hand alone.
 */
export class LazyEngine implements ChainEngine {
  readonly window: PlainWindow;
  readonly warmUpBytes = 0;
  readonly historyBytes = WINDOW_BYTES;
  position = 0;
  until = 0;
  readonly #matcher: ChainMatcher;
  readonly #bytes: Uint8Array;
  readonly #lazy: number;
  readonly #noMatch: number;
  #limit = 0;
  #length = UNKNOWN;
  #distance = 0;
  #nextLength = UNKNOWN;
  #nextDistance = 0;

  /** @param lazy matches of this length and longer are taken at once */
  constructor(window: PlainWindow, matcher: ChainMatcher, lazy: number) {
    this.window = window;
    this.#bytes = window.bytes;
    this.#matcher = matcher;
    this.#lazy = lazy;
    this.#noMatch = matcher.shortest - 1;
  }

  get canChoose(): boolean {
    return this.position < this.#limit;
  }

  get pending(): PendingMatch {
    return { length: this.#length, distance: this.#distance };
  }

  begin(start: ChainStart): void {
    this.position = start.at;
    this.#length = UNKNOWN;
    this.#matcher.supply(start.at, false);
    this.#matcher.begin(start);
  }

  takeUp(pending: PendingMatch): void {
    this.#length = pending.length;
    this.#distance = pending.distance;
  }

  supply(end: number, isLast: boolean): void {
    this.#matcher.supply(end, isLast);
    this.#limit = isLast ? end : end - LOOKAHEAD_BYTES;
  }

  follow(tokens: Uint32Array, from: number, to: number): number {
    const limit = this.#limit;
    let index = from;
    while (index < to && this.position < limit) {
      const token = this.#choose();
      if (token !== tokens[index]) return index;
      this.#accept(token);
      index++;
    }
    return index;
  }

  produce(tokens: Uint32Array, from: number, to: number): number {
    const limit = Math.min(this.#limit, this.until);
    let index = from;
    while (index < to && this.position < limit) {
      const token = this.#choose();
      tokens[index++] = token;
      this.#accept(token);
    }
    return index;
  }

  pass(until: number): number {
    const limit = Math.min(this.#limit, until);
    let count = 0;
    for (; this.position < limit; count++) {
      const token = this.#choose();
      if (this.position + (token >>> 16) > until) break;
      this.#accept(token);
    }
    return count;
  }

  consider(): boolean {
    if (!this.canChoose) return false;
    this.#choose();
    return true;
  }

  force(token: number): void {
    const length = token >>> 16;
    this.position += length === 0 ? 1 : length;
    this.#length = UNKNOWN;
  }

  slide(by: number): void {
    this.window.slide(by);
    this.#matcher.slide(by);
    this.position -= by;
    this.#limit -= by;
  }

  isAlike(other: LazyEngine): boolean {
    this.#settle();
    other.#settle();
    if (this.#length !== other.#length) return false;
    if (this.#length > 0 && this.#distance !== other.#distance) return false;
    return this.#matcher.isAlike(other.#matcher, this.position - other.position);
  }

  /** Does what would be done first in any case. */
  #settle(): void {
    if (this.#length === UNKNOWN) this.#look();
    this.#matcher.enterUntil(this.position + 1);
  }

  #look(): void {
    this.#length = this.#matcher.find(this.position, this.#noMatch);
    this.#distance = this.#matcher.distance;
  }

  /** @returns the token at the position; what was found a byte further on is kept for {@link #accept}. */
  #choose(): number {
    if (this.#length === UNKNOWN) this.#look();
    const length = this.#length;
    this.#nextLength = UNKNOWN;
    if (length === 0) return this.#bytes[this.position] ?? 0;
    if (length < this.#lazy) {
      const longer = this.#matcher.find(this.position + 1, length);
      if (longer > length) {
        this.#nextLength = longer;
        this.#nextDistance = this.#matcher.distance;
        return this.#bytes[this.position] ?? 0;
      }
    }
    return (length << 16) | this.#distance;
  }

  #accept(token: number): void {
    const length = token >>> 16;
    this.position += length === 0 ? 1 : length;
    this.#length = this.#nextLength;
    this.#distance = this.#nextDistance;
  }
}
