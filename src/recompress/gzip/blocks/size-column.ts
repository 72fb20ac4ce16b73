import type { ColumnReader, ColumnWriter } from "../../columns.ts";

/** So that a number that names a known size takes one byte. */
const MOST_KNOWN = 100;

/** What the numbers of the column say; all larger ones name a known size. */
const NEW = 0;
const USUAL = 1;
const FIRST_KNOWN = 2;

/** What an encoder's blocks have in common, as far as they were told. */
class KnownSizes {
  readonly places = new Map<number, number>();
  readonly sizes: number[] = [];
  /** The first size of a block with codes: encoders have one, and cut otherwise for a reason. */
  usual = Infinity;

  clear(): void {
    if (this.sizes.length === 0) return;
    this.places.clear();
    this.sizes.length = 0;
    this.usual = Infinity;
  }

  add(size: number, hasCodes: boolean): void {
    if (hasCodes && size > 0 && this.usual === Infinity) this.usual = size;
    if (this.sizes.length === MOST_KNOWN) return;
    this.places.set(size, this.sizes.length);
    this.sizes.push(size);
  }
}

/**
 * Writes the sizes of a member's blocks. Encoders use few sizes again and again, so a size is written as
 * `NEW` and itself when it comes for the first time, from then on as its place in the list of those that
 * came. `USUAL` says that a block was cut where the encoder always cuts: after the usual size, or with
 * the framing's block when that comes first.
 */
export class SizeWriter {
  readonly #column: ColumnWriter;
  readonly #known = new KnownSizes();

  constructor(column: ColumnWriter) {
    this.#column = column;
  }

  /** `Infinity` until one was told. */
  get usual(): number {
    return this.#known.usual;
  }

  memberStart(): void {
    this.#known.clear();
  }

  writeUsual(): void {
    this.#column.number(USUAL);
  }

  /** @param hasCodes whether the block has Huffman codes */
  write(size: number, hasCodes: boolean): void {
    const place = this.#known.places.get(size);
    if (place !== undefined) {
      this.#column.number(FIRST_KNOWN + place);
      return;
    }
    this.#column.number(NEW);
    this.#column.number(size);
    this.#known.add(size, hasCodes);
  }
}

/** Reads what a {@link SizeWriter} wrote. */
export class SizeReader {
  readonly #column: ColumnReader;
  readonly #known = new KnownSizes();

  constructor(column: ColumnReader) {
    this.#column = column;
  }

  /** `Infinity` until one was told. */
  get usual(): number {
    return this.#known.usual;
  }

  memberStart(): void {
    this.#known.clear();
  }

  /**
   * @param hasCodes whether the block has Huffman codes
   * @throws {RecipeError} when the column ends or names a size that was not told.
   */
  read(hasCodes: boolean): number | "usual" {
    const { sizes } = this.#known;
    const number = this.#column.numberUpTo(FIRST_KNOWN + sizes.length - 1);
    if (number === USUAL) return "usual";
    const known = sizes[number - FIRST_KNOWN];
    if (known !== undefined) return known;
    const size = this.#column.number();
    this.#known.add(size, hasCodes);
    return size;
  }
}
