import type { PlainWindow } from "../../../plain-window.ts";
import { AT_SHORT, LongShortSearch, NOTHING } from "../long-short-search.ts";
import { FARTHEST, type PositionTables } from "../position-tables.ts";
import { SegmentBytes } from "../segment-bytes.ts";
import type { Guide, SegmentEngine, SegmentSpan } from "../segment-engine.ts";
import { TokenTrail } from "../token-trail.ts";

const PATIENCE = 6;
/** A match of this length or more is good enough. */
const LONG_ENOUGH = 30;

/**
 * Level 5 of klauspost's flate and of Go from 1.27 on; the one that pgzip has by default.
 *
 * A match is found as {@link LongShortSearch} says. A short one is then set against what the long table has
 * for the bytes at its end: a match there, moved back by its length, may have begun earlier and so be longer.
 * The first two bytes of it need not be the same. At last the match is made longer towards the front.
 *
 * Behind a match, of three positions in it one goes into the short table and one, two of the first three,
 * into the long one; the last position goes into both.
 *
 * Matches are of 4 to 258 bytes, and longer ones are told as several (RFC 1951 section 3.2.5).
 */
export class Level5Engine implements SegmentEngine {
  readonly tables: PositionTables;
  readonly trail: TokenTrail;
  readonly #text: SegmentBytes;
  readonly #search: LongShortSearch;
  readonly #lookPast: number;

  /** @param lookPast bytes of a match by its end that need not be the same: 2, in the first revision 0 */
  constructor(window: PlainWindow, lookPast: number) {
    this.#text = new SegmentBytes(window);
    this.#search = new LongShortSearch(this.#text, PATIENCE);
    this.#lookPast = lookPast;
    this.tables = this.#search.tables;
    this.trail = new TokenTrail(window.bytes);
  }

  run(span: SegmentSpan, guide: Guide): void {
    this.trail.begin(span, guide);
    if (span.isSearched) this.#matches(span.base, span);
    this.trail.literals(span.end);
  }

  #matches(base: number, span: SegmentSpan): void {
    const search = this.#search;
    search.begin(span);
    for (;;) {
      const found = search.find();
      if (found === NOTHING) return;
      if (found === AT_SHORT) search.takeShort(false, 0);
      else search.takeLong(found);
      search.finish();
      this.#tryByEnd(base);
      if (!this.#emit(base)) continue;
      if (search.at >= search.limit) return;
      this.#index();
    }
  }

  #tryByEnd(base: number): void {
    const search = this.#search;
    const { at, length } = search;
    const matchEnd = at + length;
    if (length >= LONG_ENOUGH || matchEnd >= search.limit) return;
    const distance = matchEnd - search.latestAt(matchEnd);
    const later = at + this.#lookPast;
    const from = later - distance;
    if (from < base || distance >= FARTHEST || distance <= 0) return;
    const longer = this.#text.common(later, from, search.end);
    if (longer > length) search.take(later, from, longer);
  }

  /** @returns false when the encoder chose a literal instead: the search goes on behind it. */
  #emit(base: number): boolean {
    const search = this.#search;
    const { trail } = this;
    const { at, from } = search;
    const before = this.#text.commonBefore(at, from, Math.max(trail.at, base + at - from));
    search.length += before;
    const isForeseen = trail.match(at - before, at - from, search.length);
    search.at = Math.max(trail.at, search.next + 1);
    search.since = trail.since;
    if (!isForeseen) {
      if (trail.forced < 256) return false;
      search.length = trail.forced >>> 16;
    }
    return true;
  }

  #index(): void {
    const search = this.#search;
    const last = search.at - 1;
    let at = search.at - search.length + 1;
    if (at < last) {
      search.indexShort(at);
      search.indexLong(at);
      search.indexLong(at + 1);
      search.indexShort(at + 2);
      for (at += 4; at < last; at += 3) {
        search.indexLong(at);
        search.indexShort(at + 1);
      }
    }
    search.indexShort(last);
    search.indexLong(last);
  }
}
