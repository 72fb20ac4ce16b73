import type { PlainWindow } from "../../plain-window.ts";
import type { ChainMatcher, ChainStart } from "./chain-matcher.ts";
import { ChainTables } from "./chain-tables.ts";
import { bytesInMemory, MEMORY_BYTES } from "./encoder-memory.ts";
import { alikeBytes, LONGEST_MATCH, WINDOW_BYTES } from "./match-length.ts";

const SHORTEST = 4;
const HASH_BITS = 17;
const HASH_FACTOR = 0x1e35a7bd;
const SLOT = WINDOW_BYTES - 1;
/** A match of four bytes from farther away is not taken: literals are cheaper. */
const FARTHEST_OF_FOUR = 4096;
/** The last place in Go's memory before it drops the older half: with less than 262 bytes ahead. */
const LAST_BEFORE_MOVE = MEMORY_BYTES - (LONGEST_MATCH + SHORTEST);

/** What Go's levels set. */
export interface GoSearch {
  /** A match of this length ends the search. */
  readonly nice: number;
  /** How many candidates are compared. */
  readonly tries: number;
}

/**
 * The search of Go's compress/flate up to Go 1.26.
 *
 * The hash is of four bytes, most significant first, multiplied, and of that the upper 17 bits. Candidates
 * are up to 32768 bytes away, but not before the start of what the encoder has in memory: at most 64 KiB,
 * of which it drops the older half when it comes near the end. Of equally long matches the nearest wins.
 *
 * Matches are of 4 to 258 bytes; the format would allow 3 (RFC 1951 section 3.2.5).
 */
export class GoMatcher implements ChainMatcher {
  readonly shortest = SHORTEST;
  distance = 0;
  end = 0;
  readonly #view: DataView;
  readonly #tables: ChainTables;
  readonly #nice: number;
  readonly #tries: number;
  /** Where the encoder's memory begins; below 0 when that has left the window. */
  #memory = 0;
  /** The first position that is known. */
  #first = 0;
  /** The position after the last that was entered or left out. */
  #entered = 0;

  constructor(window: PlainWindow, search: GoSearch) {
    this.#view = window.view;
    this.#tables = new ChainTables(window.view, 1 << HASH_BITS);
    this.#nice = search.nice;
    this.#tries = search.tries;
  }

  begin(start: ChainStart): void {
    const { from, at, bytesBefore, isDictionary } = start;
    if (from < at || from < this.#entered) this.#tables.clear();
    this.#memory = from - bytesInMemory(bytesBefore, LAST_BEFORE_MOVE);
    this.#first = from;
    this.#entered = from;
    if (!isDictionary) return;
    // The last three positions of a dictionary are never entered: their hashes would need what follows.
    this.enterUntil(at - SHORTEST + 1);
    this.leaveOutUntil(at);
  }

  supply(end: number): void {
    this.end = end;
  }

  slide(by: number): void {
    this.#tables.slide(by);
    this.end -= by;
    this.#memory -= by;
    this.#first = Math.max(this.#first - by, 0);
    this.#entered -= by;
  }

  enterUntil(until: number): void {
    const last = Math.min(until, this.end - SHORTEST + 1);
    const view = this.#view;
    const { newest, back } = this.#tables;
    for (let at = this.#entered; at < last; at++) {
      const hash = Math.imul(view.getInt32(at, false), HASH_FACTOR) >>> (32 - HASH_BITS);
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
    if (this.end - at <= longerThan) return 0;
    this.#walkFrom(at);
    const tables = this.#tables;
    const most = Math.min(this.end - at, LONGEST_MATCH);
    const nice = Math.min(this.#nice, most);
    let best = longerThan;
    let distance = 0;
    let candidate = tables.fitting(tables.before(at), at, best);
    while (candidate >= 0) {
      const length = alikeBytes(this.#view, candidate, at);
      if (length > best && (length > SHORTEST || at - candidate <= FARTHEST_OF_FOUR)) {
        best = length;
        distance = at - candidate;
        if (length >= nice) break;
      }
      candidate = tables.fitting(tables.before(candidate), at, best);
    }
    this.distance = distance;
    return distance === 0 ? 0 : Math.min(best, most);
  }

  isAlike(other: GoMatcher, by: number): boolean {
    const at = this.#entered;
    if (at !== other.#entered + by) return false;
    this.#moveOn(at);
    other.#moveOn(at - by);
    if (this.#memory !== other.#memory + by) return false;
    const reach = Math.max(at - WINDOW_BYTES, this.#memory);
    const lowest = Math.max(reach, this.#first);
    if (lowest !== Math.max(reach, other.#first + by)) return false;
    return this.#tables.isAlike(other.#tables, by, lowest);
  }

  #walkFrom(at: number): void {
    if (at - this.#memory > LAST_BEFORE_MOVE) this.#moveOn(at);
    this.#tables.walk(Math.max(at - WINDOW_BYTES, this.#memory, this.#first), this.#tries);
  }

  #moveOn(at: number): void {
    while (at - this.#memory > LAST_BEFORE_MOVE && this.end - this.#memory > MEMORY_BYTES) {
      this.#memory += WINDOW_BYTES;
    }
  }
}
