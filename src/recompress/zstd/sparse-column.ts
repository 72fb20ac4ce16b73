/**
 * A column of records for a few of many: only the records of those that are unusual stand there, each behind
 * the number of usual ones before it.
 */
import type { ColumnReader, ColumnWriter } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";

/** Where in such a column a reader can begin. */
export interface SparsePlace {
  /** Bytes of the column before it. */
  readonly position: number;
  /** Of the usual ones before the next record, how many have gone by. */
  readonly passed: number;
}

/** Writes one. */
export class SparseWriter {
  readonly column: ColumnWriter;
  #passed = 0;

  constructor(column: ColumnWriter) {
    this.column = column;
  }

  get place(): SparsePlace {
    return { position: this.column.sizeBytes, passed: this.#passed };
  }

  /** A usual one goes by. */
  pass(): void {
    this.#passed++;
  }

  /** @returns the column, for the next one's record. */
  note(): ColumnWriter {
    this.column.number(this.#passed);
    this.#passed = 0;
    return this.column;
  }
}

/** Reads one. */
export class SparseReader {
  readonly column: ColumnReader;
  #alreadyPassed: number;
  /** Usual ones before the next record. `undefined` before it is read. */
  #left: number | undefined;

  /** @param column at a place's position */
  constructor(column: ColumnReader, alreadyPassed = 0) {
    this.column = column;
    this.#alreadyPassed = alreadyPassed;
  }

  /** @returns whether the next one has a record: it is to be read from the column then. @throws {RecipeError} */
  next(): boolean {
    this.#left ??= this.#gap();
    if (this.#left > 0) {
      this.#left--;
      return false;
    }
    this.#left = undefined;
    return true;
  }

  #gap(): number {
    const gap = this.column.isAtEnd ? Infinity : this.column.number();
    const left = gap - this.#alreadyPassed;
    this.#alreadyPassed = 0;
    if (left < 0) throw new RecipeError("a restart of the recipe is behind a record");
    return left;
  }
}
