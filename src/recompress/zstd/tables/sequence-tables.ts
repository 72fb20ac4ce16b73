/**
 * The FSE tables that klauspost/compress writes for the codes of a block's sequences.
 *
 * Size: the fewer sequences, the smaller the table. Its log is 8, but not more than the highest bit of
 * (sequences - 1) less 2; then at least enough to hold all symbols (or all sequences, where there are fewer
 * of them), and at least 5. The encoder keeps the former in a byte that wraps round: 2 to 4 sequences
 * lower nothing.
 */
import { highBit } from "./histogram.ts";
import type { Histogram } from "./histogram.ts";
import { normalisedCounts } from "./normalised-counts.ts";

const LARGEST_LOG = 8;
const SMALLEST_LOG = 5;

/** An FSE table by its shares (RFC 8878 section 4.1.1). */
export interface TableCells {
  /** By symbol, -1 for less than one. */
  readonly cells: Int16Array;
  readonly log: number;
}

/** @returns the table that the encoder would make; `undefined` where it would make none. */
export function sequenceTable(histogram: Histogram): TableCells | undefined {
  if (histogram.counts[histogram.symbols - 1] === histogram.total) return undefined;
  const log = sequenceTableLog(histogram);
  const cells = normalisedCounts(histogram, log);
  return cells && { cells, log };
}

function sequenceTableLog({ symbols, total }: Histogram): number {
  const useful = (highBit(total - 1) - 2) & 255;
  const needed = Math.min(highBit(total) + 1, highBit(symbols - 1) + 2);
  return Math.min(Math.max(Math.min(LARGEST_LOG, useful), needed, SMALLEST_LOG), LARGEST_LOG);
}
