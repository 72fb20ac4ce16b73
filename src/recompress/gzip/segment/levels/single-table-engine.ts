import type { PlainWindow } from "../../../plain-window.ts";
import { FARTHEST, PositionTables, positionIn } from "../position-tables.ts";
import { SegmentBytes } from "../segment-bytes.ts";
import type { Guide, SegmentEngine, SegmentSpan } from "../segment-engine.ts";
import { TokenTrail } from "../token-trail.ts";

const MARGIN_BYTES = 11;
const PATIENCE = 5;
/** In the first revision, what follows a segment's last match is indexed when this much is left. */
const FIRST_REVISION_MARGIN_BYTES = 4;

/** What sets the levels and revisions apart. */
export interface SingleTableSettings {
  readonly level: 1 | 2;
  readonly isFirstRevision: boolean;
}

/**
 * Levels 1 and 2 of klauspost's flate and of Go from 1.27 on.
 *
 * One table keeps the latest position for a hash of five bytes (in the first revision, of four). Positions
 * are looked up two by two: one and the next, then at least one is left out. A position is a match when it is
 * near enough and its first four bytes are the same; it is made longer to both sides and not set against
 * others. Where it ends, the next match is looked for at once, before any literal.
 *
 * Level 1 indexes of a match the last position but one and the one behind it. Level 2 has a larger table,
 * and indexes the last two and, from the third position on, three in every seven. Two slips are kept. In
 * level 1, when the second of two positions matches, the position after it takes its place in the table. In
 * level 2, the third of three positions is indexed as if its fifth byte were 0.
 *
 * Matches are of 4 to 258 bytes, and longer ones are told as several (RFC 1951 section 3.2.5).
 */
export class SingleTableEngine implements SegmentEngine {
  readonly tables: PositionTables;
  readonly trail: TokenTrail;
  readonly #text: SegmentBytes;
  readonly #table: Int32Array;
  readonly #shift: number;
  readonly #isDense: boolean;
  readonly #isFirstRevision: boolean;
  #at = 0;
  #from = 0;
  #length = 0;
  /** The last position that counts as looked at. */
  #seen = 0;
  #since = 0;
  #limit = 0;

  constructor(window: PlainWindow, { level, isFirstRevision }: SingleTableSettings) {
    const bits = level === 1 ? 15 : 17;
    this.#text = new SegmentBytes(window);
    this.#table = new Int32Array(1 << bits);
    this.#shift = 32 - bits;
    this.#isDense = level === 2;
    this.#isFirstRevision = isFirstRevision;
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
    this.#since = span.start;
    this.#limit = span.end - MARGIN_BYTES;
    while (this.#find()) {
      do {
        this.#measure(span);
        if (!this.#emit()) break;
        if (this.#at >= this.#limit) {
          this.#indexEnd(span.end);
          return;
        }
      } while (this.#findAtOnce());
    }
  }

  #find(): boolean {
    const text = this.#text;
    const table = this.#table;
    const limit = this.#limit;
    const since = this.#since;
    let at = this.#at;
    for (;;) {
      let slot = this.#slot(at);
      let candidate = positionIn(table, slot);
      let next = at + 2 + ((at - since) >> PATIENCE);
      if (next > limit) return false;
      table[slot] = at;
      slot = this.#slot(next);
      if (text.isMatch(at, candidate)) {
        table[slot] = next;
        return this.#take(at, candidate, next);
      }
      at = next++;
      candidate = positionIn(table, slot);
      table[slot] = at;
      if (text.isMatch(at, candidate)) {
        if (!this.#isDense) table[slot] = next;
        return this.#take(at, candidate, next);
      }
      at = next;
    }
  }

  #take(at: number, from: number, next: number): true {
    this.#at = at;
    this.#from = from;
    this.#seen = next;
    return true;
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
    }
    return true;
  }

  #findAtOnce(): boolean {
    const text = this.#text;
    const table = this.#table;
    const at = this.#at;
    if (this.#isDense) this.#indexWithin();
    else table[this.#slot(at - 2)] = at - 2;
    const slot = this.#slot(at);
    const candidate = positionIn(table, slot);
    table[slot] = at;
    this.#seen = at;
    if (at - candidate <= FARTHEST && text.word(candidate) === text.word(at)) {
      this.#from = candidate;
      return true;
    }
    this.#at = at + 1;
    return false;
  }

  #indexWithin(): void {
    const table = this.#table;
    const at = this.#at;
    for (let here = at - this.#length + 2; here < at - 5; here += 7) {
      table[this.#slot(here)] = here;
      table[this.#slot(here + 2)] = here + 2;
      table[this.#slotOfFour(here + 4)] = here + 4;
    }
    table[this.#slot(at - 2)] = at - 2;
    table[this.#slot(at - 1)] = at - 1;
  }

  #indexEnd(end: number): void {
    const at = this.#at;
    if (!this.#isFirstRevision || at + this.#length + FIRST_REVISION_MARGIN_BYTES >= end) return;
    this.#table[this.#slot(at)] = at;
  }

  #slot(at: number): number {
    if (this.#isFirstRevision) return this.#firstSlot(at);
    return this.#text.hash5(at) >>> this.#shift;
  }

  #slotOfFour(at: number): number {
    if (this.#isFirstRevision) return this.#firstSlot(at);
    return this.#text.hash5OfFour(at) >>> this.#shift;
  }

  #firstSlot(at: number): number {
    return (this.#isDense ? this.#text.hash4(at) : this.#text.oldHash4(at)) >>> this.#shift;
  }
}
