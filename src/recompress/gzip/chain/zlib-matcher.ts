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
 *
 * Hash chains are those of RFC 1951 section 4; matches are of 3 to 258 bytes (section 3.2.5).
 */
export class ZlibMatcher implements ChainMatcher {
  readonly shortest = SHORTEST;
  distance = 0;
  end = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #tables: ChainTables;
  readonly #good: number;
  readonly #nice: number;
  readonly #tries: number;
  readonly #takesFarThrees: boolean;
  readonly #ending: GnuEnding | undefined;
  /** The first position that a match may begin at. */
  #first = 0;
  /** The position after the last that was entered or left out. */
  #entered = 0;

  constructor(window: PlainWindow, search: ZlibSearch) {
    this.#bytes = window.bytes;
    this.#view = window.view;
    this.#tables = new ChainTables(window.view, HASHES);
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
    const { newest, back } = this.#tables;
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
    if (ahead <= LOOKAHEAD_BYTES) return this.#findNearEnd(at, longerThan, ahead);
    return this.#acceptable(this.#search(at, longerThan, LONGEST_MATCH));
  }

  #findNearEnd(at: number, longerThan: number, ahead: number): number {
    if (this.#ending !== undefined && !this.#ending.isSearched(at)) return 0;
    if (ahead <= longerThan) return 0;
    const most = this.#ending === undefined ? Math.min(ahead, LONGEST_MATCH) : LONGEST_MATCH;
    return this.#acceptable(Math.min(this.#search(at, longerThan, most), ahead));
  }

  #acceptable(length: number): number {
    if (length !== 3 || this.#takesFarThrees || this.distance <= FARTHEST_OF_THREE) return length;
    return 0;
  }

  #search(at: number, longerThan: number, most: number): number {
    const tables = this.#tables;
    const nice = Math.min(this.#nice, most);
    const newest = tables.before(at);
    const farthest = at - FARTHEST + (newest === at - FARTHEST ? 0 : 1);
    const tries = longerThan >= this.#good ? this.#tries >> 2 : this.#tries;
    tables.walk(Math.max(farthest, this.#first), tries);
    let best = longerThan;
    let distance = 0;
    let candidate = tables.fitting(newest, at, best);
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

  isAlike(other: ZlibMatcher, by: number): boolean {
    if (this.#entered !== other.#entered + by) return false;
    const reach = this.#entered - WINDOW_BYTES;
    const lowest = Math.max(this.#first, reach);
    if (lowest !== Math.max(other.#first + by, reach)) return false;
    return this.#tables.isAlike(other.#tables, by, lowest);
  }
}
