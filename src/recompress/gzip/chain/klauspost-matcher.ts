import type { PlainWindow } from "../../plain-window.ts";
import type { ChainStart } from "./chain-matcher.ts";
import { ChainTables } from "./chain-tables.ts";
import type { LiteralCosts } from "./literal-costs.ts";
import { alikeBytes, LONGEST_MATCH, WINDOW_BYTES } from "./match-length.ts";

const SHORTEST = 4;
const HASH_BITS = 17;
const HASH_FACTOR = 0x9e3779b1;
const SLOT = WINDOW_BYTES - 1;

/** What the levels set for the search. */
export interface KlauspostSearch {
  /** A match of this length ends the search. */
  readonly nice: number;
  /** How many candidates are compared. */
  readonly tries: number;
  /** Where given, a match must save more bits than the ones before it. */
  readonly costs: LiteralCosts | undefined;
}

/**
 * The search of klauspost/compress, levels 7 to 9, which Go has from 1.27 on.
 *
 * The hash is of four bytes, least significant first, multiplied, and of that the upper 17 bits. Candidates
 * are up to 32768 bytes away, but not before {@link lowest}. At levels 7 and 8 the nearest of the longest
 * wins. At level 9 a longer match must also save more bits than the one before it, against its bytes
 * written as literals.
 *
 * Matches are of 4 to 258 bytes; the format would allow 3 (RFC 1951 section 3.2.5).
 */
export class KlauspostMatcher {
  distance = 0;
  /** The position after the last byte that the encoder has to look at. */
  end = 0;
  /** Where the encoder's memory begins; below 0 when that has left the window. */
  memory = 0;
  /** The first position that is known. */
  #first = 0;
  readonly #view: DataView;
  readonly #tables: ChainTables;
  readonly #nice: number;
  readonly #tries: number;
  readonly #costs: LiteralCosts | undefined;
  /** The position after the last that was entered or left out. */
  #entered = 0;

  constructor(window: PlainWindow, search: KlauspostSearch) {
    this.#view = window.view;
    this.#tables = new ChainTables(window.view, 1 << HASH_BITS);
    this.#nice = search.nice;
    this.#tries = search.tries;
    this.#costs = search.costs;
  }

  begin({ from, at, isDictionary }: ChainStart): void {
    if (from < at || from < this.#entered) this.#tables.clear();
    this.#entered = from;
    this.#first = from;
    if (!isDictionary) return;
    this.end = at;
    this.enterUntil(at);
    this.leaveOutUntil(at);
  }

  slide(by: number): void {
    this.#tables.slide(by);
    this.end -= by;
    this.memory -= by;
    this.#first = Math.max(this.#first - by, 0);
    this.#entered -= by;
  }

  /** The first position that a match at `at` may begin at. */
  lowest(at: number): number {
    return Math.max(at - WINDOW_BYTES, this.memory, this.#first);
  }

  /** The newest position entered that has the hash of the bytes at `at`; -1 if there is none. */
  newestLike(at: number): number {
    return this.#tables.newest[hash(this.#view, at)] ?? -1;
  }

  enterUntil(until: number): void {
    const last = Math.min(until, this.end - SHORTEST + 1);
    const view = this.#view;
    const { newest, back } = this.#tables;
    for (let at = this.#entered; at < last; at++) {
      const slot = hash(view, at);
      const step = at - (newest[slot] ?? 0);
      back[at & SLOT] = step > 0xffff ? 0xffff : step;
      newest[slot] = at;
    }
    if (last > this.#entered) this.#entered = last;
  }

  /** Leaves the positions before `until` out that are not yet in the table: no search will begin there. */
  leaveOutUntil(until: number): void {
    for (; this.#entered < until; this.#entered++) this.#tables.leaveOut(this.#entered);
  }

  /** As `ChainMatcher.find`. */
  find(at: number, longerThan: number): number {
    if (this.#entered <= at) this.enterUntil(at + 1);
    if (this.end - at <= longerThan) return 0;
    this.#tables.walk(this.lowest(at), this.#tries);
    if (this.#costs === undefined) return this.#longest(at, longerThan);
    const length = this.#thriftiest(at, this.#costs);
    return length > longerThan ? length : 0;
  }

  isAlike(other: KlauspostMatcher, by: number): boolean {
    if (this.#entered !== other.#entered + by || this.memory !== other.memory + by) return false;
    const lowest = this.lowest(this.#entered);
    if (lowest !== other.lowest(other.#entered) + by) return false;
    return this.#tables.isAlike(other.#tables, by, lowest);
  }

  #longest(at: number, longerThan: number): number {
    const tables = this.#tables;
    const most = Math.min(this.end - at, LONGEST_MATCH);
    const nice = Math.min(this.#nice, most);
    let best = longerThan;
    let distance = 0;
    let candidate = tables.fitting(tables.before(at), at, best);
    while (candidate >= 0) {
      const length = alikeBytes(this.#view, candidate, at);
      if (length > best) {
        best = length;
        distance = at - candidate;
        if (length >= nice) break;
      }
      candidate = tables.fitting(tables.before(candidate), at, best);
    }
    this.distance = distance;
    if (distance === 0) return 0;
    return best < most ? best : most;
  }

  #thriftiest(at: number, costs: LiteralCosts): number {
    const tables = this.#tables;
    const most = Math.min(this.end - at, LONGEST_MATCH);
    const nice = Math.min(this.#nice, most);
    let best = SHORTEST - 1;
    let distance = 0;
    let gain = costs.leastGain;
    let candidate = tables.fitting(tables.before(at), at, best);
    while (candidate >= 0) {
      const length = Math.min(alikeBytes(this.#view, candidate, at), most);
      const saved = length > best ? costs.saved(at - this.memory, length, at - candidate) : 0;
      if (saved > gain) {
        gain = saved;
        best = length;
        distance = at - candidate;
        if (length >= nice) break;
      }
      candidate = tables.fitting(tables.before(candidate), at, best);
    }
    this.distance = distance;
    return distance === 0 ? 0 : best;
  }
}

function hash(view: DataView, at: number): number {
  return Math.imul(view.getInt32(at, true), HASH_FACTOR) >>> (32 - HASH_BITS);
}
