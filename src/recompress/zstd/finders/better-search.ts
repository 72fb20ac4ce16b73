import type { BlockCursor } from "./block-cursor.ts";
import { hash5, hash8 } from "./hashes.ts";
import type { MatchSearch } from "./match-search.ts";
import { eightSeenBefore, sameEight, sameFour, seenBefore } from "./same-bytes.ts";
import { createPositions, NEVER, positionAt } from "./position-table.ts";

const LONG_BITS = 19;
const LONG_SHIFT = 32 - LONG_BITS;
const SHORT_BITS = 13;
const SHORT_SHIFT = 32 - SHORT_BITS;
/** The search takes one more byte per step for each 2^8 bytes without a match. */
const IMPATIENCE_BITS = 8;
const INDEX_STEP = 2;
const OVERLAP_MARGIN = 8;

/** What changed at speed `better` in the course of time. */
export interface BetterRevision {
  /** First bytes of a match that need not agree when another one is looked for from its end. */
  readonly toleratedBytes: number;
  /** Whether a match's bytes are indexed from where the search stood, and not from its own start. */
  readonly indexesFromSearch: boolean;
  readonly takesRunsWhole: boolean;
}

/**
 * The speed `better` of klauspost/compress/zstd.
 *
 * One table knows where eight bytes were seen last, and the time before; a small one knows where five
 * bytes were. At each byte the search
 * 1. asks both about it, and enters it in both;
 * 2. takes a repeat of the newest offset one byte ahead, when four bytes agree. It is stretched backwards,
 *    but one literal must stay before it;
 * 3. else takes the longer of the two that the long table knows, of which eight bytes agree; the newer
 *    one when they are alike;
 * 4. else, when the short table knows something of which four bytes agree, it asks the long table about
 *    the next byte, which it enters there too. Of the newer and the older the first is taken of which eight
 *    bytes agree and that is longer; else the short one.
 * The search steps on by a byte, and by more the longer it has found nothing.
 *
 * A match of 3 or 4 may yet be outdone: the long table is asked about the byte behind its end. Where that
 * was seen, something may end that is longer: first the newer, then the older is measured, a match's
 * length before it, some tolerated bytes later. At last it is stretched backwards up to the sequence before.
 *
 * Of any match every second byte is indexed: in the long table, and the byte after it in the short one;
 * of repeats from one byte behind the search on. Straight after a match that is no repeat, the offset
 * before is tried again and again, as at speed `default`.
 *
 * Offsets and repeats are those of RFC 8878 section 3.1.1.5, sequences those of section 3.1.1.3.2.
 */
export class BetterSearch implements MatchSearch {
  readonly smallestBlockBytes = 16;
  readonly marginBytes = 10;
  readonly overlapShare = 4;
  readonly takesRunsWhole: boolean;
  readonly tables: readonly Int32Array[];

  readonly #revision: BetterRevision;
  readonly #cursor: BlockCursor;
  readonly #view: DataView;
  /** Two for each hash: the newer and the older. */
  readonly #long = createPositions(LONG_BITS + 1);
  readonly #short = createPositions(SHORT_BITS);
  #triesSecond = false;
  /** The byte behind where the search last stood. */
  #unsearched = 0;

  constructor(cursor: BlockCursor, revision: BetterRevision) {
    this.#cursor = cursor;
    this.#view = cursor.view;
    this.#revision = revision;
    this.takesRunsWhole = revision.takesRunsWhole;
    this.tables = [this.#long, this.#short];
  }

  begin(): void {
    this.#triesSecond = false;
    this.#unsearched = this.#cursor.start;
  }

  propose(): boolean {
    return (this.#triesSecond && this.#proposeSecond()) || this.#search();
  }

  settle(): void {
    const { repeat, from, position, limit, mightRepeat } = this.#cursor;
    if (repeat === 5) return this.#indexSecond();
    this.#triesSecond = false;
    if (position >= limit) return;
    const isOwn = repeat === 0;
    this.#index(isOwn && !this.#revision.indexesFromSearch ? from + 1 : this.#unsearched);
    this.#triesSecond = isOwn && mightRepeat;
  }

  indexOverlap(from: number, to: number): void {
    this.#indexPairs(from, to - OVERLAP_MARGIN);
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
    const { from, limit } = this.#cursor;
    if (from >= limit) return;
    this.#enterLong(from);
    this.#enterShort(from);
  }

  #index(from: number): void {
    const { position } = this.#cursor;
    this.#indexPairs(from, position - 1);
    this.#unsearched = position;
  }

  #indexPairs(from: number, to: number): void {
    for (let at = from; at < to; at += INDEX_STEP) {
      this.#enterLong(at);
      this.#enterShort(at + 1);
    }
  }

