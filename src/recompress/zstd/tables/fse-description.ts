/**
 * Writes how many cells each symbol has, as a decoder reads it (RFC 8878 section 4.1.1).
 *
 * Four bits for log - 5. Then, symbol by symbol, the number of cells plus one, in as many bits as the
 * cells that are still to be given make necessary; the smallest numbers take one bit less. After a symbol
 * without cells two bits tell how many more such follow, 3 meaning three and another two bits. It ends
 * when all cells are given. Bits fill bytes from the lowest.
 */
import { ForwardBits } from "./forward-bits.ts";

const SMALLEST_LOG = 5;

/** @returns the description; `undefined` when the cells do not add up to 2^log. */
export function fseDescription(cells: Int16Array, tableLog: number): Uint8Array | undefined {
  const bits = new ForwardBits();
  bits.add(tableLog - SMALLEST_LOG, 4);
  const writer = new CellWriter(bits, tableLog);
  let symbol = 0;
  while (writer.hasMore) {
    if (symbol >= cells.length) return undefined;
    const count = cells[symbol++] ?? 0;
    writer.cells(count);
    if (count !== 0) continue;
    const first = symbol;
    while (symbol < cells.length && cells[symbol] === 0) symbol++;
    writer.empties(symbol - first);
  }
  return writer.isExact ? bits.finished() : undefined;
}

class CellWriter {
  readonly #bits: ForwardBits;
  /** Cells still to give, plus one. */
  #left: number;
  /** The largest power of two that `#left` can still reach. */
  #threshold: number;
  #width: number;

  constructor(bits: ForwardBits, tableLog: number) {
    this.#bits = bits;
    this.#threshold = 2 ** tableLog;
    this.#left = this.#threshold + 1;
    this.#width = tableLog + 1;
  }

  get hasMore(): boolean {
    return this.#left > 1;
  }

  get isExact(): boolean {
    return this.#left === 1;
  }

  cells(count: number): void {
    const shorter = 2 * this.#threshold - 1 - this.#left;
    const value = count + 1;
    const coded = value >= this.#threshold ? value + shorter : value;
    this.#bits.add(coded, coded < shorter ? this.#width - 1 : this.#width);
    this.#left -= Math.abs(count);
    while (this.#left < this.#threshold && this.#threshold > 1) {
      this.#threshold /= 2;
      this.#width--;
    }
  }

  /** @param count symbols without cells after one that was written */
  empties(count: number): void {
    let rest = count;
    for (; rest >= 3; rest -= 3) this.#bits.add(3, 2);
    this.#bits.add(rest, 2);
  }
}
