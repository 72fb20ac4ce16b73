import type { PlainWindow } from "../../plain-window.ts";
import type { ChainEngine, PendingMatch } from "./chain-engine.ts";
import type { ChainMatcher, ChainStart } from "./chain-matcher.ts";
import { LONGEST_MATCH } from "./match-length.ts";

const LOOKAHEAD_BYTES = LONGEST_MATCH + 8;
const NOTHING_PENDING: PendingMatch = { length: 0, distance: 0 };

/**
 * Greedy matching: the encoder takes the match it finds. Levels 1 to 3 of zlib and GNU gzip, 2 and 3 of Go
 * up to 1.26.
 *
 * The positions inside a match longer than `mostEntered` are left out of the tables, for speed. So what the
 * encoder can find depends on its earlier choices; it comes into a known state by running for a while.
 *
 * What it yields are the literals, lengths and distances of RFC 1951 section 3.2.5; which of them is not the
 * format's business (section 4).
 */
export class GreedyEngine implements ChainEngine {
  readonly window: PlainWindow;
  readonly warmUpBytes = 256 * 1024;
  readonly historyBytes = 256 * 1024;
  readonly pending = NOTHING_PENDING;
  position = 0;
  until = 0;
  readonly #matcher: ChainMatcher;
  readonly #bytes: Uint8Array;
  readonly #mostEntered: number;
  readonly #noMatch: number;
  #limit = 0;

  /** @param mostEntered the length up to which a match's positions are entered */
  constructor(window: PlainWindow, matcher: ChainMatcher, mostEntered: number) {
    this.window = window;
    this.#bytes = window.bytes;
    this.#matcher = matcher;
    this.#mostEntered = mostEntered;
    this.#noMatch = matcher.shortest - 1;
  }

  get canChoose(): boolean {
    return this.position < this.#limit;
  }

  begin(start: ChainStart): void {
    this.position = start.at;
    this.#matcher.supply(start.at, false);
    this.#matcher.begin(start);
  }

  takeUp(): void {
    // Nothing is ever in hand between two tokens.
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
      this.force(token);
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
      this.force(token);
    }
    return index;
  }

  pass(until: number): number {
    const limit = Math.min(this.#limit, until);
    let count = 0;
    for (; this.position < limit; count++) {
      const token = this.#choose();
      if (this.position + (token >>> 16) > until) break;
      this.force(token);
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
    const next = this.position + (length === 0 ? 1 : length);
    this.#matcher.enterUntil(this.position + 1);
    if (length > this.#mostEntered) this.#matcher.leaveOutUntil(next);
    this.position = next;
  }

  slide(by: number): void {
    this.window.slide(by);
    this.#matcher.slide(by);
    this.position -= by;
    this.#limit -= by;
  }

  isAlike(other: GreedyEngine): boolean {
    this.#matcher.enterUntil(this.position);
    other.#matcher.enterUntil(other.position);
    return this.#matcher.isAlike(other.#matcher, this.position - other.position);
  }

  #choose(): number {
    const length = this.#matcher.find(this.position, this.#noMatch);
    if (length === 0) return this.#bytes[this.position] ?? 0;
    return (length << 16) | this.#matcher.distance;
  }
}
