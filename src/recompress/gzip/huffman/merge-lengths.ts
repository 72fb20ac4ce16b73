import type { CodeRequest } from "./heap-lengths.ts";

const MOST_SYMBOLS = 286;
const LONGEST = 15;
/** A row holds every leaf and a package for every two items of the row below: less than two a leaf. */
const ROW = 2 * MOST_SYMBOLS;

/**
 * Go's way to Huffman codes: the best code within the limit, found by package-merge.
 *
 * Think of one row of items for each bit that a code may be long. The lowest row holds the symbols by
 * weight (equals by symbol). Each row above holds the symbols again, merged by weight with packages: the
 * items of the row below, two by two. Among equals the package goes before the symbol. From the top row
 * the first 2n - 2 items are taken; every package among them takes its two items from the row below, and
 * so on down. A symbol's code is as long as the number of rows in which it was taken.
 *
 * As symbols are taken in order of weight, each row comes down to a number: how many were taken.
 *
 * One and two symbols get codes of one bit. With n symbols there are at most n - 1 rows.
 *
 * Lengths are all that a block says of its codes: the codes follow from them (RFC 1951 section 3.2.2).
 */
export class MergeLengths {
  /** The symbols that are used, the lightest first. */
  readonly #symbols = new Uint16Array(MOST_SYMBOLS);
  readonly #weights = new Float64Array(MOST_SYMBOLS);
  /** Weight and symbol in one number, to be sorted by. */
  readonly #keys = new Float64Array(MOST_SYMBOLS);
  #below = new Float64Array(ROW);
  #row = new Float64Array(ROW);
  /** For each row, how many of its first items are symbols: at `row * (ROW + 1) + items`. */
  readonly #leaves = new Uint16Array(LONGEST * (ROW + 1));
  readonly #sizes = new Uint16Array(LONGEST);

  /** Fills the request's lengths. */
  build(request: CodeRequest): void {
    const { lengths, symbols } = request;
    lengths.fill(0, 0, symbols);
    const used = this.#sort(request);
    if (used <= 2) {
      for (let index = 0; index < used; index++) lengths[this.#symbols[index] ?? 0] = 1;
      return;
    }
    const rows = Math.min(request.longest, used - 1);
    for (let row = 0; row < rows; row++) this.#merge(row, used);
    this.#take(rows, used, lengths);
  }

  #sort({ counts, symbols }: CodeRequest): number {
    let used = 0;
    for (let symbol = 0; symbol < symbols; symbol++) {
      const count = counts[symbol] ?? 0;
      if (count > 0) this.#keys[used++] = count * MOST_SYMBOLS + symbol;
    }
    this.#keys.subarray(0, used).sort();
    for (let index = 0; index < used; index++) {
      const key = this.#keys[index] ?? 0;
      this.#symbols[index] = key % MOST_SYMBOLS;
      this.#weights[index] = Math.floor(key / MOST_SYMBOLS);
    }
    return used;
  }

  /** Makes a row out of all symbols and of the row below, which lies in `#row`. */
  #merge(row: number, used: number): void {
    [this.#below, this.#row] = [this.#row, this.#below];
    const first = row * (ROW + 1);
    const packages = row === 0 ? 0 : (this.#sizes[row - 1] ?? 0) >> 1;
    let leaves = 0;
    let packed = 0;
    this.#leaves[first] = 0;
    while (leaves < used || packed < packages) {
      const weight = leaves < used ? (this.#weights[leaves] ?? 0) : Infinity;
      const packageWeight = packed < packages ? this.#packageWeight(packed) : Infinity;
      const isLeaf = weight < packageWeight;
      this.#row[leaves + packed] = isLeaf ? weight : packageWeight;
      if (isLeaf) leaves++;
      else packed++;
      this.#leaves[first + leaves + packed] = leaves;
    }
    this.#sizes[row] = leaves + packed;
  }

  #packageWeight(index: number): number {
    return (this.#below[2 * index] ?? 0) + (this.#below[2 * index + 1] ?? 0);
  }

  #take(rows: number, used: number, lengths: Uint8Array): void {
    let items = 2 * used - 2;
    for (let row = rows - 1; row >= 0; row--) {
      const leaves = this.#leaves[row * (ROW + 1) + items] ?? 0;
      for (let index = 0; index < leaves; index++) {
        const symbol = this.#symbols[index] ?? 0;
        lengths[symbol] = (lengths[symbol] ?? 0) + 1;
      }
      items = 2 * (items - leaves);
    }
  }
}
