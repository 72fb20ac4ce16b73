/**
 * How klauspost/compress shares the cells of an FSE table among the symbols.
 *
 * An FSE table has 2^log cells, and a symbol gets as many as its share of the counts (RFC 8878 section
 * 4.1.1). Shares are no integers, so every encoder has its own way of rounding. This one has two:
 *
 * 1. A symbol too rare for a whole cell gets "less than one", written -1. Any other gets its share
 *    rounded down, or up where the share is below 8 cells and its fraction is above a threshold that
 *    grows with the share. What is then left over, or was given too much, goes to the account of the
 *    symbol with the largest share, the first of them.
 * 2. Where that would cost the largest symbol half of its cells or more: symbols with at most one and a
 *    half cells get one, and the others share the rest, each its part of the running sum.
 *
 * The arithmetic is that of 64-bit integers with 62 fractional bits, so that a share counts as it does there.
 */
import type { Histogram } from "./histogram.ts";

const LESS_THAN_ONE = -1;
const UNDECIDED = -2;
const LARGEST_ROUNDED_SHARE = 8;
/** Fractions, in 2^-20, above which a share of 0, 1, 2, ... cells is rounded up. */
const ROUNDING_THRESHOLDS = [0, 473195, 504333, 520860, 550000, 700000, 750000, 830000] as const;
const FRACTION_BITS = 62n;
const HALF_WORD = 2 ** 31;

/**
 * @param tableLog 5 to 11
 * @returns cells by symbol, -1 for less than one; `undefined` where the encoder would have failed.
 */
export function normalisedCounts(histogram: Histogram, tableLog: number): Int16Array | undefined {
  const cells = new Int16Array(histogram.symbols);
  const largest = roundShares(cells, histogram, tableLog);
  const left = (1 << tableLog) - cellsUsed(cells);
  const ofLargest = cells[largest] ?? 0;
  if (-left < ofLargest >> 1) {
    cells[largest] = ofLargest + left;
    return cells;
  }
  return new SecondWay(histogram, tableLog).cells();
}

/** The first way, but for the remainder. @returns the symbol with the largest share. */
function roundShares(cells: Int16Array, histogram: Histogram, tableLog: number): number {
  const { counts, symbols, total } = histogram;
  const rare = total >> tableLog;
  const shareOf = new ShareCounter(total, tableLog);
  let largest = 0;
  let largestShare = 0;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const count = counts[symbol] ?? 0;
    const share = count > rare ? shareOf.rounded(count) : 0;
    cells[symbol] = count > 0 && count <= rare ? LESS_THAN_ONE : share;
    if (share <= largestShare) continue;
    largestShare = share;
    largest = symbol;
  }
  return largest;
}

/** "Less than one" takes one cell. */
function cellsUsed(cells: Int16Array): number {
  let used = 0;
  for (const count of cells) used += Math.abs(count);
  return used;
}

/**
 * count * floor(2^62 / total), in two halves of 31 bits: every product stays below 2^53.
 */
class ShareCounter {
  readonly #stepHigh: number;
  readonly #stepLow: number;
  /** What one cell is in the high half. */
  readonly #cell: number;

  constructor(total: number, tableLog: number) {
    const rest = HALF_WORD % total;
    this.#stepHigh = (HALF_WORD - rest) / total;
    const low = rest * HALF_WORD;
    this.#stepLow = (low - (low % total)) / total;
    this.#cell = 2 ** (31 - tableLog);
  }

  rounded(count: number): number {
    const low = count * this.#stepLow;
    const lowRest = low % HALF_WORD;
    const high = count * this.#stepHigh + (low - lowRest) / HALF_WORD;
    const highRest = high % this.#cell;
    const share = (high - highRest) / this.#cell;
    if (share >= LARGEST_ROUNDED_SHARE) return share;
    const threshold = ((ROUNDING_THRESHOLDS[share] ?? 0) * this.#cell) / 2 ** 20;
    const isAbove = highRest > threshold || (highRest === threshold && lowRest > 0);
    return isAbove ? share + 1 : share;
  }
}

class SecondWay {
  readonly #histogram: Histogram;
  readonly #tableLog: number;
  readonly #cells: Int16Array;
  #countsLeft: number;
  #cellsLeft: number;

  constructor(histogram: Histogram, tableLog: number) {
    this.#histogram = histogram;
    this.#tableLog = tableLog;
    this.#cells = new Int16Array(histogram.symbols);
    this.#countsLeft = histogram.total;
    this.#cellsLeft = 1 << tableLog;
  }

  cells(): Int16Array | undefined {
    const { total } = this.#histogram;
    const most = (total * 3) >> (this.#tableLog + 1);
    this.#settleRare(total >> this.#tableLog, most);
    if (this.#cellsLeft <= 0) return undefined;
    if (Math.floor(this.#countsLeft / this.#cellsLeft) > most) this.#settleMore();
    if (this.#cellsLeft <= 0) return undefined;
    return this.#countsLeft === 0 ? this.#dealOut() : this.#shareRest();
  }

  #settleRare(rare: number, most: number): void {
    const { counts, symbols } = this.#histogram;
    for (let symbol = 0; symbol < symbols; symbol++) {
      const count = counts[symbol] ?? 0;
      if (count === 0) continue;
      if (count > most) this.#cells[symbol] = UNDECIDED;
      else this.#settle(symbol, count <= rare ? LESS_THAN_ONE : 1);
    }
  }

  /** With the rare ones gone a cell stands for more: some of the others have at most one and a half now. */
  #settleMore(): void {
    const { counts } = this.#histogram;
    const most = Math.floor((this.#countsLeft * 3) / (this.#cellsLeft * 2));
    for (const [symbol, cells] of this.#cells.entries()) {
      if (cells === UNDECIDED && (counts[symbol] ?? 0) <= most) this.#settle(symbol, 1);
    }
  }

  #settle(symbol: number, cells: number): void {
    this.#cells[symbol] = cells;
    this.#cellsLeft--;
    this.#countsLeft -= this.#histogram.counts[symbol] ?? 0;
  }

  /** Nobody is undecided: one cell more for each that has any, round and round. */
  #dealOut(): Int16Array | undefined {
    if (!this.#cells.some((cells) => cells > 0)) return undefined;
    for (let symbol = 0; this.#cellsLeft > 0; symbol = (symbol + 1) % this.#cells.length) {
      const cells = this.#cells[symbol] ?? 0;
      if (cells <= 0) continue;
      this.#cells[symbol] = cells + 1;
      this.#cellsLeft--;
    }
    return this.#cells;
  }

  #shareRest(): Int16Array | undefined {
    const fraction = FRACTION_BITS - BigInt(this.#tableLog);
    const half = (1n << (fraction - 1n)) - 1n;
    const perCount = ((BigInt(this.#cellsLeft) << fraction) + half) / BigInt(this.#countsLeft);
    let sum = half;
    for (const [symbol, cells] of this.#cells.entries()) {
      if (cells !== UNDECIDED) continue;
      const next = sum + BigInt(this.#histogram.counts[symbol] ?? 0) * perCount;
      const share = Number((next >> fraction) - (sum >> fraction));
      if (share < 1) return undefined;
      this.#cells[symbol] = share;
      sum = next;
    }
    return this.#cells;
  }
}
