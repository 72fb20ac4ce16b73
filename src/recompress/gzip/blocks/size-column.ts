import type { ColumnReader, ColumnWriter } from "../../columns.ts";

/** So that a number that names a known size takes one byte. */
const MOST_KNOWN = 100;

/** What the numbers of the column say; all larger ones name a known size. */
const NEW = 0;
const TO_FRAME_END = 1;
const FIRST_KNOWN = 2;

/**
 * Writes the sizes of a member's blocks. Encoders use few sizes again and again, so a size is written as
 * `NEW` and itself when it comes for the first time, from then on as its place in the list of those that
 * came. A block that ends with the framing's block has no size of its own.
 */
export class SizeWriter {
  readonly #column: ColumnWriter;
  readonly #known = new Map<number, number>();

  constructor(column: ColumnWriter) {
    this.#column = column;
  }

  memberStart(): void {
    this.#known.clear();
  }

  /** The block ends where the framing's block does. */
  toFrameEnd(): void {
    this.#column.number(TO_FRAME_END);
  }

  size(size: number): void {
    const place = this.#known.get(size);
    if (place !== undefined) {
      this.#column.number(FIRST_KNOWN + place);
      return;
    }
    this.#column.number(NEW);
    this.#column.number(size);
    if (this.#known.size < MOST_KNOWN) this.#known.set(size, this.#known.size);
  }
}

/** Reads what a {@link SizeWriter} wrote. */
export class SizeReader {
  readonly #column: ColumnReader;
  #known: number[] = [];

  constructor(column: ColumnReader) {
    this.#column = column;
  }

  memberStart(): void {
    if (this.#known.length > 0) this.#known = [];
  }

  /**
   * @returns the size, or `frame` when the block ends where the framing's block does.
   * @throws {RecipeError} when the column ends or names a size that was not told.
   */
  size(): number | "frame" {
    const number = this.#column.numberUpTo(FIRST_KNOWN + this.#known.length - 1);
    if (number === TO_FRAME_END) return "frame";
    const known = this.#known[number - FIRST_KNOWN];
    if (known !== undefined) return known;
    const size = this.#column.number();
    if (this.#known.length < MOST_KNOWN) this.#known.push(size);
    return size;
  }
}
