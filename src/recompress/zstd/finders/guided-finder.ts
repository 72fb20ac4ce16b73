import type { BlockSpan, Guide, SequenceFinder } from "../sequence-finder.ts";
import type { BlockCursor } from "./block-cursor.ts";
import { placeInJob } from "./jobs.ts";
import type { MatchSearch } from "./match-search.ts";
import { agreeFrom, forgetPositions, freePositions, lowerPositions } from "./position-table.ts";
import { NUMBERS_OF_SEQUENCE, SequenceLog } from "./sequence-log.ts";

/** Runs of one byte are looked for in blocks longer than this. */
const SHORTEST_RUN = 3;
/** A search that was wrong about this many times the block's bytes is not asked any more. */
const PATIENCE = 16;

/**
 * Goes through blocks with a search, and along with the real sequences where they differ.
 *
 * All that it does depends on the bytes up to the block's end and on the guide alone, and a `replay` takes
 * the same way as the `follow` before it. The work for a block is bounded even when every proposal of
 * the search is wrong.
 */
export class GuidedFinder implements SequenceFinder {
  readonly #search: MatchSearch;
  readonly #cursor: BlockCursor;
  readonly #log = new SequenceLog();
  readonly #jobBytes: number | undefined;
  #wastedBytes = 0;

  /** @param jobBytes of encoders that cut a frame into jobs: bytes of one, above 0 */
  constructor(search: MatchSearch, cursor: BlockCursor, jobBytes: number | undefined) {
    this.#search = search;
    this.#cursor = cursor;
    this.#jobBytes = jobBytes;
  }

  get sequences(): Int32Array {
    return this.#log.sequences;
  }

  get count(): number {
    return this.#cursor.count;
  }

  get fixes(): readonly number[] {
    return this.#log.fixes;
  }

  /**
   * @throws {RangeError} when the block is larger than blocks may be.
   * @throws {RecipeError} when a fix does not fit into the block.
   */
  find(span: BlockSpan, guide: Guide): void {
    const cursor = this.#cursor;
    const search = this.#search;
    cursor.open(span, this.#enterJob(span));
    this.#log.begin(guide);
    this.#wastedBytes = 0;
    if (this.#isRunTakenWhole()) {
      cursor.proposeLength(span.start + 1, span.start, span.end - span.start - 1);
      if (!this.#judge(true)) return;
    } else if (span.end - span.start >= search.smallestBlockBytes) {
      cursor.limit = span.end - search.marginBytes;
      search.begin();
    }
    while (this.#next());
  }

  slide(by: number): void {
    for (const table of this.#search.tables) lowerPositions(table, by);
  }

  release(): void {
    for (const table of this.#search.tables) freePositions(table);
  }

  isInStateOf(other: SequenceFinder, from: number): boolean {
    if (!(other instanceof GuidedFinder)) return false;
    const others = other.#search.tables;
    return this.#search.tables.every((table, index) => {
      const second = others[index];
      return second !== undefined && agreeFrom(table, second, from);
    });
  }

  /** @returns the oldest position that the block may be matched with */
  #enterJob(span: BlockSpan): number {
    const search = this.#search;
    const { floor, overlapFrom } = placeInJob(span, {
      jobBytes: this.#jobBytes,
      windowSize: this.#cursor.windowSize,
      overlapShare: search.overlapShare,
    });
    if (overlapFrom !== undefined) {
      for (const table of search.tables) forgetPositions(table);
      search.indexOverlap(overlapFrom, span.start);
    }
    return floor;
  }

  #isRunTakenWhole(): boolean {
    const { start, end } = this.#cursor;
    const isLongEnough = this.#search.takesRunsWhole && end - start > SHORTEST_RUN;
    return isLongEnough && this.#cursor.commonLength(start + 1, start) === end - start - 1;
  }

  #next(): boolean {
    const cursor = this.#cursor;
    const isFound = cursor.position < cursor.limit && this.#search.propose();
    if (!this.#judge(isFound)) return false;
    if (cursor.isSearched) this.#search.settle();
    return true;
  }

  /** @returns whether there is a sequence, be it the proposed one or another; the cursor is behind it */
  #judge(isFound: boolean): boolean {
    const cursor = this.#cursor;
    const isKept = isFound && this.#log.keeps(cursor);
    if (!isKept && !this.#adopt(isFound)) return false;
    cursor.advance();
    return true;
  }

  /** Puts the real sequence in the place of the proposed one, or of none. */
  #adopt(wasFound: boolean): boolean {
    const cursor = this.#cursor;
    if (!this.#log.hasOther(cursor.count, wasFound)) return false;
    this.#wastedBytes += (wasFound ? cursor.from + cursor.length : cursor.end) - cursor.anchor;
    if (this.#wastedBytes > PATIENCE * (cursor.end - cursor.start)) cursor.limit = cursor.start;
    const at = NUMBERS_OF_SEQUENCE * cursor.count;
    const { sequences } = this.#log;
    cursor.adopt(sequences[at] ?? 0, sequences[at + 1] ?? 0, sequences[at + 2] ?? 0);
    return true;
  }
}
