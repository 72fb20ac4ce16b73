import type { PlainWindow } from "../../plain-window.ts";
import type { ChainEngine, PendingMatch } from "./chain-engine.ts";
import type { ChainStart } from "./chain-matcher.ts";
import { KlauspostCalls } from "./klauspost-calls.ts";
import { KlauspostMatcher } from "./klauspost-matcher.ts";
import type { KlauspostSearch } from "./klauspost-matcher.ts";
import { alikeBytes, LONGEST_MATCH } from "./match-length.ts";

const UNKNOWN = -1;
/** Stands for a token that cannot be chosen yet. */
const WAIT = -1;
const NO_MATCH = 3;
/** The counter of literals in a row has 16 bits. */
const COUNTER = 0xffff;
const NOTHING_PENDING: PendingMatch = { length: 0, distance: 0 };

/** What the levels and revisions set. */
export interface KlauspostSettings extends KlauspostSearch {
  /** Matches of this length and longer are taken at once. */
  readonly lazy: number;
  /** Whether the search at a match's end may also begin the match later. */
  readonly beginsLater: boolean;
}

/**
 * Lazy matching as klauspost/compress does it at levels 7 to 9, and Go from 1.27 on.
 *
 * Over plain lazy matching (see `lazy-engine.ts`) it has two rules more. When a match has been settled on,
 * the encoder looks up the bytes at its end, and if what it finds there also goes back to the match's
 * start, and is longer, takes that. And after a long run of literals it writes more and more of them
 * without looking, so as not to waste time on what cannot be compressed.
 *
 * One decision may so yield a few literals and a match; they are kept in a plan and told one by one.
 *
 * The format leaves all this open (RFC 1951 section 4).
 */
export class KlauspostEngine implements ChainEngine {
  readonly window: PlainWindow;
  readonly warmUpBytes = 192 * 1024;
  readonly historyBytes = 192 * 1024;
  readonly pending = NOTHING_PENDING;
  position = 0;
  until = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #matcher: KlauspostMatcher;
  readonly #calls: KlauspostCalls;
  readonly #lazy: number;
  readonly #tries: number;
  readonly #beginsLater: boolean;
  /** The match found at the position. */
  #length = UNKNOWN;
  #distance = 0;
  /** The match found one byte further on, where a literal is planned instead of the one at the position. */
  #nextLength = UNKNOWN;
  #nextDistance = 0;
  /** Literals in a row, as the encoder counts them. */
  #run = 0;
  #plannedLiterals = 0;
  #plannedLength = 0;
  #plannedDistance = 0;

  constructor(window: PlainWindow, settings: KlauspostSettings) {
    this.window = window;
    this.#bytes = window.bytes;
    this.#view = window.view;
    this.#matcher = new KlauspostMatcher(window, settings);
    this.#calls = new KlauspostCalls(window, this.#matcher, settings.costs);
    this.#lazy = settings.lazy;
    this.#tries = settings.tries;
    this.#beginsLater = settings.beginsLater;
  }

