import type { ColumnReader, ColumnWriter } from "../../columns.ts";
import { RecipeError } from "../../recipe-error.ts";
import { CODE_LENGTH_ORDER } from "./block-header.ts";
import type { TreeDescription } from "./block-header.ts";

const FEWEST_LIT_LEN = 257;
const MOST_LIT_LEN = 286;
const MOST_DISTANCE = 30;
const FEWEST_CODE_LENGTHS = 4;
const REPEAT_LAST = 16;

/** Fewest and most repetitions that the symbols 16, 17 and 18 can say (RFC 1951 section 3.2.7). */
const REPETITIONS = [
  [3, 6],
  [3, 10],
  [11, 138],
] as const;

/** Writes a description as it stands in the stream, for codes that no rule makes. */
export function writeTree(column: ColumnWriter, tree: TreeDescription): void {
  column.number(tree.litLenCount - FEWEST_LIT_LEN);
  column.number(tree.distanceCount - 1);
  column.number(tree.codeLengthCount - FEWEST_CODE_LENGTHS);
  for (const symbol of CODE_LENGTH_ORDER.slice(0, tree.codeLengthCount)) {
    column.number(tree.codeLengthLengths[symbol] ?? 0);
  }
  for (const entry of tree.sequence) {
    column.number(entry & 255);
    if (entry > 255) column.number(entry >> 8);
  }
}

/** @throws {RecipeError} when what it reads could not stand in a stream. */
export function readTree(column: ColumnReader): TreeDescription {
  const litLenCount = FEWEST_LIT_LEN + column.numberUpTo(MOST_LIT_LEN - FEWEST_LIT_LEN);
  const distanceCount = 1 + column.numberUpTo(MOST_DISTANCE - 1);
  const mostMore = CODE_LENGTH_ORDER.length - FEWEST_CODE_LENGTHS;
  const codeLengthCount = FEWEST_CODE_LENGTHS + column.numberUpTo(mostMore);
  const codeLengthLengths = new Uint8Array(CODE_LENGTH_ORDER.length);
  for (const symbol of CODE_LENGTH_ORDER.slice(0, codeLengthCount)) {
    codeLengthLengths[symbol] = column.numberUpTo(7);
  }
  const lengths = new Uint8Array(litLenCount + distanceCount);
  const sequence = readSequence(column, lengths);
  return { litLenCount, distanceCount, codeLengthCount, codeLengthLengths, sequence, lengths };
}

function readSequence(column: ColumnReader, lengths: Uint8Array): number[] {
  const sequence: number[] = [];
  let told = 0;
  while (told < lengths.length) {
    const symbol = column.numberUpTo(REPEAT_LAST + 2);
    const repetitions = readRepetitions(column, symbol);
    const length = symbol < REPEAT_LAST ? symbol : repeatedLength(symbol, lengths[told - 1]);
    if (told + repetitions > lengths.length) {
      throw new RecipeError("a description of Huffman codes tells too many lengths");
    }
    lengths.fill(length, told, told + repetitions);
    told += repetitions;
    sequence.push(symbol < REPEAT_LAST ? symbol : symbol | (repetitions << 8));
  }
  return sequence;
}

function readRepetitions(column: ColumnReader, symbol: number): number {
  const bounds = REPETITIONS[symbol - REPEAT_LAST];
  if (bounds === undefined) return 1;
  const [fewest, most] = bounds;
  const repetitions = column.numberUpTo(most);
  if (repetitions < fewest) throw new RecipeError("a repetition of code lengths is too short");
  return repetitions;
}

function repeatedLength(symbol: number, last: number | undefined): number {
  if (symbol > REPEAT_LAST) return 0;
  if (last === undefined) throw new RecipeError("the first code length cannot be a repetition");
  return last;
}
