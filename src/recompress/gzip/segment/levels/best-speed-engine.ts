import type { PlainWindow } from "../../../plain-window.ts";
import { FARTHEST, PositionTables, positionIn } from "../position-tables.ts";
import { SegmentBytes } from "../segment-bytes.ts";
import type { Guide, SegmentEngine, SegmentSpan } from "../segment-engine.ts";
import { TokenTrail } from "../token-trail.ts";

const TABLE_BITS = 14;
const MARGIN_BYTES = 15;
const LONGEST_MATCH = 258;
/** After 32 bytes without a match every second position is looked up, after 32 more every third. */
const PATIENCE = 5;
const FIRST_SKIP = 1 << PATIENCE;

/**
 * BestSpeed, level 1, of Go up to 1.26.
 *
 * One table keeps the latest position for a hash of four bytes. Every position is looked up and goes into it,
 * fewer and fewer while nothing is found. A match has four bytes or more and at most 258; it is made longer to
 * its end only. Where it ends, its last position is indexed and the next match is looked for at once.
 *
 * Distances are up to 32768 as the format has them (RFC 1951 section 3.2.5).
 */
export class BestSpeedEngine implements SegmentEngine {
  readonly tables: PositionTables;
  readonly trail: TokenTrail;
  readonly #text: SegmentBytes;
  readonly #table = new Int32Array(1 << TABLE_BITS);
  #at = 0;
  #from = 0;
  #limit = 0;

  constructor(window: PlainWindow) {
    this.#text = new SegmentBytes(window);
    this.tables = new PositionTables([this.#table], []);
    this.trail = new TokenTrail(window.bytes);
  }

  run(span: SegmentSpan, guide: Guide): void {
    this.trail.begin(span, guide);
    if (span.isSearched) this.#matches(span);
    this.trail.literals(span.end);
  }

  #matches(span: SegmentSpan): void {
    this.#at = span.start;
    this.#limit = span.end - MARGIN_BYTES;
    while (this.#find()) {
      do {
        if (!this.#emit(span.end)) break;
        if (this.#at >= this.#limit) return;
      } while (this.#findAtOnce());
    }
  }

  #find(): boolean {
    const text = this.#text;
    const table = this.#table;
    let next = this.#at;
    let skip = FIRST_SKIP;
    for (;;) {
      const at = next;
      const step = skip >> PATIENCE;
      next += step;
      skip += step;
      if (next > this.#limit) return false;
      const slot = this.#slot(at);
      const candidate = positionIn(table, slot);
      table[slot] = at;
      if (at - candidate > FARTHEST || text.word(candidate) !== text.word(at)) continue;
      this.#at = at;
      this.#from = candidate;
      return true;
    }
  }

  /** @returns false when the encoder chose a literal instead: the search goes on behind it. */
  #emit(end: number): boolean {
    const { trail } = this;
    const at = this.#at;
    const from = this.#from;
    const longest = Math.min(at + LONGEST_MATCH, end);
    const length = this.#text.common(at + 4, from + 4, longest) + 4;
    const isForeseen = trail.match(at, at - from, length);
    this.#at = Math.max(trail.at, at + 1);
    return isForeseen || trail.forced > 255;
  }

  #findAtOnce(): boolean {
    const text = this.#text;
    const table = this.#table;
    const at = this.#at;
    table[this.#slot(at - 1)] = at - 1;
    const slot = this.#slot(at);
    const candidate = positionIn(table, slot);
    table[slot] = at;
    if (at - candidate <= FARTHEST && text.word(candidate) === text.word(at)) {
      this.#from = candidate;
      return true;
    }
    this.#at = at + 1;
    return false;
  }

  #slot(at: number): number {
    return this.#text.oldHash4(at) >>> (32 - TABLE_BITS);
  }
}
