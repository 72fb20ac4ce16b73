import type { ColumnReader, ColumnWriter } from "../../columns.ts";
import { RecipeError } from "../../recipe-error.ts";
import { LONGEST_MATCH, WINDOW_BYTES } from "./match-length.ts";

/**
 * Notes tokens that the model did not foresee: how many it foresaw since the last one, then 0 for a literal
 * (its byte is known), or the match's length less two and its distance less one.
 */
export class CorrectionsWriter {
  /** Tokens noted so far. */
  count = 0;
  /** Tokens foreseen since the last that was noted. */
  foreseen = 0;
  readonly #column: ColumnWriter;

  constructor(column: ColumnWriter) {
    this.#column = column;
  }

  /** Where the next note will begin in the column, in bytes. */
  get position(): number {
    return this.#column.sizeBytes;
  }

  correction(token: number): void {
    const length = token >>> 16;
    this.#column.number(this.foreseen);
    this.#column.number(length === 0 ? 0 : length - 2);
    if (length > 0) this.#column.number((token & 0xffff) - 1);
    this.foreseen = 0;
    this.count++;
  }
}

/** Reads what a {@link CorrectionsWriter} noted. */
export class CorrectionsReader {
  /** How many tokens the model foresees before the next correction; `Infinity` after the last. */
  foreseen = Infinity;
  readonly #column: ColumnReader;
  #token = 0;

  constructor(column: ColumnReader) {
    this.#column = column;
  }

  /** The match that comes next, or 0 for a literal. */
  get token(): number {
    return this.#token;
  }

  /**
   * Begins in the midst.
   *
   * @param position the writer's at that place
   * @param foreseen the writer's at that place
   * @throws {RecipeError} when the column is not such a one.
   */
  startAt(position: number, foreseen: number): void {
    if (position < this.#column.position) throw new RecipeError("a restart lies before its column");
    this.#column.raw(position - this.#column.position);
    this.next();
    if (foreseen > this.foreseen) throw new RecipeError("a restart does not fit its corrections");
    this.foreseen -= foreseen;
  }

  /** Reads the next correction. @throws {RecipeError} when it is none. */
  next(): void {
    const column = this.#column;
    this.foreseen = Infinity;
    if (column.isAtEnd) return;
    this.foreseen = column.number();
    const length = column.numberUpTo(LONGEST_MATCH - 2);
    if (length === 0) this.#token = 0;
    else this.#token = ((length + 2) << 16) | (column.numberUpTo(WINDOW_BYTES - 1) + 1);
  }
}
