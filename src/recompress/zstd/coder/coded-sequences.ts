import { RecipeError } from "../../recipe-error.ts";
import {
  CODE_KINDS,
  LITERAL_LENGTH_BASES,
  literalLengthCode,
  MATCH_LENGTH_BASES,
  matchLengthCode,
  offsetCode,
  SHORTEST_MATCH,
} from "../codes.ts";
import type { CodeBytes } from "../decoded-block.ts";
import { MOST_SEQUENCES } from "../limits.ts";
import { checkSizes, type CodeCounts, type SequenceCodes } from "./block-coder.ts";
import { countSymbols } from "./count-symbols.ts";

const LARGEST_LITERAL_LENGTH = 0x1ffff;
const LARGEST_MATCH_LENGTH = LARGEST_LITERAL_LENGTH + SHORTEST_MATCH;

/** A block's sequences with their codes, and what their extra bits say (RFC 8878 section 3.1.1.3.2.1.1). */
export class CodedSequences implements SequenceCodes {
  readonly literals = new Uint8Array(MOST_SEQUENCES);
  readonly offsets = new Uint8Array(MOST_SEQUENCES);
  readonly matches = new Uint8Array(MOST_SEQUENCES);
  readonly literalExtras = new Int32Array(MOST_SEQUENCES);
  readonly matchExtras = new Int32Array(MOST_SEQUENCES);
  /** Three numbers each. */
  sequences: Int32Array = new Int32Array(0);
  count = 0;
  #counts: CodeCounts | undefined;

  get counts(): CodeCounts {
    this.#counts ??= countCodes(this, this.count);
    return this.#counts;
  }

  codeAt(kind: number, index: number): number {
    return [this.literals, this.offsets, this.matches][kind]?.[index] ?? 0;
  }

  /**
   * @param sequences borrowed until the next call
   * @throws {RecipeError} when there are more than a block can have, or there is no code for a number.
   */
  find(sequences: Int32Array, count: number): void {
    checkSizes(0, count);
    this.sequences = sequences;
    this.count = count;
    this.#counts = undefined;
    let outside = 0;
    for (let index = 0; index < count; index++) {
      const literal = numberAt(sequences, 3 * index);
      const match = numberAt(sequences, 3 * index + 1);
      const offset = numberAt(sequences, 3 * index + 2);
      outside |= literal | (match - SHORTEST_MATCH) | (offset - 1);
      outside |= (LARGEST_LITERAL_LENGTH - literal) | (LARGEST_MATCH_LENGTH - match);
      const literalCode = literalLengthCode(literal);
      const matchCode = matchLengthCode(match);
      this.literals[index] = literalCode;
      this.matches[index] = matchCode;
      this.offsets[index] = offsetCode(offset);
      this.literalExtras[index] = literal - numberAt(LITERAL_LENGTH_BASES, literalCode);
      this.matchExtras[index] = match - numberAt(MATCH_LENGTH_BASES, matchCode);
    }
    if (outside < 0) throw new RecipeError("a sequence has a number that there is no code for");
  }
}

/** @returns how many of the first `count` sequences have each code. */
export function countCodes({ literals, offsets, matches }: CodeBytes, count: number): CodeCounts {
  const counted = (codes: Uint8Array, largestCode: number): Int32Array => {
    const counts = new Int32Array(largestCode + 1);
    countSymbols(codes.subarray(0, count), counts);
    return counts;
  };
  const [literalLengths, offsetValues, matchLengths] = CODE_KINDS;
  return [
    counted(literals, literalLengths.largestSymbol),
    counted(offsets, offsetValues.largestSymbol),
    counted(matches, matchLengths.largestSymbol),
  ];
}

function numberAt(numbers: Int32Array, index: number): number {
  return numbers[index] ?? 0;
}
