import type { BlockCursor } from "./block-cursor.ts";
import { hash6 } from "./hashes.ts";
import type { MatchSearch } from "./match-search.ts";
import { sameFour, seenBefore } from "./same-bytes.ts";
import { createPositions, positionAt } from "./position-table.ts";

const TABLE_BITS = 15;
const SHIFT = 32 - TABLE_BITS;
/** Where a repeat is looked for, seen from the search. */
const REPEAT_AHEAD = 2;
const STEP = 2;
/** The search takes one more byte per step for each 2^5 bytes without a match. */
const IMPATIENCE_BITS = 5;
const OVERLAP_STEP = 4;
const OVERLAP_MARGIN = 8;

/**
 * The speed `fastest` of klauspost/compress/zstd.
 *
 * One table knows where six bytes were seen last. At each step the search
 * 1. asks it about this byte and the next one, and enters both;
 * 2. takes a repeat of the newest offset two bytes ahead, when four bytes agree. It is stretched
 *    backwards, but one literal must stay before it;
 * 3. else takes what was seen at this byte, else at the next one, when four bytes agree. It is stretched
 *    backwards up to the sequence before.
 * Then it steps on by two bytes, and by more the longer it has found nothing.
 *
 * Straight after a match that is no repeat, the offset before that one is tried once. Repeats are tried
 * from the fourth sequence of a block on: how many there are is asked before a match is searched, but in
 * a frame of one block also straight after it was found. Nothing else of a match is indexed.
 *
 * Offsets and repeats are those of RFC 8878 section 3.1.1.5, sequences those of section 3.1.1.3.2.
 */
export class FastestSearch implements MatchSearch {
  readonly smallestBlockBytes = 10;
  readonly marginBytes = 8;
  readonly takesRunsWhole = false;
  readonly overlapShare = 8;
  readonly tables: readonly Int32Array[];

  readonly #cursor: BlockCursor;
  readonly #view: DataView;
  readonly #table = createPositions(TABLE_BITS);
  #triesSecond = false;

  constructor(cursor: BlockCursor) {
    this.#cursor = cursor;
    this.#view = cursor.view;
    this.tables = [this.#table];
  }

  begin(): void {
    this.#triesSecond = false;
  }

  propose(): boolean {
    return (this.#triesSecond && this.#proposeSecond()) || this.#search();
  }

  settle(): void {
    const cursor = this.#cursor;
    const { repeat, from } = cursor;
    const isAllowed = cursor.isOnlyBlock ? cursor.mayRepeat : cursor.mightRepeat;
    this.#triesSecond = repeat === 0 && isAllowed;
    if (repeat === 5 && from < cursor.limit) this.#table[hash6(this.#view, from) >>> SHIFT] = from;
  }

  indexOverlap(from: number, to: number): void {
    for (let at = from + 1; at < to - OVERLAP_MARGIN; at += OVERLAP_STEP) {
      this.#table[hash6(this.#view, at) >>> SHIFT] = at;
    }
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

  #search(): boolean {
    const cursor = this.#cursor;
    const view = this.#view;
    const table = this.#table;
    const { limit, anchor, floor, windowSize } = cursor;
    const offset = cursor.repeatableOffset;
    let at = cursor.position;
    while (at < limit) {
      const slot = hash6(view, at) >>> SHIFT;
      const nextSlot = hash6(view, at + 1) >>> SHIFT;
      const seen = positionAt(table, slot);
      const seenNext = positionAt(table, nextSlot);
      table[slot] = at;
      table[nextSlot] = at + 1;
      const ahead = at + REPEAT_AHEAD;
      const repeated = ahead - offset;
      if (repeated >= floor && sameFour(view, ahead, repeated)) return this.#takeRepeat(at);
      const behind = at - windowSize;
      const oldest = Math.max(behind + 1, floor);
      const oldestNext = Math.max(behind + 2, floor);
      if (seen >= oldest && seenBefore(view, at, seen)) return this.#take(at, seen);
      if (seenNext >= oldestNext && seenBefore(view, at + 1, seenNext)) {
        return this.#take(at + 1, seenNext);
      }
      at += STEP + ((at - anchor) >> IMPATIENCE_BITS);
    }
    return false;
  }

  #take(at: number, seen: number): boolean {
    const cursor = this.#cursor;
    cursor.propose(at, seen);
    cursor.stretch(at, cursor.anchor);
    return true;
  }

  #takeRepeat(at: number): boolean {
    const cursor = this.#cursor;
    const ahead = at + REPEAT_AHEAD;
    cursor.propose(ahead, ahead - cursor.newestOffset);
    cursor.stretch(at, cursor.anchor + 1);
    cursor.sayRepeat(1);
    return true;
  }
}
