import { RecipeError } from "../../recipe-error.ts";
import { CODE_KINDS, LITERAL_LENGTH_BITS, MATCH_LENGTH_BITS } from "../codes.ts";
import type { SequencesSection } from "../decoded-block.ts";
import { LONG_COUNT, MOST_SEQUENCES } from "../limits.ts";
import type { BlockOutput } from "./block-output.ts";
import { SequenceCodes } from "../sequence-codes.ts";
import type { CarriedTable } from "./carried-tables.ts";
import { SequenceTableWriter } from "./sequence-table-writer.ts";
import { StateBits } from "./state-bits.ts";

/** What the output takes at once. */
const MOST_BITS = 24;
/** Longer offsets are written in two parts. */
const SHORT_OFFSET_BITS = 16;

/** Writes sequences sections; keeps the tables from block to block. */
export class SequencesWriter {
  readonly #output: BlockOutput;
  readonly #tables: readonly [SequenceTableWriter, SequenceTableWriter, SequenceTableWriter];
  readonly #ownCodes = new SequenceCodes();
  readonly #literalStates = new StateBits();
  readonly #offsetStates = new StateBits();
  readonly #matchStates = new StateBits();

  constructor(output: BlockOutput) {
    this.#output = output;
    const [literalLengths, offsets, matchLengths] = CODE_KINDS;
    this.#tables = [
      new SequenceTableWriter(literalLengths),
      new SequenceTableWriter(offsets),
      new SequenceTableWriter(matchLengths),
    ];
  }

  /**
   * @param tables that the first block may use again
   * @throws {RecipeError} when they are none.
   */
  startFrame(tables: readonly (CarriedTable | undefined)[]): void {
    for (const [index, table] of this.#tables.entries()) table.startFrame(tables[index]);
  }

  /**
   * Writes one section (RFC 8878 section 3.1.1.3.2).
   *
   * @param known the codes of the section's sequences, where they have been found before
   * @throws {RecipeError} when the tables cannot say the sequences.
   */
  write(section: SequencesSection, known?: SequenceCodes): void {
    this.#writeCount(section);
    if (section.count === 0) return;
    const { modes } = section;
    if ((modes & 3) !== 0) throw new RecipeError("reserved bits are set in a block's modes");
    this.#output.number(modes, 1);
    const codes = known ?? this.#findCodes(section);
    this.#writeTables(section, codes);
    this.#writeSequences(section, codes);
    this.#matchStates.writeStart(this.#output);
    this.#offsetStates.writeStart(this.#output);
    this.#literalStates.writeStart(this.#output);
    this.#output.endBits();
  }

  #writeCount({ count, countBytes }: SequencesSection): void {
    const [first, beyond] = countRange(countBytes);
    if (count < first || count >= beyond || count > MOST_SEQUENCES) {
      throw new RecipeError("a count of sequences does not fit its bytes");
    }
    if (countBytes === 1) this.#output.number(count, 1);
    else if (countBytes === 2) this.#output.number(128 + (count >> 8) + (count & 255) * 256, 2);
    else this.#output.number(255 + (count - LONG_COUNT) * 256, 3);
  }

  #findCodes({ sequences, count }: SequencesSection): SequenceCodes {
    this.#ownCodes.find(sequences, count);
    return this.#ownCodes;
  }

  #writeTables(
    { modes, count, tables: descriptions }: SequencesSection,
    { literals, offsets, matches }: SequenceCodes,
  ): void {
    [
      { mode: modes >> 6, codes: literals, states: this.#literalStates },
      { mode: modes >> 4, codes: offsets, states: this.#offsetStates },
      { mode: modes >> 2, codes: matches, states: this.#matchStates },
    ].forEach(({ mode, codes, states }, kind) => {
      const choice = { mode, description: descriptions[kind], code: codes[0] ?? 0 };
      const table = this.#tables[kind]?.write(choice, this.#output);
      if (table !== undefined) states.find(codes, count, table);
    });
  }

  /**
   * The bits of all sequences (RFC 8878 section 3.1.1.3.2.1.2). A decoder reads them from the end, so the
   * last sequence comes first here, and the parts of each in the reverse of a decoder's order: what leads
   * to the next states, then the extra bits.
   */
  #writeSequences({ sequences, count }: SequencesSection, codes: SequenceCodes): void {
    const output = this.#output;
    const { literals, offsets, matches, literalExtras, matchExtras } = codes;
    const literalStates = this.#literalStates.parts;
    const offsetStates = this.#offsetStates.parts;
    const matchStates = this.#matchStates.parts;
    for (let index = count - 1; index >= 0; index--) {
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
      this.#writeOffset(numberAt(sequences, 3 * index + 2), byteAt(offsets, index));
    }
  }

  /** @param bits the offset's code */
  #writeOffset(offset: number, bits: number): void {
    if (bits <= MOST_BITS) {
      this.#output.bits(offset & ((1 << bits) - 1), bits);
      return;
    }
    this.#output.bits(offset & 0xffff, SHORT_OFFSET_BITS);
    const restBits = bits - SHORT_OFFSET_BITS;
    this.#output.bits((offset >>> SHORT_OFFSET_BITS) & ((1 << restBits) - 1), restBits);
  }
}

function numberAt(numbers: Int32Array, index: number): number {
  return numbers[index] ?? 0;
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

/** The counts that so many bytes can say: from the first up to, but not including, the second. */
function countRange(bytes: number): readonly [number, number] {
  if (bytes === 1) return [0, 128];
  return bytes === 2 ? [0, LONG_COUNT] : [LONG_COUNT, LONG_COUNT + 0x10000];
}
