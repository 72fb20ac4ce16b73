import { ColumnReader, ColumnWriter } from "../../recompress/columns.ts";
import { SkeletonError } from "./skeleton-error.ts";

/**
 * The columns of a skeleton, in the order they are stored in. Their names and order are part of the format.
 *
 * `ops` and `counts` tell the order of things; `raw` holds what fits nothing else; the others hold the fields of
 * headers and the bodies of extended headers.
 */
export const SKELETON_COLUMNS = [
  "ops",
  "counts",
  "raw",
  "shapes",
  "newShapes",
  "pathCuts",
  "pathRests",
  "nameDepths",
  "links",
  "sizeLows",
  "sizeHighs",
  "timeHits",
  "timeSteps",
  "fractions",
  "recordKinds",
  "recordKeys",
  "recordValues",
] as const;

export type SkeletonColumn = (typeof SKELETON_COLUMNS)[number];

/** What an entry of the `ops` column says. */
export const SKELETON_OPS = {
  /** A header and what its fields foretell: an extended header's own body, or an entry's; and padding of zeros. */
  foretold: 0,
  /** A header alone. */
  header: 1,
  /** As many bytes of `raw` as `counts` says. */
  raw: 2,
  /** As many zeros as `counts` says. */
  zeros: 3,
  /** A body of as many bytes as `counts` says. */
  body: 4,
} as const;

/** A column of texts, one byte a character, each ended by a NUL. */
export class TextColumnWriter extends ColumnWriter {
  /** @param value without a NUL */
  text(value: string): void {
    this.raw(Buffer.from(`${value}\0`, "latin1"));
  }
}

/** Reads what a {@link TextColumnWriter} wrote. */
export class TextColumnReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** @param mostBytes how long the text may be. @throws {SkeletonError} when it is longer or has no end. */
  text(mostBytes: number): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new SkeletonError("a column of texts ends within a text");
    if (end - this.#at > mostBytes) throw new SkeletonError("a text of a skeleton is too long");
    const value = this.#bytes.toString("latin1", this.#at, end);
    this.#at = end + 1;
    return value;
  }
}

/** All columns, to write to. */
export class ColumnSetWriter {
  readonly #columns = new Map(SKELETON_COLUMNS.map((name) => [name, new TextColumnWriter()]));

  /** Bytes written so far, before compression. */
  get sizeBytes(): number {
    return this.#columns.values().reduce((total, column) => total + column.sizeBytes, 0);
  }

  column(name: SkeletonColumn): TextColumnWriter {
    const column = this.#columns.get(name);
    if (column === undefined) throw new RangeError(`there is no column ${name}`);
    return column;
  }

  /** @returns views, in the order of {@link SKELETON_COLUMNS}. */
  written(): readonly Uint8Array[] {
    return SKELETON_COLUMNS.map((name) => this.column(name).written());
  }
}

/** All columns, to read from: of each name, numbers and bytes or texts, never both. */
export class ColumnSetReader {
  readonly #numbers = new Map<SkeletonColumn, ColumnReader>();
  readonly #texts = new Map<SkeletonColumn, TextColumnReader>();

  /** @throws {SkeletonError} when there are more or fewer columns than {@link SKELETON_COLUMNS}. */
  constructor(columns: readonly Uint8Array[]) {
    if (columns.length !== SKELETON_COLUMNS.length) {
      throw new SkeletonError(`a skeleton has ${SKELETON_COLUMNS.length} columns`);
    }
    for (const [index, name] of SKELETON_COLUMNS.entries()) {
      const bytes = columns[index] ?? new Uint8Array();
      if (TEXT_COLUMNS.has(name)) this.#texts.set(name, new TextColumnReader(bytes));
      else this.#numbers.set(name, new ColumnReader(bytes));
    }
  }

  numbers(name: SkeletonColumn): ColumnReader {
    const column = this.#numbers.get(name);
    if (column === undefined) throw new RangeError(`the column ${name} is not of numbers`);
    return column;
  }

  texts(name: SkeletonColumn): TextColumnReader {
    const column = this.#texts.get(name);
    if (column === undefined) throw new RangeError(`the column ${name} is not of texts`);
    return column;
  }

  /** @throws {SkeletonError} when a column has more than was read. */
  checkAllRead(): void {
    const columns = [...this.#numbers.values(), ...this.#texts.values()];
    if (columns.every((column) => column.isAtEnd)) return;
    throw new SkeletonError("a column of a skeleton is longer than its ops say");
  }
}

const TEXT_COLUMNS: ReadonlySet<SkeletonColumn> = new Set([
  "newShapes",
  "pathRests",
  "links",
  "fractions",
  "recordKeys",
]);
