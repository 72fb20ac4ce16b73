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
const GOOD_ENOUGH = 250;
/** The search takes one more byte per step for each 2^9 bytes without a match. */
const IMPATIENCE_BITS = 9;
/** The estimate of literals counts 1/1024 bits. */
const ESTIMATE_BITS = 10;
/** What a match costs that is not worth its bits. */
const WORTHLESS = 131_074 * 8;
const REPEAT_NUMBER = 3;
/** Longer matches are only outdone by those that agree with this one's end. */
const LONG_LENGTH = 16;
const COMPARED_BEFORE_END = 8;
/** First bytes of a match that need not agree when another one is looked for from its end. */
const TOLERATED_BYTES = 2;
const INDEX_MARGIN = 4;

/** What changed at speed `best` since 1.16.5. */
export interface BestRevision {
  /** Which matches are stretched backwards when they are measured; the last: while the best is no repeat. */
  readonly stretches: "own-offsets" | "all" | "unless-best-repeats";
  /** Whether repeats without literals are reckoned by the numbers that are written, and not by 5 to 7. */
  readonly reckonsWrittenRepeats: boolean;
  /** Whether a block's last match is indexed too, as far as there are enough bytes. */
  readonly indexesLast: boolean;
  readonly takesRunsWhole: boolean;
}

/**
 * The speed `best` of klauspost/compress/zstd, since 1.16.5.
 *
 * At each byte all that is known is measured, and the match that saves most bits wins. What a match saves
 * is the literals' bits, estimated from the block's entropy, less the bits of its codes; a later start
 * costs the literals in between. A tie goes to the one seen first. In this order:
 * 1. what the long table knows, newer and older, then what the short one knows;
 * 2. repeats (from the fourth sequence of a block on): when no literals stand before, the second and the
 *    third offset and the newest less one; then, unless a repeat leads, all three one byte ahead; then, if
 *    what leads was seen in a table, all three at three bytes ahead;
 * 3. the byte is entered in both tables. Where nothing of four bytes or more leads, the search steps on;
 * 4. else one byte ahead what the short table knows (the newer only) and both that the long one knows, and
 *    both of the long one two bytes ahead;
 * 5. the long table is asked about the byte behind the end of what leads, if that began late enough: where
 *    this was seen, a longer match may end, some tolerated bytes later.
 * 250 bytes are good enough to leave out what would come next. Matches are stretched backwards, up to the
 * sequence before, while they are measured.
 *
 * Every byte of a match is indexed that was not searched, up to near the block's end.
 *
 * Offsets and repeats are those of RFC 8878 section 3.1.1.5, sequences those of section 3.1.1.3.2.
 */
export class BestSearch implements MatchSearch {
  readonly smallestBlockBytes = 16;
  readonly marginBytes = 12;
  readonly overlapShare = 2;
  readonly takesRunsWhole: boolean;
  readonly tables: readonly Int32Array[];

  readonly #revision: BestRevision;
  readonly #cursor: BlockCursor;
  readonly #view: DataView;
  readonly #known: BestTables;
  readonly #best = new Contender();
  readonly #literals = new LiteralBits();
  /** Estimated bits of a literal times 1024, of the block. */
  #literalBits = 0;
  /** The byte behind where the search last stood. */
  #unsearched = 0;

  constructor(cursor: BlockCursor, revision: BestRevision) {
    this.#cursor = cursor;
    this.#view = cursor.view;
    this.#revision = revision;
    this.#known = new BestTables(cursor.view);
    this.takesRunsWhole = revision.takesRunsWhole;
    this.tables = [this.#known.long, this.#known.short];
  }

  begin(): void {
    const { start, end } = this.#cursor;
    const { buffer, byteOffset } = this.#view;
    this.#literalBits = this.#literals.estimate(
      new Uint8Array(buffer, byteOffset + start, end - start),
    );
    this.#unsearched = start;
  }

  propose(): boolean {
    const cursor = this.#cursor;
    const best = this.#best;
    const { limit, anchor } = cursor;
    let at = cursor.position;
    while (at < limit) {
      this.#measureAt(at);
      if (best.length >= SHORTEST_FOUND) return this.#take(at);
      at += 1 + ((at - anchor) >> IMPATIENCE_BITS);
    }
    return false;
  }

  settle(): void {
    const { repeat, position, limit } = this.#cursor;
    let end = position;
    if (this.#revision.indexesLast) {
      end = Math.min(position, limit + (repeat === 0 ? -INDEX_MARGIN : INDEX_MARGIN));
    } else if (position >= limit) {
      return;
    }
    this.#known.enterAll(this.#unsearched, end);
    this.#unsearched = Math.max(this.#unsearched, end);
  }

  indexOverlap(from: number, to: number): void {
    this.#known.enterOverlap(from, to);
  }

