import type { PlainWindow } from "../../../plain-window.ts";
import { FARTHEST, PositionTables, positionIn } from "../position-tables.ts";
import { SegmentBytes } from "../segment-bytes.ts";
import type { Guide, SegmentEngine, SegmentSpan } from "../segment-engine.ts";
import { TokenTrail } from "../token-trail.ts";

const TABLE_BITS = 16;
/** Candidates have to be this near, so that the four bytes after them are near enough, too. */
const NEAR = FARTHEST - 4;

/** How the first revision was: it hashed four bytes, not five. */
const FIRST_REVISION = { marginBytes: 7, patience: 6, step: 5, lookAheadBytes: 4 } as const;
const LATER_REVISION = { marginBytes: 11, patience: 7, step: 6, lookAheadBytes: 8 } as const;

/**
 * Level 3 of klauspost's flate and of Go from 1.27 on.
 *
 * One table keeps the latest two positions for a hash of five bytes. Every position is looked up and goes
 * into it, fewer and fewer while nothing is found. When the latest is too far the previous one is not looked
 * at; when four bytes are the same at both, the longer match is taken. Matches are made longer to both sides.
 * Where one ends, the next is looked for at once, and there the latest is taken when it matches.
 *
 * Of a match every sixth position, from the third on, and the last two are indexed. When the last match of a
 * segment has been found, the position behind its source is indexed once more.
 *
 * Matches are of 4 to 258 bytes, and longer ones are told as several (RFC 1951 section 3.2.5).
 */
export class Level3Engine implements SegmentEngine {
  readonly tables: PositionTables;
  readonly trail: TokenTrail;
  readonly #text: SegmentBytes;
  readonly #isFirstRevision: boolean;
  readonly #settings: typeof FIRST_REVISION | typeof LATER_REVISION;
  /** The latest and the previous position, side by side. */
  readonly #table = new Int32Array(2 << TABLE_BITS);
  #at = 0;
  #from = 0;
  #length = 0;
  /** The last position that counts as looked at. */
  #seen = 0;
  #since = 0;
  #limit = 0;

  constructor(window: PlainWindow, isFirstRevision: boolean) {
    this.#text = new SegmentBytes(window);
    this.#isFirstRevision = isFirstRevision;
    this.#settings = isFirstRevision ? FIRST_REVISION : LATER_REVISION;
    this.tables = new PositionTables([], [this.#table]);
    this.trail = new TokenTrail(window.bytes);
  }

  run(span: SegmentSpan, guide: Guide): void {
    this.trail.begin(span, guide);
    if (span.isSearched) this.#matches(span);
    this.trail.literals(span.end);
  }

  #matches(span: SegmentSpan): void {
    this.#at = span.start;
    this.#since = span.start;
    this.#limit = span.end - this.#settings.marginBytes;
    while (this.#find(span.end)) {
      do {
        this.#measure(span);
        if (!this.#emit()) break;
        if (this.#at >= this.#limit) {
          this.#indexEnd(span);
          return;
        }
        this.#indexWithin();
      } while (this.#findAtOnce());
    }
  }

  #find(end: number): boolean {
    const table = this.#table;
    const { patience } = this.#settings;
    let next = this.#at;
    for (;;) {
      const at = next;
      next = at + 1 + ((at - this.#since) >> patience);
      if (next > this.#limit) return false;
      const slot = this.#slot(at);
      const latest = positionIn(table, slot);
      const previous = positionIn(table, slot + 1);
      table[slot + 1] = latest;
      table[slot] = at;
      this.#at = at;
      this.#seen = next;
      if (latest >= at - NEAR && this.#choose(latest, previous, end)) return true;
    }
  }

  /** Chooses between two candidates, of which the latest is near enough. */
  #choose(latest: number, previous: number, end: number): boolean {
    const text = this.#text;
    const at = this.#at;
    const oldest = at - NEAR;
    if (text.isMatch(at, latest)) {
      this.#from = latest;
      if (previous < oldest || !text.isMatch(at, previous)) return true;
      const length = text.common(at + 4, latest + 4, end);
      if (text.common(at + 4, previous + 4, end) > length) this.#from = previous;
      return true;
    }
    this.#from = previous;
    return previous > oldest && text.isMatch(at, previous);
  }

  #measure(span: SegmentSpan): void {
    const text = this.#text;
    const at = this.#at;
    const from = this.#from;
    const after = text.common(at + 4, from + 4, span.end) + 4;
    const before = text.commonBefore(at, from, Math.max(this.trail.at, span.base + at - from));
    this.#at = at - before;
    this.#from = from - before;
    this.#length = before + after;
  }

  /** @returns false when the encoder chose a literal instead: the search goes on behind it. */
  #emit(): boolean {
    const { trail } = this;
    const isForeseen = trail.match(this.#at, this.#at - this.#from, this.#length);
    this.#at = Math.max(trail.at, this.#seen + 1);
    this.#since = trail.since;
    if (!isForeseen) {
      if (trail.forced < 256) return false;
      this.#length = trail.forced >>> 16;
      this.#from = trail.at - this.#length - (trail.forced & 0xffff);
    }
    return true;
  }

  #indexWithin(): void {
    const at = this.#at;
    const { step } = this.#settings;
    for (let here = at - this.#length + 2; here < at - 5; here += step) this.#index(here);
    this.#index(at - 2);
    this.#index(at - 1);
  }

  #findAtOnce(): boolean {
    const text = this.#text;
    const at = this.#at;
    const slot = this.#slot(at);
    const latest = positionIn(this.#table, slot);
    const previous = positionIn(this.#table, slot + 1);
    this.#index(at);
    this.#seen = at;
    const oldest = at - NEAR;
    if (latest > oldest) {
      this.#from = latest;
      if (text.isMatch(at, latest)) return true;
      this.#from = previous;
      if (previous > oldest && text.isMatch(at, previous)) return true;
    }
    this.#at = at + 1;
    return false;
  }

  #indexEnd(span: SegmentSpan): void {
    const behind = this.#from + this.#length;
    if (behind > span.base && behind + this.#settings.lookAheadBytes < span.end)
      this.#index(behind);
  }

  #index(at: number): void {
    const slot = this.#slot(at);
    this.#table[slot + 1] = positionIn(this.#table, slot);
    this.#table[slot] = at;
  }

  #slot(at: number): number {
    const hash = this.#isFirstRevision ? this.#text.hash4(at) : this.#text.hash5(at);
    return (hash >>> (32 - TABLE_BITS)) << 1;
  }
}
