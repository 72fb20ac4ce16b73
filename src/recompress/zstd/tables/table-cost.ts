/**
 * What klauspost/compress reckons a block's codes to take with a table.
 *
 * A symbol with `n` of 2^log cells costs log - log2(n) bits. Instead of a logarithm a straight line is drawn
 * between whole numbers of bits, in steps of 1/256, and the sum is rounded down.
 */
import { highBit, type Histogram } from "./histogram.ts";
import type { TableCells } from "./sequence-tables.ts";

const FRACTION_BITS = 8;

/** @returns bits; `Infinity` when the table has not all symbols. */
export function reckonedBits({ counts, symbols }: Histogram, { cells, log }: TableCells): number {
  let sum = 0;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const count = counts[symbol] ?? 0;
    if (count === 0) continue;
    const share = Math.abs(cells[symbol] ?? 0);
    if (share === 0) return Infinity;
    sum += count * costOf(share, log);
  }
  return sum >> FRACTION_BITS;
}

/** In 1/256 of a bit. */
function costOf(share: number, log: number): number {
  if (share === 1) return log << FRACTION_BITS;
  const mostBits = log - highBit(share - 1);
  const aboveTable = (share << mostBits) - 2 ** log;
  return (mostBits << FRACTION_BITS) - ((aboveTable << FRACTION_BITS) >> log);
}

/**
 * @returns bits, more than a description of the table can have
 */
export function mostDescriptionBits({ cells, log }: TableCells): number {
  return (((cells.length * log) >> 3) + 3) * 8;
}
