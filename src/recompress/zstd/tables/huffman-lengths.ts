/**
 * The lengths of the Huffman codes that klauspost/compress gives to literals.
 *
 * Symbols are put in order of falling counts, equal ones in order of value. The tree is built in the usual
 * way from two queues: leaves from the rarest up, inner nodes as they are made. Of two equal counts the
 * inner node is taken first. Then codes are kept within a limit; see `code-limit.ts`. The limit is 11 bits,
 * but not more than the highest bit of (literals - 1) less 1; then at least enough for all symbols (or all
 * literals, where there are fewer of them), and at least 5. It counts the former in a byte that wraps
 * round.
 */
import { limitLengths } from "./code-limit.ts";
import { highBit } from "./histogram.ts";
import type { Histogram } from "./histogram.ts";

const LARGEST_LIMIT = 11;
const SMALLEST_LIMIT = 5;

/** @returns bits by symbol, 0 where there is none; `undefined` for fewer than two symbols. */
export function huffmanLengths(histogram: Histogram): Uint8Array | undefined {
  const order = byFallingCount(histogram);
  if (order.length < 2) return undefined;
  const counts = countsOf(order, histogram);
  const lengths = limitLengths(counts, treeDepths(counts), lengthLimit(histogram));
  if (lengths === undefined) return undefined;
  const bySymbol = new Uint8Array(histogram.symbols);
  for (let index = 0; index < order.length; index++) {
    bySymbol[order[index] ?? 0] = lengths[index] ?? 0;
  }
  return bySymbol;
}

function countsOf(order: Uint8Array, histogram: Histogram): Float64Array {
  const counts = new Float64Array(order.length);
  for (let index = 0; index < order.length; index++) {
    counts[index] = histogram.counts[order[index] ?? 0] ?? 0;
  }
  return counts;
}

function lengthLimit({ symbols, total }: Histogram): number {
  const useful = (highBit(total - 1) - 1) & 255;
  const needed = Math.min(highBit(total) + 1, highBit(symbols - 1) + 2);
  return Math.min(Math.max(Math.min(LARGEST_LIMIT, useful), needed, SMALLEST_LIMIT), LARGEST_LIMIT);
}

function byFallingCount({ counts, symbols }: Histogram): Uint8Array {
  // One number for each symbol, so that the order is total and the sort needs no closure. Counts take 18 bits.
  const keys = new Int32Array(symbols);
  let used = 0;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const count = counts[symbol] ?? 0;
    if (count > 0) keys[used++] = symbol - count * 256;
  }
  const sorted = keys.subarray(0, used).toSorted();
  const order = new Uint8Array(used);
  for (let index = 0; index < used; index++) order[index] = (sorted[index] ?? 0) & 255;
  return order;
}

/** @param counts of the leaves, falling; at least two. @returns how deep each leaf is, rising. */
function treeDepths(counts: Float64Array): Uint8Array {
  const leaves = counts.length;
  const parents = joinNodes(counts);
  const depths = new Uint8Array(2 * leaves - 1);
  for (let node = depths.length - 2; node >= leaves; node--) {
    depths[node] = (depths[parents[node] ?? 0] ?? 0) + 1;
  }
  for (let leaf = 0; leaf < leaves; leaf++) depths[leaf] = (depths[parents[leaf] ?? 0] ?? 0) + 1;
  return depths.subarray(0, leaves);
}

/** @returns the parent of each node: leaves first, then inner nodes as they were made, the root last. */
function joinNodes(leafCounts: Float64Array): Uint16Array {
  const leaves = leafCounts.length;
  const counts = new Float64Array(2 * leaves - 1).fill(Infinity);
  counts.set(leafCounts);
  const parents = new Uint16Array(counts.length);
  let leaf = leaves - 1;
  let inner = leaves;
  for (let made = leaves; made < counts.length; made++) {
    let sum = 0;
    for (let child = 0; child < 2; child++) {
      const isLeaf = leaf >= 0 && (counts[leaf] ?? 0) < (counts[inner] ?? 0);
      const taken = isLeaf ? leaf-- : inner++;
      sum += counts[taken] ?? 0;
      parents[taken] = made;
    }
    counts[made] = sum;
  }
  return parents;
}
