import type { PlainWindow } from "../../../plain-window.ts";
import { AT_SHORT, LongShortSearch, NOTHING } from "../long-short-search.ts";
import { FARTHEST, type PositionTables } from "../position-tables.ts";
import { SegmentBytes } from "../segment-bytes.ts";
import type { Guide, SegmentEngine, SegmentSpan } from "../segment-engine.ts";
import { TokenTrail } from "../token-trail.ts";

const PATIENCE = 7;
/** Bytes at a segment's end that go into no table. */
const UNINDEXED_BYTES = 8;

/**
 * Level 6 of klauspost's flate and of Go from 1.27 on, where it is the default.
 *
 * A match is found as {@link LongShortSearch} says, in its thorough way: a match by the short table is set
 * against one with the distance of the match before. Every match is then set against both positions that the
 * long table has for the bytes at its end, as in level 5. At last it is made longer towards the front.
 *
 * Behind a match, every position in it goes into the long table and every second into the short one. At
 * the end of a segment every second position of the rest goes into both.
 *
 * Matches are of 4 to 258 bytes, and longer ones are told as several (RFC 1951 section 3.2.5).
 */
export class Level6Engine implements SegmentEngine {
  readonly tables: PositionTables;
  readonly trail: TokenTrail;
  readonly #text: SegmentBytes;
  readonly #search: LongShortSearch;
  readonly #lookPast: number;
  /** Of the match before. At a segment's begin it counts as 1. */
  #distance = 1;

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
    this.#distance = 1;
    search.begin(span);
    for (;;) {
      const found = search.find();
      if (found === NOTHING) return;
      if (found === AT_SHORT)
        search.takeShort(true, Math.max(search.at + 1 - this.#distance, base));
      else search.takeLong(found);
      search.finish();
      this.#tryByEnd(base);
      if (!this.#emit(base)) continue;
      if (search.at >= search.limit) {
        this.#indexRest();
        return;
      }
      this.#index();
    }
  }

  #tryByEnd(base: number): void {
    const search = this.#search;
    const { at, length } = search;
    const matchEnd = at + length;
    if (matchEnd >= search.limit) return;
    const latest = search.latestAt(matchEnd);
    if (matchEnd - latest >= FARTHEST) return;
    const previous = search.previousAt(matchEnd);
    const later = at + this.#lookPast;
    this.#tryFrom(later, latest - length + this.#lookPast, base);
    this.#tryFrom(later, previous - search.length + this.#lookPast, base);
  }

  #tryFrom(at: number, from: number, base: number): void {
    const search = this.#search;
    const distance = at - from;
    if (from < base || distance >= FARTHEST || distance <= 0) return;
    const length = this.#text.common(at, from, search.end);
    if (length > search.length) search.take(at, from, length);
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
    if (!isForeseen && trail.forced < 256) return false;
    this.#distance = isForeseen ? at - from : trail.forced & 0xffff;
    return true;
  }

  #index(): void {
    const search = this.#search;
    const last = search.at - 1;
    for (let at = search.next + 1; at < last; at += 2) {
      search.indexShort(at);
      search.indexLong(at);
      search.indexLong(at + 1);
    }
  }

  #indexRest(): void {
    const search = this.#search;
    const end = search.end - UNINDEXED_BYTES;
    for (let at = search.next + 1; at < end; at += 2) {
      search.indexShort(at);
      search.indexLong(at);
    }
  }
}
