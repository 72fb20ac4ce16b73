import { SkeletonError } from "./skeleton-error.ts";
import type { ColumnSetReader, ColumnSetWriter } from "./skeleton-columns.ts";

const MOST_HELD = 16;

/** The times told last, the latest first: few files of a layer have one of their own. */
class RecentTimes {
  readonly #times: number[] = [];
  #last = 0;

  get last(): number {
    return this.#last;
  }

  /** @returns -1 when it is not held. */
  placeOf(time: number): number {
    return this.#times.indexOf(time);
  }

  at(place: number): number | undefined {
    return this.#times[place];
  }

  told(time: number): void {
    const place = this.placeOf(time);
    if (place >= 0) this.#times.splice(place, 1);
    this.#times.unshift(time);
    if (this.#times.length > MOST_HELD) this.#times.pop();
    this.#last = time;
  }
}

/** Writes times, in whole seconds. */
export class TimeWriter {
  readonly #columns: ColumnSetWriter;
  readonly #recent = new RecentTimes();

  constructor(columns: ColumnSetWriter) {
    this.#columns = columns;
  }

  /** @param time from 0 to 2^52 - 1 */
  write(time: number): void {
    const place = this.#recent.placeOf(time);
    this.#columns.column("timeHits").number(place + 1);
    if (place < 0) {
      const step = time - this.#recent.last;
      this.#columns.column("timeSteps").number(step < 0 ? -2 * step - 1 : 2 * step);
    }
    this.#recent.told(time);
  }
}

/** Reads what a {@link TimeWriter} wrote. */
export class TimeReader {
  readonly #columns: ColumnSetReader;
  readonly #recent = new RecentTimes();

  constructor(columns: ColumnSetReader) {
    this.#columns = columns;
  }

  /** @throws {SkeletonError | RecipeError} when the columns cannot be. */
  read(): number {
    const place = this.#columns.numbers("timeHits").numberUpTo(MOST_HELD) - 1;
    const time = place < 0 ? this.#stepped() : this.#recent.at(place);
    if (time === undefined) throw new SkeletonError("a skeleton names a time that was not told");
    this.#recent.told(time);
    return time;
  }

  #stepped(): number {
    const number = this.#columns.numbers("timeSteps").number();
    const step = number % 2 === 0 ? number / 2 : -(number + 1) / 2;
    const time = this.#recent.last + step;
    if (time < 0 || !Number.isSafeInteger(time)) {
      throw new SkeletonError("a time of a skeleton is out of range");
    }
    return time;
  }
}