  #enterLong(at: number): void {
    const slot = this.#longSlot(at);
    this.#long[slot + 1] = positionAt(this.#long, slot);
    this.#long[slot] = at;
  }

  #enterShort(at: number): void {
    this.#short[hash5(this.#view, at) >>> SHORT_SHIFT] = at;
  }

  #longSlot(at: number): number {
    return (hash8(this.#view, at) >>> LONG_SHIFT) << 1;
  }

  #search(): boolean {
    const cursor = this.#cursor;
    const view = this.#view;
    const { limit, anchor, floor, windowSize } = cursor;
    const offset = cursor.repeatableOffset;
    let at = cursor.position;
    while (at < limit) {
      const slot = this.#longSlot(at);
      const newer = positionAt(this.#long, slot);
      const older = positionAt(this.#long, slot + 1);
      const short = this.#swapShort(at);
      this.#long[slot + 1] = newer;
      this.#long[slot] = at;
      const repeated = at + 1 - offset;
      if (repeated >= floor && sameFour(view, at + 1, repeated)) return this.#takeRepeat(at);
      const oldest = Math.max(at - windowSize + 1, floor);
      if (newer >= oldest && eightSeenBefore(view, at, newer))
        return this.#takeLong(at, newer, older);
      if (older >= oldest && eightSeenBefore(view, at, older))
        return this.#takeLong(at, older, NEVER);
      if (short >= oldest && seenBefore(view, at, short)) return this.#takeShort(at, short);
      at += 1 + ((at - anchor) >> IMPATIENCE_BITS);
    }
    return false;
  }

  /** Enters a place in the short table, and tells what was there. */
  #swapShort(at: number): number {
    const slot = hash5(this.#view, at) >>> SHORT_SHIFT;
    const seen = positionAt(this.#short, slot);
    this.#short[slot] = at;
    return seen;
  }

  #takeRepeat(at: number): boolean {
    const cursor = this.#cursor;
    this.#unsearched = at + 1;
    cursor.propose(at + 1, at + 1 - cursor.newestOffset);
    cursor.stretch(at, cursor.anchor + 1);
    cursor.sayRepeat(1);
    return true;
  }

  /** @param second perhaps longer than the first one */
  #takeLong(at: number, first: number, second: number): boolean {
    const cursor = this.#cursor;
    this.#unsearched = at + 1;
    cursor.propose(at, first);
    if (cursor.reaches(at, second) && sameEight(this.#view, at, second)) this.#prefer(at, second);
    return this.#finish();
  }

  /** What is seen at the next byte may be a whole window away, seen from there. */
  #takeShort(at: number, seen: number): boolean {
    this.#unsearched = at + 1;
    const next = at + 1;
    const slot = this.#longSlot(next);
    const newer = positionAt(this.#long, slot);
    const older = positionAt(this.#long, slot + 1);
    this.#long[slot + 1] = newer;
    this.#long[slot] = next;
    this.#cursor.propose(at, seen);
    if (!this.#preferNext(at, newer)) this.#preferNext(at, older);
    return this.#finish();
  }

  #preferNext(at: number, seen: number): boolean {
    const cursor = this.#cursor;
    const isInReach = cursor.reaches(at, seen) || seen === at;
    return isInReach && sameEight(this.#view, at + 1, seen) && this.#prefer(at + 1, seen);
  }

  /** Proposes the match that begins at `at` when it is longer. Its first four bytes agree. */
  #prefer(at: number, seen: number): boolean {
    const cursor = this.#cursor;
    const length = cursor.commonLength(at + 4, seen + 4) + 4;
    if (length <= cursor.length) return false;
    cursor.proposeLength(at, seen, length);
    return true;
  }

  #finish(): boolean {
    const cursor = this.#cursor;
    const { from, length } = cursor;
    if (from + length < cursor.limit) {
      const slot = this.#longSlot(from + length);
      const tolerated = from + this.#revision.toleratedBytes;
      this.#preferEnding(tolerated, from, positionAt(this.#long, slot));
      this.#preferEnding(tolerated, from, positionAt(this.#long, slot + 1));
    }
    cursor.stretch(cursor.from, cursor.anchor);
    return true;
  }

  /** `seen` is where the byte behind the match was seen; the match is as long as the last one preferred. */
  #preferEnding(at: number, from: number, seen: number): void {
    const cursor = this.#cursor;
    const behind = seen - cursor.length + (at - from);
    if (cursor.reaches(at, behind) && sameFour(this.#view, at, behind)) this.#prefer(at, behind);
  }
}
