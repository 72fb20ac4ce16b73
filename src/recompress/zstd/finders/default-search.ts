import type { BlockCursor } from "./block-cursor.ts";
import { hash5, hash6, hash8 } from "./hashes.ts";
import type { MatchSearch } from "./match-search.ts";
import { sameFour, seenBefore } from "./same-bytes.ts";
import { createPositions, positionAt } from "./position-table.ts";

const LONG_BITS = 17;
const LONG_SHIFT = 32 - LONG_BITS;
const SHORT_BITS = 15;
const SHORT_SHIFT = 32 - SHORT_BITS;
/** The search takes one more byte per step for each 2^7 bytes without a match. */
const IMPATIENCE_BITS = 7;
const LONG_OVERLAP_STEP = 2;
const SHORT_OVERLAP_STEP = 4;
const OVERLAP_MARGIN = 8;

/**
 * The speed `default` of klauspost/compress/zstd.
 *
 * Two tables know where eight bytes, and where five bytes, were seen last. At each byte the search
 * 1. asks both about it, and enters it in both;
 * 2. takes a repeat of the newest offset one byte ahead, when four bytes agree. It is stretched backwards,
 *    but one literal must stay before it;
 * 3. else takes what the long table knows, when four bytes agree: the rest of the eight probably do;
 * 4. else, when the short table knows something of which four bytes agree, it asks the long table about
 *    the next byte, which it enters there too, and rather takes that when four bytes agree.
 * Matches of 3 and 4 are stretched backwards up to the sequence before. Where nothing was found the search
 * steps on by a byte, and by more the longer it has found nothing.
 *
 * Of such a match four places are indexed, unless it ends where no search begins any more: its second
 * byte and its last but one in the long table, its third and its last in the short one. Then, straight
 * after it, the offset before is tried, again and again while four bytes agree, and each such place is
 * entered in both tables. Repeats are tried from the fourth sequence of a block on, as at speed `fastest`.
 *
 * In a frame of one block, the places of repeats straight after a match all go to one entry of the short
 * table: that of the first of them.
 *
 * Offsets and repeats are those of RFC 8878 section 3.1.1.5, sequences those of section 3.1.1.3.2.
 */
export class DefaultSearch implements MatchSearch {
  readonly smallestBlockBytes = 16;
  readonly marginBytes = 10;
  readonly takesRunsWhole = false;
  readonly overlapShare = 8;
  readonly tables: readonly Int32Array[];

  readonly #cursor: BlockCursor;
  readonly #view: DataView;
  readonly #long = createPositions(LONG_BITS);
  readonly #short = createPositions(SHORT_BITS);
  #triesSecond = false;
  /** In a frame of one block: the short table's entry for repeats after the match before. */
  #heldSlot = 0;

  constructor(cursor: BlockCursor) {
    this.#cursor = cursor;
    this.#view = cursor.view;
    this.tables = [this.#long, this.#short];
  }

  begin(): void {
    this.#triesSecond = false;
    this.#heldSlot = 0;
  }

  propose(): boolean {
    return (this.#triesSecond && this.#proposeSecond()) || this.#search();
  }

  settle(): void {
    const cursor = this.#cursor;
    const { repeat, position, limit } = cursor;
    if (repeat === 5) return this.#indexSecond();
    this.#triesSecond = false;
    if (repeat !== 0 || position >= limit) return;
    this.#indexMatch();
    this.#triesSecond = cursor.isOnlyBlock ? cursor.mayRepeat : cursor.mightRepeat;
  }

  /** The short table takes six bytes here, five everywhere else: what is entered is hardly ever found. */
  indexOverlap(from: number, to: number): void {
    const last = to - OVERLAP_MARGIN;
    for (let at = from + 1; at < last; at += SHORT_OVERLAP_STEP) {
      this.#short[hash6(this.#view, at) >>> SHORT_SHIFT] = at;
    }
    for (let at = from + 1; at < last; at += LONG_OVERLAP_STEP) this.#enterLong(at);
  }

  #proposeSecond(): boolean {
    const cursor = this.#cursor;
    const { position } = cursor;
    const behind = position - cursor.secondOffset;
    if (behind < cursor.floor || !sameFour(this.#view, position, behind)) return false;
    cursor.propose(position, behind);
    cursor.sayRepeat(5);
    return true;
  }

  #indexSecond(): void {
    const { from, limit, isOnlyBlock } = this.#cursor;
    if (from >= limit) return;
    this.#enterLong(from);
    if (isOnlyBlock) this.#short[this.#heldSlot] = from;
    else this.#enterShort(from);
  }

  #indexMatch(): void {
    const { from, position } = this.#cursor;
    this.#enterLong(from + 1);
    this.#enterLong(position - 2);
    this.#enterShort(from + 2);
    this.#enterShort(position - 1);
    this.#heldSlot = hash5(this.#view, position) >>> SHORT_SHIFT;
  }

  #enterLong(at: number): void {
    this.#long[hash8(this.#view, at) >>> LONG_SHIFT] = at;
  }

  #enterShort(at: number): void {
    this.#short[hash5(this.#view, at) >>> SHORT_SHIFT] = at;
  }

  #search(): boolean {
    const cursor = this.#cursor;
    const view = this.#view;
    const long = this.#long;
    const short = this.#short;
    const { limit, anchor, floor, windowSize } = cursor;
    const offset = cursor.repeatableOffset;
    let at = cursor.position;
    while (at < limit) {
      const longSlot = hash8(view, at) >>> LONG_SHIFT;
      const shortSlot = hash5(view, at) >>> SHORT_SHIFT;
      const seenLong = positionAt(long, longSlot);
      const seenShort = positionAt(short, shortSlot);
      long[longSlot] = at;
      short[shortSlot] = at;
      const repeated = at + 1 - offset;
      if (repeated >= floor && sameFour(view, at + 1, repeated)) return this.#takeRepeat(at);
      const oldest = Math.max(at - windowSize + 1, floor);
      if (seenLong >= oldest && seenBefore(view, at, seenLong)) return this.#take(at, seenLong);
      if (seenShort >= oldest && seenBefore(view, at, seenShort))
        return this.#takeShort(at, seenShort);
      at += 1 + ((at - anchor) >> IMPATIENCE_BITS);
    }
    return false;
  }

  #take(at: number, seen: number): boolean {
    const cursor = this.#cursor;
    cursor.propose(at, seen);
    cursor.stretch(at, cursor.anchor);
    return true;
  }

  #takeShort(at: number, seen: number): boolean {
    const next = at + 1;
    const slot = hash8(this.#view, next) >>> LONG_SHIFT;
    const seenNext = positionAt(this.#long, slot);
    this.#long[slot] = next;
    const isLong = this.#cursor.reaches(next, seenNext) && sameFour(this.#view, next, seenNext);
    return isLong ? this.#take(next, seenNext) : this.#take(at, seen);
  }

  #takeRepeat(at: number): boolean {
    const cursor = this.#cursor;
    cursor.propose(at + 1, at + 1 - cursor.newestOffset);
    cursor.stretch(at, cursor.anchor + 1);
    cursor.sayRepeat(1);
    return true;
  }
}