  get canChoose(): boolean {
    if (this.#plannedLiterals > 0 || this.#plannedLength > 0) return true;
    if (this.position >= this.#calls.sourceEnd) return false;
    return this.#calls.canReach(this.#length === UNKNOWN ? this.position : this.position + 1);
  }

  begin(start: ChainStart): void {
    this.position = start.at;
    this.#length = UNKNOWN;
    this.#run = 0;
    this.#dropPlan();
    this.#matcher.begin(start);
    this.#calls.begin(start);
  }

  takeUp(): void {
    // The engine is brought to the place by running: what it has in hand comes of itself.
  }

  supply(end: number, isLast: boolean): void {
    this.#calls.supply(end, isLast);
  }

  follow(tokens: Uint32Array, from: number, to: number): number {
    let index = from;
    while (index < to) {
      const token = this.#choose();
      if (token !== tokens[index]) return index;
      this.#accept(token);
      index++;
    }
    return index;
  }

  produce(tokens: Uint32Array, from: number, to: number): number {
    let index = from;
    while (index < to && this.position < this.until) {
      const token = this.#choose();
      if (token === WAIT) return index;
      tokens[index++] = token;
      this.#accept(token);
    }
    return index;
  }

  pass(until: number): number {
    let count = 0;
    for (; this.position < until; count++) {
      const token = this.#choose();
      if (token === WAIT || this.position + (token >>> 16) > until) break;
      this.#accept(token);
    }
    return count;
  }

  consider(): boolean {
    return this.#choose() !== WAIT;
  }

  force(token: number): void {
    const length = token >>> 16;
    this.position += length === 0 ? 1 : length;
    this.#length = UNKNOWN;
    if (length > 0) this.#run = 0;
    this.#dropPlan();
  }

  slide(by: number): void {
    this.window.slide(by);
    this.#matcher.slide(by);
    this.#calls.slide(by);
    this.position -= by;
  }

  isAlike(other: KlauspostEngine): boolean {
    const by = this.position - other.position;
    return (
      this.#length === other.#length &&
      (this.#length <= 0 || this.#distance === other.#distance) &&
      this.#run === other.#run &&
      this.#isPlanAlike(other) &&
      this.#calls.isAlike(other.#calls, by) &&
      this.#matcher.isAlike(other.#matcher, by)
    );
  }

  #isPlanAlike(other: KlauspostEngine): boolean {
    return (
      this.#plannedLiterals === other.#plannedLiterals &&
      this.#plannedLength === other.#plannedLength &&
      this.#plannedDistance === other.#plannedDistance &&
      (this.#plannedLiterals === 0 || this.#nextLength === other.#nextLength) &&
      (this.#plannedLiterals === 0 || this.#nextDistance === other.#nextDistance)
    );
  }

  #dropPlan(): void {
    this.#plannedLiterals = 0;
    this.#plannedLength = 0;
    this.#plannedDistance = 0;
  }

  /** @returns the token at the position, or {@link WAIT}. */
  #choose(): number {
    if (this.#plannedLiterals === 0 && this.#plannedLength === 0 && !this.#plan()) return WAIT;
    if (this.#plannedLiterals > 0) return this.#bytes[this.position] ?? 0;
    return (this.#plannedLength << 16) | this.#plannedDistance;
  }

  #accept(token: number): void {
    const length = token >>> 16;
    if (length > 0) {
      this.position += length;
      this.#length = UNKNOWN;
      this.#plannedLength = 0;
      this.#plannedDistance = 0;
      return;
    }
    this.position++;
    if (--this.#plannedLiterals > 0 || this.#plannedLength > 0) return;
    this.#length = this.#nextLength;
    this.#distance = this.#nextDistance;
  }

  /** Decides on what comes next. @returns false when more bytes must be supplied first. */
  #plan(): boolean {
    const { position } = this;
    const matcher = this.#matcher;
    const calls = this.#calls;
    if (position >= calls.sourceEnd) return false;
    if (this.#length === UNKNOWN) {
      if (!calls.reach(position)) return false;
      this.#look();
    }
    if (!calls.reach(position + 1)) return false;
    const length = Math.max(this.#length, NO_MATCH);
    matcher.enterUntil(position + 2);
    const longer = length < this.#lazy ? matcher.find(position + 1, length) : 0;
    if (this.#length > 0 && longer === 0) this.#planMatch();
    else this.#planLiterals(longer);
    return true;
  }

  #look(): void {
    const matcher = this.#matcher;
    this.#length = matcher.find(this.position, NO_MATCH);
    this.#distance = matcher.distance;
    if (this.#length > 0) this.#run = 0;
  }

  #planMatch(): void {
    this.#run = 0;
    this.#plannedLength = this.#length;
    this.#plannedDistance = this.#distance;
    if (this.#beginsLater) this.#improveFromLater();
    else this.#improve();
  }

  /** Up to v1.15.13: looks up the match's last two bytes and the two behind them. */
  #improve(): void {
    const { position } = this;
    const matcher = this.#matcher;
    const length = this.#length;
    if (position + length + 2 >= matcher.end - NO_MATCH) return;
    const candidate = matcher.newestLike(position + length - 2) - length + 2;
    if (candidate <= matcher.lowest(position + 1) || candidate >= position) return;
    const most = Math.min(matcher.end - position - 1, LONGEST_MATCH);
    const found = Math.min(alikeBytes(this.#view, candidate, position), most);
    if (found <= length) return;
    this.#plannedLength = found;
    this.#plannedDistance = position - candidate;
  }

  /** From v1.15.15 on: looks up the bytes behind the match. The longer one may begin up to two bytes later. */
  #improveFromLater(): void {
    const { position } = this;
    const matcher = this.#matcher;
    const length = this.#length;
    if (length >= LONGEST_MATCH - 2 || position + length >= matcher.end - NO_MATCH) return;
    const candidate = matcher.newestLike(position + length) - length;
    const distance = position - candidate;
    if (distance === this.#distance || distance <= 0) return;
    if (candidate <= matcher.lowest(position + 1) + 2) return;
    const most = Math.min(matcher.end - position - 1, LONGEST_MATCH + 2) - 2;
    let found = Math.min(alikeBytes(this.#view, candidate + 2, position + 2), most);
    if (found <= length) return;
    let literals = 2;
    for (; literals > 0 && found < LONGEST_MATCH; literals--, found++) {
      if (this.#bytes[position + literals - 1] !== this.#bytes[candidate + literals - 1]) break;
    }
    this.#plannedLiterals = literals;
    this.#plannedLength = found;
    this.#plannedDistance = distance;
  }

  /** A literal; or many, when there were many in a row: one more for each 64 beyond what a search compares. */
  #planLiterals(longer: number): void {
    const { position } = this;
    this.#run = longer > 0 ? 1 : (this.#run + 1) & COUNTER;
    this.#plannedLiterals = 1;
    this.#nextLength = longer;
    this.#nextDistance = longer === 0 ? 0 : this.#matcher.distance;
    const beyond = this.#run - this.#tries;
    if (beyond <= 0 || position + 1 >= this.#matcher.end) return;
    const last = Math.max(position + 2, this.#matcher.end - 1);
    const fresh = Math.min(position + 3 + (beyond >> 6), last);
    this.#matcher.enterUntil(fresh);
    this.#matcher.leaveOutUntil(fresh);
    this.#plannedLiterals = fresh - position;
    this.#nextLength = UNKNOWN;
  }
}
