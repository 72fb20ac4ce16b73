/**
 * How klauspost/compress describes a Huffman tree (RFC 8878 section 4.2.1).
 *
 * A tree is told by weights: of a code of b bits, longest + 1 - b; 0 where there is no code. The weight of
 * the last symbol is not written. Weights are packed with FSE where that takes less than half a byte for
 * each symbol of the tree, else they are put into half bytes, of which a description can hold 128.
 *
 * FSE has a table of at most 2^6 cells, with the sizes and shares of the sequences' tables, and two states
 * that take turns, beginning with the last weight. It is not tried for less than 3 weights, where
 * all are equal, and where no weight comes twice.
 */
import { fseEncodingTable, fseFirstState } from "../fse.ts";
import type { FseEncodingTable } from "../fse.ts";
import { ForwardBits } from "./forward-bits.ts";
import { fseDescription } from "./fse-description.ts";
import { highBit, histogramOf } from "./histogram.ts";
import type { Histogram } from "./histogram.ts";
import { normalisedCounts } from "./normalised-counts.ts";

const MOST_DIRECT_WEIGHTS = 128;
const DIRECT_MARK = 127;
const LARGEST_LOG = 6;
const SMALLEST_LOG = 5;
const WEIGHTS = 16;

/**
 * @param lengths bits by symbol, the last one not 0
 * @returns the description; `undefined` for a tree that can be told in neither way.
 */
export function huffmanDescription(lengths: Uint8Array): Uint8Array | undefined {
  const longest = lengths.reduce((most, bits) => Math.max(most, bits), 0);
  const weights = lengths
    .subarray(0, lengths.length - 1)
    .map((bits) => (bits === 0 ? 0 : longest + 1 - bits));
  const packed = packedWeights(weights);
  if (packed === undefined || packed.length >= lengths.length >> 1) return directWeights(weights);
  return Uint8Array.of(packed.length, ...packed);
}

function directWeights(weights: Uint8Array): Uint8Array | undefined {
  if (weights.length > MOST_DIRECT_WEIGHTS) return undefined;
  const bytes = new Uint8Array(1 + ((weights.length + 1) >> 1));
  bytes[0] = DIRECT_MARK + weights.length;
  for (const [index, weight] of weights.entries()) {
    const at = 1 + (index >> 1);
    bytes[at] = (bytes[at] ?? 0) | (index % 2 === 0 ? weight << 4 : weight);
  }
  return bytes;
}

function packedWeights(weights: Uint8Array): Uint8Array | undefined {
  if (weights.length < 3) return undefined;
  const histogram = weightHistogram(weights);
  const most = histogram.counts.reduce((largest, count) => Math.max(largest, count), 0);
  if (most === weights.length || most === 1) return undefined;
  const log = weightTableLog(histogram);
  const cells = normalisedCounts(histogram, log);
  const description = cells && fseDescription(cells, log);
  if (cells === undefined || description === undefined) return undefined;
  const states = packedStates(weights, fseEncodingTable(cells, log));
  const packed = new Uint8Array(description.length + states.length);
  packed.set(description);
  packed.set(states, description.length);
  return packed.length < weights.length ? packed : undefined;
}

function weightHistogram(weights: Uint8Array): Histogram {
  const counts = new Int32Array(WEIGHTS);
  for (const weight of weights) counts[weight] = (counts[weight] ?? 0) + 1;
  return histogramOf(counts, weights.length);
}

function weightTableLog({ symbols, total }: Histogram): number {
  const useful = (highBit(total - 1) - 2) & 255;
  const needed = Math.min(highBit(total - 1) + 1, highBit(symbols - 1) + 2);
  return Math.max(Math.min(LARGEST_LOG, useful), needed, SMALLEST_LOG);
}

/** The decoder reads from the end, so the last weight is put in first; weights at even places have the first state. */
function packedStates(weights: Uint8Array, table: FseEncodingTable): Uint8Array {
  const bits = new ForwardBits();
  const states = [undefined, undefined] as [number | undefined, number | undefined];
  for (let index = weights.length - 1; index >= 0; index--) {
    const turn = index % 2;
    states[turn] = nextState(bits, { table, state: states[turn], symbol: weights[index] ?? 0 });
  }
  for (const state of states.toReversed()) bits.add((state ?? 0) & (2 ** table.log - 1), table.log);
  bits.add(1, 1);
  return bits.finished();
}

interface Step {
  readonly table: FseEncodingTable;
  readonly state: number | undefined;
  readonly symbol: number;
}

function nextState(bits: ForwardBits, { table, state, symbol }: Step): number {
  if (state === undefined) return fseFirstState(table, symbol);
  const width = (state + (table.bitDeltas[symbol] ?? 0)) >> 16;
  bits.add(state & (2 ** width - 1), width);
  return table.states[(state >> width) + (table.stateDeltas[symbol] ?? 0)] ?? 0;
}
