import { RecipeError } from "./recipe-error.ts";

const FIRST_SIZE = 1024;
const LARGEST_VARINT_BYTES = 8;

/**
 * One column of a recipe: numbers of one kind, one after the other, so that they compress well.
 *
 * A number is an unsigned LEB128 varint below 2^53.
 */
export class ColumnWriter {
  #bytes = new Uint8Array(FIRST_SIZE);
  #size = 0;

  /** Bytes written so far, before compression. */
  get sizeBytes(): number {
    return this.#size;
  }

  /** @param value an integer from 0 to 2^53 - 1 */
  number(value: number): void {
    this.#reserve(LARGEST_VARINT_BYTES);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#size++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#size++] = rest;
  }

  /** Writes the bytes alone; the reader has to know how many there are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** @returns what was written: a view that further writing may change. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#size + more));
    larger.set(this.written());
    this.#bytes = larger;
  }
}

/** Reads what a {@link ColumnWriter} wrote. Recipes come from disks and peers, so nothing is believed. */
export class ColumnReader {
  readonly #bytes: Uint8Array;
  #at: number;

  /** @param at where to begin, in bytes: a position that another reader had */
  constructor(bytes: Uint8Array, at = 0) {
    if (at > bytes.length) throw new RecipeError("a column is shorter than the recipe says");
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** @throws {RecipeError} when the column ends, or the number is 2^53 or more. */
  number(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < LARGEST_VARINT_BYTES; count++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RecipeError("a column ends within a number");
      value += (byte & 127) * scale;
      if (byte < 128) return checkedSafe(value);
      scale *= 128;
    }
    throw new RecipeError("a number in a column is too large");
  }

  /**
   * @param most the largest number that makes sense here
   * @throws {RecipeError} as {@link number}, and when the number is larger than `most`.
   */
  numberUpTo(most: number): number {
    const value = this.number();
    if (value > most) throw new RecipeError(`a column says ${value} where at most ${most} can be`);
    return value;
  }

  /** @returns a view of the next `size` bytes. @throws {RecipeError} when there are fewer. */
  raw(size: number): Uint8Array {
    if (size > this.#bytes.length - this.#at) throw new RecipeError("a column ends within bytes");
    const bytes = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    return bytes;
  }
}

function checkedSafe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RecipeError("a number in a column is too large");
  return value;
}
