import { LITERAL_LENGTH_BITS, MATCH_LENGTH_BITS } from "../codes.ts";
import type { BlockOutput } from "../write/block-output.ts";
import type { SequenceEncoding } from "./block-coder.ts";
import type { CodedSequences } from "./coded-sequences.ts";
import { StateBits } from "./state-bits.ts";

/** What the output takes at once. */
const MOST_BITS = 24;
/** Longer offsets are written in two parts. */
const SHORT_OFFSET_BITS = 16;

/** Writes the bits of sequences. */
export class SequenceBits {
  readonly #literalStates = new StateBits();
  readonly #offsetStates = new StateBits();
  readonly #matchStates = new StateBits();

  /**
   * Writes all sequences, one at least, and the states in which a decoder begins.
   *
   * @throws {RecipeError} when a table cannot say one of them.
   */
  write(coded: CodedSequences, tables: SequenceEncoding, output: BlockOutput): void {
    const { literals, offsets, matches, count } = coded;
    this.#literalStates.find(literals, count, tables[0]);
    this.#offsetStates.find(offsets, count, tables[1]);
    this.#matchStates.find(matches, count, tables[2]);
    this.#writeAll(coded, output);
    this.#matchStates.writeStart(output);
    this.#offsetStates.writeStart(output);
    this.#literalStates.writeStart(output);
    output.endBits();
  }

  /**
   * A decoder reads them from the end, so the last sequence comes first here, and the parts of each in the
   * reverse of a decoder's order: what leads to the next states, then the extra bits.
   */
  #writeAll(coded: CodedSequences, output: BlockOutput): void {
    const { literals, offsets, matches, literalExtras, matchExtras, sequences } = coded;
    const literalStates = this.#literalStates.parts;
    const offsetStates = this.#offsetStates.parts;
    const matchStates = this.#matchStates.parts;
    for (let index = coded.count - 1; index >= 0; index--) {
      const offsetPart = numberAt(offsetStates, index);
      const matchPart = numberAt(matchStates, index);
      const offsetWidth = offsetPart >> 16;
      output.bits(
        (offsetPart & 0xffff) | ((matchPart & 0xffff) << offsetWidth),
        offsetWidth + (matchPart >> 16),
      );
      const literalPart = numberAt(literalStates, index);
      const literalWidth = literalPart >> 16;
      const literalBits = byteAt(LITERAL_LENGTH_BITS, byteAt(literals, index));
      const matchBits = byteAt(MATCH_LENGTH_BITS, byteAt(matches, index));
      const literal = numberAt(literalExtras, index);
      const match = numberAt(matchExtras, index);
      const width = literalWidth + literalBits;
      if (width + matchBits <= MOST_BITS) {
        const both = literal | (match << literalBits);
        output.bits((literalPart & 0xffff) | (both << literalWidth), width + matchBits);
      } else {
        output.bits(literalPart & 0xffff, literalWidth);
        output.bits(literal, literalBits);
        output.bits(match, matchBits);
      }
      writeOffset(numberAt(sequences, 3 * index + 2), byteAt(offsets, index), output);
    }
  }
}

/** @param bits the offset's code */
function writeOffset(offset: number, bits: number, output: BlockOutput): void {
  if (bits <= MOST_BITS) {
    output.bits(offset & ((1 << bits) - 1), bits);
    return;
  }
  output.bits(offset & 0xffff, SHORT_OFFSET_BITS);
  const restBits = bits - SHORT_OFFSET_BITS;
  output.bits((offset >>> SHORT_OFFSET_BITS) & ((1 << restBits) - 1), restBits);
}

function numberAt(numbers: Int32Array, index: number): number {
  return numbers[index] ?? 0;
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
