/**
 * How literals are written: as they are, as a run, with new Huffman codes or with the last ones.
 *
 * - A few are never coded; neither are those of which each occurs once, or the most frequent less than once
 *   in 128.
 * - Where the last codes have all that is needed and the sum of their lengths is in bytes not above that of new
 *   ones, they are taken, and new ones are not looked at any more. A tree's description does not count there.
 * - What comes out, tree and all, must be below the size less a sixteenth.
 */
import type { LiteralsSection } from "../decoded-block.ts";
import type { LiteralStatistics } from "../tables/literal-statistics.ts";
import type { ChoiceRule } from "./choice-rules.ts";

/** From here on literals are coded in four streams. */
const FOUR_STREAMS_FROM = 1024;
const JUMP_TABLE_BYTES = 6;
/** How many bytes four streams may end with more than is least. */
const MOST_END_BYTES = 4;
const MOST_TREE_BYTES = 129;
const WANTED_SHIFT = 4;
const EVEN_SHIFT = 7;
/** Where the last codes are taken without a comparison: it would not be worth a tree. */
const SMALLEST_WANTED = 12;
/** Headers are weighed when less is saved than this: only of sections below 80 bytes. */
const CLOSE_BYTES = 5;
const CODED_HEADER_BYTES = 3;
const LONGER_PLAIN_HEADER_FROM = 32;

/** What literals are chosen by. */
export interface LiteralSurroundings {
  readonly rule: ChoiceRule;
  /** Bits by byte value of the codes that can be used again. */
  readonly previous: Uint8Array | undefined;
  /** Whether the block has nothing else: the alternative then has no header of its own. */
  readonly isAlone: boolean;
}

/** @returns how the encoder would write these literals. */
export function chooseLiterals(
  literals: LiteralStatistics,
  { rule, previous, isAlone }: LiteralSurroundings,
): LiteralsSection["type"] {
  const { size } = literals;
  if (size <= rule.mostPlainLiterals) return "raw";
  const { most } = literals;
  if (most === size) return "rle";
  if (most === 1 || most < size >> EVEN_SHIFT) return "raw";
  const coded = codedWith(literals, previous);
  if (coded === undefined) return "raw";
  const saved = size - coded.bytes;
  if (saved <= size >> WANTED_SHIFT) return "raw";
  const isClose = rule.weighsHeaders && saved < CLOSE_BYTES;
  return isClose && saved <= moreHeaderBytes(size, isAlone) ? "raw" : coded.type;
}

interface Coded {
  readonly type: "compressed" | "treeless";
  readonly bytes: number;
}

function codedWith(
  literals: LiteralStatistics,
  previous: Uint8Array | undefined,
): Coded | undefined {
  const { lengths, size } = literals;
  if (lengths === undefined) return undefined;
  if (previous !== undefined && areEnough(previous, literals)) {
    const wanted = size - (size >> WANTED_SHIFT);
    const isCheaper = summedBytes(literals, previous) <= summedBytes(literals, lengths);
    if (isCheaper || wanted <= SMALLEST_WANTED) {
      return { type: "treeless", bytes: streamBytes(literals, previous) };
    }
  }
  const { tree } = literals;
  return tree && { type: "compressed", bytes: tree.length + streamBytes(literals, lengths) };
}

function areEnough(lengths: Uint8Array, { histogram }: LiteralStatistics): boolean {
  for (let byte = 0; byte < histogram.symbols; byte++) {
    if (histogram.counts[byte] !== 0 && (lengths[byte] ?? 0) === 0) return false;
  }
  return true;
}

function summedBits({ histogram }: LiteralStatistics, lengths: Uint8Array): number {
  let bits = 0;
  for (let byte = 0; byte < histogram.symbols; byte++) {
    bits += (histogram.counts[byte] ?? 0) * (lengths[byte] ?? 0);
  }
  return bits;
}

function summedBytes(literals: LiteralStatistics, lengths: Uint8Array): number {
  return (summedBits(literals, lengths) + 7) >> 3;
}

/** Each stream ends with a bit that is set, and with the byte. */
function streamBytes(literals: LiteralStatistics, lengths: Uint8Array): number {
  const { size } = literals;
  const bits = summedBits(literals, lengths);
  if (size < FOUR_STREAMS_FROM) return (bits >> 3) + 1;
  const least = JUMP_TABLE_BYTES + ((bits + 11) >> 3);
  const wanted = size - (size >> WANTED_SHIFT);
  const isCertain = least + MOST_END_BYTES + MOST_TREE_BYTES < wanted || least >= wanted;
  return isCertain ? least : JUMP_TABLE_BYTES + fourStreamsBytes(literals, lengths);
}

function fourStreamsBytes({ bytes, size }: LiteralStatistics, lengths: Uint8Array): number {
  const quarter = (size + 3) >> 2;
  let sum = 0;
  for (let from = 0; from < size; from += quarter) {
    let bits = 0;
    const to = Math.min(from + quarter, size);
    for (let at = from; at < to; at++) bits += lengths[bytes[at] ?? 0] ?? 0;
    sum += (bits >> 3) + 1;
  }
  return sum;
}

function moreHeaderBytes(size: number, isAlone: boolean): number {
  if (isAlone) return CODED_HEADER_BYTES;
  return CODED_HEADER_BYTES - (size < LONGER_PLAIN_HEADER_FROM ? 1 : 2);
}
