import type { PlainWindow } from "../../../plain-window.ts";
import { PositionTables, positionIn } from "../position-tables.ts";
import { SegmentBytes } from "../segment-bytes.ts";
import type { Guide, SegmentEngine, SegmentSpan } from "../segment-engine.ts";
import { TokenTrail } from "../token-trail.ts";

const TABLE_SIZE = 1 << 15;
const MARGIN_BYTES = 11;
const PATIENCE = 6;
const UNINDEXED_BYTES = 8;

/**
 * Level 4 of klauspost's flate and of Go from 1.27 on.
 *
 * A short table keeps the latest position for a hash of four bytes, a long one that for a hash of seven. Both
 * are looked up at every position, fewer and fewer while nothing is found. The long one's is taken when
 * it is near enough and four bytes are the same. When only the short one's is, the long table is asked for
 * the next position, too, and the longer match is taken. A slip that came with klauspost's version 1.18.0 is
 * kept: this other length is measured not from where the match lies, but from as many bytes behind the oldest
 * byte that the encoder holds as the match lies back. So what is chosen depends on up to 320 KiB.
 *
 * Behind a match, from the next position on, two of three positions go into the long table and one into
 * the short one, and the last position into both.
 *
 * Matches are of 4 to 258 bytes, and longer ones are told as several (RFC 1951 section 3.2.5).
 */
export class Level4Engine implements SegmentEngine {
  readonly tables: PositionTables;
  readonly trail: TokenTrail;
  readonly #text: SegmentBytes;
  readonly #isFirstRevision: boolean;
  readonly #short = new Int32Array(TABLE_SIZE);
  readonly #long = new Int32Array(TABLE_SIZE);
  #at = 0;
  #from = 0;
  #next = 0;
  #since = 0;
  #limit = 0;

  /** @param isFirstRevision whether the encoder is without the slip */
  constructor(window: PlainWindow, isFirstRevision: boolean) {
    this.#text = new SegmentBytes(window);
    this.#isFirstRevision = isFirstRevision;
    this.tables = new PositionTables([this.#short, this.#long], []);
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
    this.#limit = span.end - MARGIN_BYTES;
    while (this.#find(span)) {
      if (!this.#emit(span)) continue;
      if (this.#at >= this.#limit) {
        this.#indexEnd(span.end);
        return;
      }
      this.#indexWithin();
    }
  }

  #find(span: SegmentSpan): boolean {
    const text = this.#text;
    const shorts = this.#short;
    const longs = this.#long;
    let next = this.#at;
    for (;;) {
      const at = next;
      next = at + 1 + ((at - this.#since) >> PATIENCE);
      if (next > this.#limit) return false;
      const shortSlot = text.hash4(at) >>> 17;
      const longSlot = text.hash7(at) >>> 17;
      const short = positionIn(shorts, shortSlot);
      const long = positionIn(longs, longSlot);
      shorts[shortSlot] = at;
      longs[longSlot] = at;
      this.#at = at;
      this.#next = next;
      if (text.isMatch(at, long)) {
        this.#from = long;
        return true;
      }
      if (text.isMatch(at, short)) {
        this.#from = short;
        this.#tryNext(span);
        return true;
      }
    }
  }

  #tryNext(span: SegmentSpan): void {
    const text = this.#text;
    const next = this.#next;
    const long = positionIn(this.#long, text.hash7(next) >>> 17);
    if (!text.isMatch(next, long)) return;
    const length = text.common(this.#at + 4, this.#from + 4, span.end);
    const measuredFrom = this.#isFirstRevision ? long : span.base + next - long;
    const otherLength = text.common(next + 4, measuredFrom + 4, span.end);
    if (otherLength <= length) return;
    this.#at = next;
    this.#from = long;
  }

  /** @returns false when the encoder chose a literal instead: the search goes on behind it. */
  #emit(span: SegmentSpan): boolean {
    const text = this.#text;
    const { trail } = this;
    const at = this.#at;
    const from = this.#from;
    const after = text.common(at + 4, from + 4, span.end) + 4;
    const before = text.commonBefore(at, from, Math.max(trail.at, span.base + at - from));
    const isForeseen = trail.match(at - before, at - from, before + after);
    this.#at = Math.max(trail.at, this.#next + 1);
    this.#since = trail.since;
    if (!isForeseen && trail.forced < 256) return false;
    return true;
  }

  #indexWithin(): void {
    const last = this.#at - 1;
    for (let here = this.#next; here < last; here += 3) {
      this.#indexLong(here);
      this.#indexLong(here + 1);
      this.#indexShort(here + 1);
    }
    this.#indexShort(last);
    this.#indexLong(last);
  }

  #indexEnd(end: number): void {
    const at = this.#at;
    if (at + UNINDEXED_BYTES >= end) return;
    this.#indexShort(at);
    this.#indexLong(at);
  }

  #indexShort(at: number): void {
    this.#short[this.#text.hash4(at) >>> 17] = at;
  }

  #indexLong(at: number): void {
    this.#long[this.#text.hash7(at) >>> 17] = at;
  }
}
