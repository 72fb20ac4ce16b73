import { FARTHEST, PositionTables, positionIn } from "./position-tables.ts";
import type { SegmentBytes } from "./segment-bytes.ts";
import type { SegmentSpan } from "./segment-engine.ts";

/** How a search ended. */
export const NOTHING = 0;
export const AT_LATEST = 1;
export const AT_PREVIOUS = 2;
export const AT_SHORT = 3;
export type Found = typeof NOTHING | typeof AT_LATEST | typeof AT_PREVIOUS | typeof AT_SHORT;

const TABLE_BITS = 15;
/** Searching stops this far before a segment's end, so that eight bytes can always be read. */
const MARGIN_BYTES = 11;
/** While a choice is made, matches are measured up to here; one as long is measured to its end later. */
const LONGEST_MATCH = 258;

/**
 * The search that levels 5 and 6 share.
 *
 * There are two tables. The short one keeps the latest position for a hash of four bytes, the long one the
 * latest two for a hash of seven. At a position both are looked up and given the position. In order, the
 * latest of the long table, the previous one of the long table, and the one of the short table are taken
 * when they are near enough and four bytes there are the same. If none is, the search goes on at the next
 * position; the longer it has found nothing, the more it leaves out.
 *
 * "Near enough" is what the format can say: 32768 bytes (RFC 1951 section 3.2.5).
 */
export class LongShortSearch {
  readonly tables: PositionTables;
  /** Where the match that was found begins, and where the same bytes stand before. */
  at = 0;
  from = 0;
  /** How long it is; 0 while that is not known. */
  length = 0;
  /** The position that would be searched after `at`. */
  next = 0;
  /** Where the last match ended: literals are counted from here. */
  since = 0;
  /** Searching stops here. */
  limit = 0;
  end = 0;
  readonly #text: SegmentBytes;
  readonly #patience: number;
  readonly #short = new Int32Array(1 << TABLE_BITS);
  readonly #long = new Int32Array(2 << TABLE_BITS);
  #previous = 0;
  #nextShort = 0;
  #nextLong = 0;

  /** @param patience after 2 to the power of this many literals one more position is left out */
  constructor(text: SegmentBytes, patience: number) {
    this.#text = text;
    this.#patience = patience;
    this.tables = new PositionTables([this.#short], [this.#long]);
  }

  begin(span: SegmentSpan): void {
    this.at = span.start;
    this.since = span.start;
    this.end = span.end;
    this.limit = span.end - MARGIN_BYTES;
  }

  /** Searches from `at` on. The position `next` has been looked up then, but is in no table yet. */
  find(): Found {
    const text = this.#text;
    const shorts = this.#short;
    const longs = this.#long;
    const { limit, since } = this;
    let next = this.at;
    let shortSlot = shortSlotOf(text, next);
    let longSlot = longSlotOf(text, next);
    for (;;) {
      const at = next;
      next = at + 1 + ((at - since) >> this.#patience);
      if (next > limit) return NOTHING;
      const short = positionIn(shorts, shortSlot);
      const latest = positionIn(longs, longSlot);
      const previous = positionIn(longs, longSlot + 1);
      shorts[shortSlot] = at;
      longs[longSlot + 1] = latest;
      longs[longSlot] = at;
      shortSlot = shortSlotOf(text, next);
      longSlot = longSlotOf(text, next);
      let found: Found = AT_SHORT;
      let from = short;
      if (text.isMatch(at, latest)) {
        found = AT_LATEST;
        from = latest;
      } else if (at - latest < FARTHEST && text.isMatch(at, previous)) {
        found = AT_PREVIOUS;
        from = previous;
      } else if (!text.isMatch(at, short)) continue;
      this.#nextShort = shortSlot;
      this.#nextLong = longSlot;
      this.next = next;
      this.#previous = previous;
      this.take(at, from, 0);
      return found;
    }
  }

  /** Takes what {@link find} found in the long table: of two matches the longer, the latest if equal. */
  takeLong(found: Found): void {
    this.#indexNext();
    const previous = this.#previous;
    if (found !== AT_LATEST || !this.#text.isMatch(this.at, previous)) return;
    this.length = this.measured(this.at, this.from);
    const length = this.measured(this.at, previous);
    if (length > this.length) this.take(this.at, previous, length);
  }

  /**
   * Takes what {@link find} found in the short table, or a longer match at the next position.
   *
   * @param isThorough whether to try another match with the distance of the one before, one byte further
   * on, first; and the previous position of the long table also when the latest was longer
   * @param repeated where that other match would begin from; `at` if there is none
   */
  takeShort(isThorough: boolean, repeated: number): void {
    const latest = positionIn(this.#long, this.#nextLong);
    const previous = positionIn(this.#long, this.#nextLong + 1);
    this.length = this.measured(this.at, this.from);
    this.#indexNext();
    if (isThorough && this.#tryAt(this.at + 1, repeated)) return;
    if (this.next - latest >= FARTHEST) return;
    const { next } = this;
    if (this.#tryAt(next, latest) && !isThorough) return;
    if (next - previous < FARTHEST) this.#tryAt(next, previous);
  }

  /** Measures the match to its end, if that was not done while choosing. */
  finish(): void {
    const { at, from } = this;
    if (this.length === 0) this.length = this.#text.common(at + 4, from + 4, this.end) + 4;
    else if (this.length === LONGEST_MATCH) {
      this.length += this.#text.common(at + LONGEST_MATCH, from + LONGEST_MATCH, this.end);
    }
  }

  /** The length of a match whose first four bytes are known to be the same. */
  measured(at: number, from: number): number {
    return this.#text.common(at + 4, from + 4, Math.min(at + LONGEST_MATCH, this.end)) + 4;
  }

  take(at: number, from: number, length: number): void {
    this.at = at;
    this.from = from;
    this.length = length;
  }

  /** The latest position of the long table for the bytes at `at`. */
  latestAt(at: number): number {
    return positionIn(this.#long, longSlotOf(this.#text, at));
  }

  /** The previous one. */
  previousAt(at: number): number {
    return positionIn(this.#long, longSlotOf(this.#text, at) + 1);
  }

  indexShort(at: number): void {
    this.#short[shortSlotOf(this.#text, at)] = at;
  }

  indexLong(at: number): void {
    const slot = longSlotOf(this.#text, at);
    this.#long[slot + 1] = positionIn(this.#long, slot);
    this.#long[slot] = at;
  }

  #indexNext(): void {
    const slot = this.#nextLong;
    this.#short[this.#nextShort] = this.next;
    this.#long[slot + 1] = positionIn(this.#long, slot);
    this.#long[slot] = this.next;
  }

  #tryAt(at: number, from: number): boolean {
    if (this.#text.word(from) !== this.#text.word(at)) return false;
    const length = this.measured(at, from);
    if (length <= this.length) return false;
    this.take(at, from, length);
    return true;
  }
}

function shortSlotOf(text: SegmentBytes, at: number): number {
  return text.hash4(at) >>> (32 - TABLE_BITS);
}

/** The slot of the latest position; that of the previous one is the next. */
function longSlotOf(text: SegmentBytes, at: number): number {
  return (text.hash7(at) >>> (32 - TABLE_BITS)) << 1;
}
