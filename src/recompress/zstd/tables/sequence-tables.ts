/**
 * The FSE tables that klauspost/compress writes for the codes of a block's sequences.
 *
 * Size: the fewer sequences, the smaller the table. Its log is 8, but not more than the highest bit of
 * (sequences - 1) less 2; then at least enough to hold all symbols (or all sequences, where there are fewer
 * of them), and at least 5. The encoder keeps the former in a byte that wraps round: 2 to 4 sequences
 * lower nothing.
 */
import { fseDescription } from "./fse-description.ts";
import { highBit } from "./histogram.ts";
import type { Histogram } from "./histogram.ts";
import { normalisedCounts } from "./normalised-counts.ts";

const LARGEST_LOG = 8;
const SMALLEST_LOG = 5;

/** @returns the description that the encoder would write; `undefined` where it would write none. */
export function predictSequenceTable(histogram: Histogram): Uint8Array | undefined {
  if (histogram.counts[histogram.symbols - 1] === histogram.total) return undefined;
  const tableLog = sequenceTableLog(histogram);
  const cells = normalisedCounts(histogram, tableLog);
  return cells && fseDescription(cells, tableLog);
}

function sequenceTableLog({ symbols, total }: Histogram): number {
  const useful = (highBit(total - 1) - 2) & 255;
  const needed = Math.min(highBit(total) + 1, highBit(symbols - 1) + 2);
  return Math.min(Math.max(Math.min(LARGEST_LOG, useful), needed, SMALLEST_LOG), LARGEST_LOG);
}
