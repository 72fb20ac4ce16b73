import { BestTables, pushPosition } from "./best-tables.ts";
import { lengthBits, offsetBits } from "./bit-costs.ts";
import type { BlockCursor } from "./block-cursor.ts";
import { Contender, SEEN_IN_TABLE } from "./contender.ts";
import { LiteralBits } from "./literal-bits.ts";
import type { MatchSearch } from "./match-search.ts";
import { sameFour } from "./same-bytes.ts";
import { positionAt } from "./position-table.ts";

const SHORTEST_FOUND = 4;
/** Nothing better is looked for when a match has this length. */
const GOOD_ENOUGH = 100;
/** The search takes one more byte per step for each 2^9 bytes without a match. */
const IMPATIENCE_BITS = 9;
/** The estimate of literals counts 1/1024 bits. */
const ESTIMATE_BITS = 10;
/** What no match costs. */
const WORTHLESS = 25_000;

/** What changed at speed `best` before 1.16.5. */
export interface EarlyBestRevision {
  /**
   * How the matches of one group are compared:
   * - `each-way`: each with the best so far. The literals between their starts count for the one and
   *   against the other; a tie goes to the later one;
   * - `halves`: the first ones with the best so far, the others with one another, then the winners. The
   *   literals count once; a tie goes to the later one;
   * - `earlier-first`: each with the best so far. The literals count once; a tie goes to the earlier one.
   */
  readonly contest: "each-way" | "halves" | "earlier-first";
  /** First bytes of a match that need not agree when another one is looked for from its end. */
  readonly toleratedBytes: number;
}

/**
 * The speed `best` of klauspost/compress/zstd, before 1.16.5.
 *
 * As later, the match wins that saves most bits, of four groups:
 * 1. what the long table knows, newer and older, then what the short one knows;
 * 2. repeats (from the fourth sequence of a block on) of all three offsets one byte ahead, and then, if
 *    there is any match so far, three bytes ahead;
 * 3. the byte is entered in both tables. Where nothing of four bytes or more leads, the search steps on;
 *    else one byte ahead what the short table knows (the newer only) and both that the long one knows, and
 *    both of the long one two bytes ahead;
 * 4. what the long table knows of the byte behind the end of what leads.
 * 100 bytes are good enough to leave out what would come next. The winner alone is stretched backwards; one
 * literal must stay before a repeat.
 *
 * Of a match every byte is indexed but the first and the last; of a repeat from where it began before it
 * was stretched. Straight after a match that is no repeat, the offset before is tried again and again,
 * as at speed `default`.
 *
 * Offsets and repeats are those of RFC 8878 section 3.1.1.5, sequences those of section 3.1.1.3.2.
 */
export class EarlyBestSearch implements MatchSearch {
  readonly smallestBlockBytes = 16;
  readonly marginBytes = 12;
  readonly overlapShare = 2;
  readonly takesRunsWhole = false;
  readonly tables: readonly Int32Array[];

  readonly #revision: EarlyBestRevision;
  readonly #cursor: BlockCursor;
  readonly #view: DataView;
  readonly #known: BestTables;
  readonly #best = new Contender();
  readonly #rival = new Contender();
  readonly #literals = new LiteralBits();
  /** Estimated bits of a literal times 1024, of the block. */
  #literalBits = 0;
  #triesSecond = false;
  /** Where the match last proposed began before it was stretched. */
  #unstretched = 0;

  constructor(cursor: BlockCursor, revision: EarlyBestRevision) {
    this.#cursor = cursor;
    this.#view = cursor.view;
    this.#revision = revision;
    this.#known = new BestTables(cursor.view);
    this.tables = [this.#known.long, this.#known.short];
  }

  begin(): void {
    const { start, end } = this.#cursor;
    const { buffer, byteOffset } = this.#view;
    this.#literalBits = this.#literals.estimate(
      new Uint8Array(buffer, byteOffset + start, end - start),
    );
    this.#triesSecond = false;
    this.#unstretched = start;
  }

  propose(): boolean {
    return (this.#triesSecond && this.#proposeSecond()) || this.#search();
  }

  settle(): void {
    const { repeat, from, position, limit, mightRepeat } = this.#cursor;
    if (repeat === 5) {
      if (from < limit) this.#known.enter(from);
      return;
    }
    this.#triesSecond = false;
    if (position >= limit) return;
    const first = repeat === 0 ? from + 1 : Math.max(from, this.#unstretched);
    this.#known.enterAll(first, position - 1);
    this.#triesSecond = repeat === 0 && mightRepeat;
  }

  indexOverlap(from: number, to: number): void {
    this.#known.enterOverlap(from, to);
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
    const best = this.#best;
    const { limit, anchor, position } = this.#cursor;
    let at = position;
    while (at < limit) {
      this.#measureAt(at);
      if (best.length >= SHORTEST_FOUND) return this.#take(at);
      at += 1 + ((at - anchor) >> IMPATIENCE_BITS);
    }
    return false;
  }

  #measureAt(at: number): void {
    const best = this.#best;
    const { long, short } = this.#known;
    const longSlot = this.#known.longSlot(at);
    const shortSlot = this.#known.shortSlot(at);
    best.clear(at, WORTHLESS);
    this.#consider(best, at, positionAt(long, longSlot));
    this.#consider(best, at, positionAt(long, longSlot + 1));
    const second = this.#secondHalf(at);
    this.#consider(second, at, positionAt(short, shortSlot));
    this.#consider(second, at, positionAt(short, shortSlot + 1));
    this.#meet(second);
    if (this.#cursor.mayRepeat && best.length < GOOD_ENOUGH) {
      this.#measureRepeats(at + 1);
      if (best.length > 0) this.#measureRepeats(at + 3);
    }
    pushPosition(long, longSlot, at);
    pushPosition(short, shortSlot, at);
  }

  #measureRepeats(at: number): void {
    this.#considerRepeat(this.#best, at, 1);
    const second = this.#secondHalf(at);
    this.#considerRepeat(second, at, 2);
    this.#considerRepeat(second, at, 3);
    this.#meet(second);
  }

