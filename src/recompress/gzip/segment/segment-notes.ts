import type { ColumnReader, ColumnWriter } from "../../columns.ts";
import { RecipeError } from "../../recipe-error.ts";
import { SEGMENT_BYTES } from "./segment-engine.ts";

/** In place of a distance to the next note: there is none in this member. */
const END = 0;
/** A code 1 to 256 is a match's length less this; the distance less 1 follows. */
const LENGTH_OFFSET = 2;
const LITERAL_CODE = 0;
const LARGEST_CODE = 256;
const LARGEST_DISTANCE_LESS_ONE = 32_767;

/** What a model did not foresee of one segment. */
export interface SegmentNote {
  /** Pairs of a token's index in the segment and the token, in order; 0 for any literal. */
  readonly fixes: readonly number[];
  /** Whether the encoder wrote tokens where literals were foreseen, or literals where tokens were. */
  readonly isFlipped: boolean;
}

const NOTHING_NOTED: SegmentNote = { fixes: [], isFlipped: false };

/**
 * Writes the notes of a member.
 *
 * Of every segment with a note: the segments since the last one, plus 1; twice the number of fixes, plus 1 when
 * flipped; for each fix, tokens since the last one and the token's code. Then a 0.
 */
export class SegmentNotesWriter {
  readonly #column: ColumnWriter;
  readonly #startBytes: number;
  #segmentsSince = 0;
  /** Fixes and flips so far. */
  count = 0;

  constructor(column: ColumnWriter) {
    this.#column = column;
    this.#startBytes = column.sizeBytes;
  }

  /** Where a reader is to begin that knows no more than {@link segmentsSince}. */
  get sizeBytes(): number {
    return this.#column.sizeBytes - this.#startBytes;
  }

  /** Segments since the last note. */
  get segmentsSince(): number {
    return this.#segmentsSince;
  }

  segment({ fixes, isFlipped }: SegmentNote): void {
    this.#segmentsSince++;
    if (fixes.length === 0 && !isFlipped) return;
    const column = this.#column;
    column.number(this.#segmentsSince);
    column.number(fixes.length + (isFlipped ? 1 : 0));
    let next = 0;
    for (let at = 0; at < fixes.length; at += 2) {
      const index = fixes[at] ?? 0;
      column.number(index - next);
      next = index + 1;
      this.#token(fixes[at + 1] ?? 0);
    }
    this.count += fixes.length / 2 + (isFlipped ? 1 : 0);
    this.#segmentsSince = 0;
  }

  end(): void {
    this.#column.number(END);
  }

  #token(token: number): void {
    if (token < 256) return this.#column.number(LITERAL_CODE);
    this.#column.number((token >>> 16) - LENGTH_OFFSET);
    this.#column.number((token & 0xffff) - 1);
  }
}

/** Reads what a {@link SegmentNotesWriter} wrote, never beyond its end. */
export class SegmentNotesReader {
  readonly #column: ColumnReader;
  /** Segments up to and with the one that has the next note. */
  #segmentsTo: number;

  /** @param segmentsSince as the writer had it where the column stands now; 0 at the start */
  constructor(column: ColumnReader, segmentsSince = 0) {
    this.#column = column;
    this.#segmentsTo = this.#distance();
    if (this.#segmentsTo <= segmentsSince)
      throw new RecipeError("a correction lies before its restart");
    this.#segmentsTo -= segmentsSince;
  }

  /** Whether no more segments have notes. */
  get isAtEnd(): boolean {
    return this.#segmentsTo === Number.POSITIVE_INFINITY;
  }

  /** @returns the note of the next segment. @throws {RecipeError} when it makes no sense. */
  segment(): SegmentNote {
    this.#segmentsTo--;
    if (this.#segmentsTo > 0) return NOTHING_NOTED;
    const head = this.#column.numberUpTo(2 * SEGMENT_BYTES + 1);
    const isFlipped = head % 2 === 1;
    const fixes = this.#fixes(head - (isFlipped ? 1 : 0));
    this.#segmentsTo = this.#distance();
    return { fixes, isFlipped };
  }

  #distance(): number {
    const distance = this.#column.number();
    return distance === END ? Number.POSITIVE_INFINITY : distance;
  }

  #fixes(length: number): readonly number[] {
    const fixes: number[] = [];
    let next = 0;
    while (fixes.length < length) {
      const index = next + this.#column.numberUpTo(SEGMENT_BYTES);
      fixes.push(index, this.#token());
      next = index + 1;
    }
    return fixes;
  }

  #token(): number {
    const code = this.#column.numberUpTo(LARGEST_CODE);
    if (code === LITERAL_CODE) return 0;
    const distance = this.#column.numberUpTo(LARGEST_DISTANCE_LESS_ONE) + 1;
    return ((code + LENGTH_OFFSET) << 16) | distance;
  }
}
