import { RecipeError } from "../recipe-error.ts";
import {
  LITERAL_LENGTH_BASES,
  literalLengthCode,
  MATCH_LENGTH_BASES,
  matchLengthCode,
  offsetCode,
  SHORTEST_MATCH,
} from "./codes.ts";
import { MOST_SEQUENCES } from "./limits.ts";

const LARGEST_LITERAL_LENGTH = 0x1ffff;
const LARGEST_MATCH_LENGTH = LARGEST_LITERAL_LENGTH + SHORTEST_MATCH;

/** The codes of a block's sequences, and what their extra bits say (RFC 8878 section 3.1.1.3.2.1.1). */
export class SequenceCodes {
  readonly literals = new Uint8Array(MOST_SEQUENCES);
  readonly offsets = new Uint8Array(MOST_SEQUENCES);
  readonly matches = new Uint8Array(MOST_SEQUENCES);
  readonly literalExtras = new Int32Array(MOST_SEQUENCES);
  readonly matchExtras = new Int32Array(MOST_SEQUENCES);

  /** @throws {RecipeError} when there is no code for a number. */
  find(sequences: Int32Array, count: number): void {
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

function numberAt(numbers: Int32Array, index: number): number {
  return numbers[index] ?? 0;
}