  #take(at: number): boolean {
    const cursor = this.#cursor;
    const best = this.#best;
    if (best.length < GOOD_ENOUGH) this.#lookAhead(at);
    this.#unstretched = best.from;
    const isRepeat = best.repeat > 0;
    cursor.proposeLength(best.from, best.from - best.distance, best.length);
    cursor.stretch(best.from, isRepeat ? cursor.anchor + 1 : cursor.anchor);
    if (isRepeat) cursor.sayRepeat(best.repeat);
    return true;
  }

  #lookAhead(at: number): void {
    const best = this.#best;
    const { long, short } = this.#known;
    const next = this.#known.longSlot(at + 1);
    const afterNext = this.#known.longSlot(at + 2);
    this.#consider(best, at + 1, positionAt(short, this.#known.shortSlot(at + 1)));
    this.#consider(best, at + 1, positionAt(long, next));
    const second = this.#secondHalf(at + 1);
    this.#consider(second, at + 1, positionAt(long, next + 1));
    this.#consider(second, at + 2, positionAt(long, afterNext));
    this.#consider(second, at + 2, positionAt(long, afterNext + 1));
    this.#meet(second);
    this.#lookBehindEnd();
  }

  /** Of the two matches that may end where the leading one does, both are measured from its start. */
  #lookBehindEnd(): void {
    const best = this.#best;
    const { toleratedBytes, contest } = this.#revision;
    let { from, length } = best;
    if (from + length >= this.#cursor.limit) return;
    const { long } = this.#known;
    const slot = this.#known.longSlot(from + length);
    const newer = positionAt(long, slot) - length + toleratedBytes;
    if (newer < this.#cursor.floor) return;
    this.#consider(best, from + toleratedBytes, newer);
    if (contest === "earlier-first") ({ from, length } = best);
    const older = positionAt(long, slot + 1) - length + toleratedBytes;
    if (older >= this.#cursor.floor) this.#consider(best, from + toleratedBytes, older);
  }

  /** Whom the later ones of a group are compared with. */
  #secondHalf(at: number): Contender {
    if (this.#revision.contest !== "halves") return this.#best;
    this.#rival.clear(at, WORTHLESS);
    return this.#rival;
  }

  #meet(second: Contender): void {
    const best = this.#best;
    if (second !== best && this.#isBeaten(best, second.from, second.cost)) best.become(second);
  }

  #consider(leader: Contender, at: number, seen: number): void {
    const cursor = this.#cursor;
    if (!cursor.reaches(at, seen) || !sameFour(this.#view, at, seen)) return;
    cursor.propose(at, seen);
    this.#compare(leader, SEEN_IN_TABLE, cursor.offsetValue);
  }

  #considerRepeat(leader: Contender, at: number, repeat: 1 | 2 | 3): void {
    const cursor = this.#cursor;
    const seen = at - cursor.offsetOf(repeat);
    if (!cursor.reaches(at, seen) || !sameFour(this.#view, at, seen)) return;
    cursor.propose(at, seen);
    this.#compare(leader, repeat, repeat);
  }

  /** Lets the match that the cursor proposes lead, if it is worth its bits and better. */
  #compare(leader: Contender, repeat: number, offsetValue: number): void {
    const { from, length, distance } = this.#cursor;
    const saved = (length * this.#literalBits) >> ESTIMATE_BITS;
    const cost = offsetBits(offsetValue) + lengthBits(length) - saved;
    if (cost > 0 || !this.#isBeaten(leader, from, cost)) return;
    leader.from = from;
    leader.length = length;
    leader.distance = distance;
    leader.repeat = repeat;
    leader.cost = cost;
  }

  #isBeaten(leader: Contender, from: number, cost: number): boolean {
    const ahead = ((from - leader.from) * this.#literalBits) >> ESTIMATE_BITS;
    const behind = ((leader.from - from) * this.#literalBits) >> ESTIMATE_BITS;
    switch (this.#revision.contest) {
      case "each-way":
        return leader.cost + behind >= cost + ahead;
      case "halves":
        return leader.cost - cost + behind >= 0;
      case "earlier-first":
        return cost - leader.cost + ahead < 0;
    }
  }
}