  #measureAt(at: number): void {
    const cursor = this.#cursor;
    const { long, short } = this.#known;
    const longSlot = this.#known.longSlot(at);
    const shortSlot = this.#known.shortSlot(at);
    this.#best.clear(at, WORTHLESS);
    this.#consider(at, positionAt(long, longSlot), SEEN_IN_TABLE);
    this.#consider(at, positionAt(long, longSlot + 1), SEEN_IN_TABLE);
    this.#consider(at, positionAt(short, shortSlot), SEEN_IN_TABLE);
    this.#consider(at, positionAt(short, shortSlot + 1), SEEN_IN_TABLE);
    if (cursor.mayRepeat && this.#best.length < GOOD_ENOUGH) {
      this.#measureRepeats(at);
    }
    pushPosition(long, longSlot, at);
    pushPosition(short, shortSlot, at);
  }

  #measureRepeats(at: number): void {
    const cursor = this.#cursor;
    const best = this.#best;
    if (at === cursor.anchor) {
      this.#consider(at, at - cursor.secondOffset, 5);
      this.#consider(at, at - cursor.thirdOffset, 6);
      if (cursor.newestOffset > 1) this.#consider(at, at - cursor.newestOffset + 1, 7);
    }
    if (best.repeat > 0) return;
    this.#considerRepeats(at + 1);
    if (best.repeat === SEEN_IN_TABLE) this.#considerRepeats(at + 3);
  }

  #considerRepeats(at: number): void {
    const cursor = this.#cursor;
    this.#consider(at, at - cursor.newestOffset, 1);
    this.#consider(at, at - cursor.secondOffset, 2);
    this.#consider(at, at - cursor.thirdOffset, 3);
  }

  #take(at: number): boolean {
    const best = this.#best;
    if (best.length < GOOD_ENOUGH) this.#lookAhead(at);
    this.#unsearched = at + 1;
    this.#cursor.proposeLength(best.from, best.from - best.distance, best.length);
    if (best.repeat > 0) this.#cursor.sayRepeat(best.repeat);
    return true;
  }

  #lookAhead(at: number): void {
    const { long, short } = this.#known;
    this.#consider(at + 1, positionAt(short, this.#known.shortSlot(at + 1)), SEEN_IN_TABLE);
    for (let ahead = at + 1; ahead <= at + 2; ahead++) {
      const slot = this.#known.longSlot(ahead);
      this.#consider(ahead, positionAt(long, slot), SEEN_IN_TABLE);
      this.#consider(ahead, positionAt(long, slot + 1), SEEN_IN_TABLE);
    }
    if (this.#best.from > at - TOLERATED_BYTES) this.#lookBehindEnd();
  }

  #lookBehindEnd(): void {
    const behindEnd = this.#best.from + this.#best.length;
    if (behindEnd >= this.#cursor.limit) return;
    const { long } = this.#known;
    const slot = this.#known.longSlot(behindEnd);
    if (this.#considerEnding(positionAt(long, slot))) {
      this.#considerEnding(positionAt(long, slot + 1));
    }
  }

  /** @returns whether a match may begin that far back */
  #considerEnding(seen: number): boolean {
    const best = this.#best;
    const from = seen - best.length + TOLERATED_BYTES;
    if (from < this.#cursor.floor) return false;
    this.#consider(best.from + TOLERATED_BYTES, from, SEEN_IN_TABLE);
    return true;
  }

  /** Lets a match lead that begins at `at` with the bytes of `seen`, if it is better. */
  #consider(at: number, seen: number, repeat: number): void {
    if (this.#cursor.reaches(at, seen) && sameFour(this.#view, at, seen)) {
      this.#measure(at, seen, repeat);
    }
  }

  #measure(at: number, seen: number, repeat: number): void {
    const cursor = this.#cursor;
    if (this.#best.length > LONG_LENGTH && !this.#mayOutdo(at, seen)) return;
    cursor.propose(at, seen);
    if (this.#isStretched(repeat)) cursor.stretch(at, cursor.anchor);
    this.#compare(repeat);
  }

  /** Whether a match agrees with some bytes near the end of the leading one, where there are such. */
  #mayOutdo(at: number, seen: number): boolean {
    const cursor = this.#cursor;
    const best = this.#best;
    const end = best.from + best.length;
    if (end >= cursor.end) return false;
    const compared = end - COMPARED_BEFORE_END - at;
    const isCompared = end + 2 < cursor.end && compared > 4;
    return !isCompared || sameFour(this.#view, at + compared, seen + compared);
  }

  #isStretched(repeat: number): boolean {
    switch (this.#revision.stretches) {
      case "own-offsets":
        return repeat === SEEN_IN_TABLE;
      case "all":
        return true;
      case "unless-best-repeats":
        return this.#best.repeat <= 0;
    }
  }

  /** Lets the match that the cursor proposes lead, if it is better. */
  #compare(repeat: number): void {
    const { from, length, distance } = this.#cursor;
    const best = this.#best;
    const literalBits = this.#literalBits;
    const saved = (length * literalBits) >> ESTIMATE_BITS;
    const spent = this.#offsetBits(distance, repeat) + lengthBits(length);
    const isWorth = spent <= saved;
    const cost = isWorth ? spent - saved : WORTHLESS;
    const literals = ((from - best.from) * literalBits) >> ESTIMATE_BITS;
    if (best.cost < WORTHLESS && cost - best.cost + literals >= 0) return;
    best.from = from;
    best.length = isWorth ? length : 0;
    best.distance = distance;
    best.repeat = repeat;
    best.cost = cost;
  }

  #offsetBits(distance: number, repeat: number): number {
    if (repeat === SEEN_IN_TABLE) return offsetBits(distance + REPEAT_NUMBER);
    return offsetBits(this.#revision.reckonsWrittenRepeats ? repeat & REPEAT_NUMBER : repeat);
  }
}
