import type { PlainWindow } from "../../plain-window.ts";
import type { ChainMatcher, ChainStart } from "./chain-matcher.ts";
import { ChainTables } from "./chain-tables.ts";
import type { GnuEnding } from "./gnu-ending.ts";
import { alikeBytes, LONGEST_MATCH, WINDOW_BYTES } from "./match-length.ts";

const SHORTEST = 3;
const HASHES = 32768;
const SLOT = WINDOW_BYTES - 1;
const LOOKAHEAD_BYTES = LONGEST_MATCH + SHORTEST + 1;
/** zlib never looks back the last 262 bytes of deflate's window, which it needs to look ahead. */
const FARTHEST = WINDOW_BYTES - LOOKAHEAD_BYTES;
/** Lazy levels do not take a match of three bytes from farther away: literals are cheaper. */
const FARTHEST_OF_THREE = 4096;

/** What zlib's levels set. */
export interface ZlibSearch {
  /** From this length of the match in hand on, only a quarter of `tries` is made. */
  readonly good: number;
  /** A match of this length ends the search. */
  readonly nice: number;
  /** How many candidates are compared. */
  readonly tries: number;
  /** Whether far matches of three bytes are taken. */
  readonly takesFarThrees: boolean;
  /** GNU gzip's own way at the end of the input. */
  readonly ending: GnuEnding | undefined;
}

/**
 * zlib's search, which is GNU gzip's too.
 *
 * The hash is of three bytes, shifted by five bits each, in 15 bits. The newest candidate may be 32506 bytes
 * away, the others one less. The first byte of the input is never found: position 0 stands for "none" in
 * zlib's tables. Of equally long matches the nearest wins.
 */
export class ZlibMatcher implements ChainMatcher {
  readonly shortest = SHORTEST;
  distance = 0;
  end = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #tables = new ChainTables(HASHES);
  readonly #newest = this.#tables.newest;
  readonly #back = this.#tables.back;
  readonly #good: number;
  readonly #nice: number;
  readonly #tries: number;
  readonly #takesFarThrees: boolean;
  readonly #ending: GnuEnding | undefined;
  /** The first position that a match may begin at. */
  #first = 0;
  /** The longest match that counts, for the search at hand. */
  #most = 0;
  /** The position after the last that was entered or left out. */
  #entered = 0;

  constructor(window: PlainWindow, search: ZlibSearch) {
    this.#bytes = window.bytes;
    this.#view = window.view;
    this.#good = search.good;
    this.#nice = search.nice;
    this.#tries = search.tries;
    this.#takesFarThrees = search.takesFarThrees;
    this.#ending = search.ending;
  }

  begin(start: ChainStart): void {
    if (start.from < start.at || start.from < this.#entered) this.#tables.clear();
    this.#first = start.from + 1;
    this.#entered = start.from;
    this.#ending?.begin(start);
  }

  supply(end: number, isLast: boolean): void {
    this.end = end;
    if (isLast) this.#ending?.finish(end);
  }

  slide(by: number): void {
    this.#tables.slide(by);
    this.#ending?.slide(by);
    this.end -= by;
    this.#first = Math.max(this.#first - by, -1);
    this.#entered -= by;
  }

  enterUntil(until: number): void {
    const last = Math.min(until, this.end - SHORTEST + 1);
    const bytes = this.#bytes;
    const newest = this.#newest;
    const back = this.#back;
    for (let at = this.#entered; at < last; at++) {
      const hash =
        (((bytes[at] ?? 0) << 10) ^ ((bytes[at + 1] ?? 0) << 5) ^ (bytes[at + 2] ?? 0)) & 0x7fff;
      const step = at - (newest[hash] ?? 0);
      back[at & SLOT] = step > 0xffff ? 0xffff : step;
      newest[hash] = at;
    }
    if (last > this.#entered) this.#entered = last;
  }

  leaveOutUntil(until: number): void {
    if (until > this.#entered) this.#entered = until;
  }

  find(at: number, longerThan: number): number {
    if (this.#entered <= at) this.enterUntil(at + 1);
    const ahead = this.end - at;
    let most = ahead < LONGEST_MATCH ? ahead : LONGEST_MATCH;
    if (ahead <= LOOKAHEAD_BYTES && this.#ending !== undefined) {
      if (!this.#ending.isSearched(at)) return 0;
      most = LONGEST_MATCH;
    }
    if (ahead <= longerThan) return 0;
    const candidate = at - (this.#back[at & SLOT] ?? 0);
    if (candidate < at - FARTHEST || candidate < this.#first) return 0;
    this.#most = most;
    const found = this.#walk(at, candidate, longerThan);
    const length = found < ahead ? found : ahead;
    if (length !== 3 || this.#takesFarThrees || this.distance <= FARTHEST_OF_THREE) return length;
    return 0;
  }

  #walk(at: number, newest: number, longerThan: number): number {
    const view = this.#view;
    const back = this.#back;
    const most = this.#most;
    const nice = Math.min(this.#nice, most);
    const lowest = Math.max(at - FARTHEST + 1, this.#first);
    let tries = longerThan >= this.#good ? this.#tries >> 2 : this.#tries;
    let candidate = newest;
    let best = longerThan;
    let distance = 0;
    let offset = best < 3 ? 0 : best - 3;
    let mask = best < 3 ? 0xffffff : -1;
    let wanted = view.getInt32(at + offset, true);
    do {
      if (((view.getInt32(candidate + offset, true) ^ wanted) & mask) === 0) {
        const length = alikeBytes(view, candidate, at);
        if (length > best) {
          best = length;
          distance = at - candidate;
          if (length >= nice) break;
          offset = best - 3;
          mask = -1;
          wanted = view.getInt32(at + offset, true);
        }
      }
      candidate -= back[candidate & SLOT] ?? 0;
    } while (candidate >= lowest && --tries > 0);
    this.distance = distance;
    if (distance === 0) return 0;
    return best < most ? best : most;
  }

  isAlike(other: ZlibMatcher, by: number): boolean {
    if (this.#entered !== other.#entered + by) return false;
    const reach = this.#entered - WINDOW_BYTES;
    const lowest = Math.max(this.#first, reach);
    if (lowest !== Math.max(other.#first + by, reach)) return false;
    return this.#tables.isAlike(other.#tables, by, lowest);
  }
}
