import type { ColumnReader, ColumnWriter } from "../../columns.ts";

/** So that a number that names a known size takes one byte. */
const MOST_KNOWN = 100;

/**
 * Writes the sizes of a member's blocks: 0 and the size when it comes for the first time, from then on
 * its place in the list of those that came, counted from 1. Encoders use few sizes again and again.
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

  size(size: number): void {
    const place = this.#known.get(size);
    if (place !== undefined) {
      this.#column.number(place);
      return;
    }
    this.#column.number(0);
    this.#column.number(size);
    if (this.#known.size < MOST_KNOWN) this.#known.set(size, this.#known.size + 1);
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

  /** @throws {RecipeError} when the column ends or names a size that was not told. */
  size(): number {
    const place = this.#column.numberUpTo(this.#known.length);
    const known = this.#known[place - 1];
    if (known !== undefined) return known;
    const size = this.#column.number();
    if (this.#known.length < MOST_KNOWN) this.#known.push(size);
    return size;
  }
}
