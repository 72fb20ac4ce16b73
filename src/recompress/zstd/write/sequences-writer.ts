import { RecipeError } from "../../recipe-error.ts";
import {
  CODE_KINDS,
  LITERAL_LENGTH_BASES,
  LITERAL_LENGTH_BITS,
  literalLengthCode,
  MATCH_LENGTH_BASES,
  MATCH_LENGTH_BITS,
  matchLengthCode,
  offsetCode,
  SHORTEST_MATCH,
} from "../codes.ts";
import type { SequencesSection } from "../decoded-block.ts";
import { fseFirstState, type FseEncodingTable } from "../fse.ts";
import { LONG_COUNT, MOST_SEQUENCES } from "../limits.ts";
import type { BlockOutput } from "./block-output.ts";
import type { CarriedTable } from "./carried-tables.ts";
import { SequenceTableWriter } from "./sequence-table-writer.ts";

/** Longer pieces of an offset are written in two parts. */
const SHORT_OFFSET_BITS = 16;
const LARGEST_LITERAL_LENGTH = 0x1ffff;
const LARGEST_MATCH_LENGTH = LARGEST_LITERAL_LENGTH + SHORTEST_MATCH;

/** Writes sequences sections; keeps the tables from block to block. */
export class SequencesWriter {
  readonly #output: BlockOutput;
  readonly #tables: readonly [SequenceTableWriter, SequenceTableWriter, SequenceTableWriter];

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
   * @throws {RecipeError} when the tables cannot say the sequences.
   */
  write(section: SequencesSection): void {
    this.#writeCount(section);
    if (section.count === 0) return;
    const { modes, sequences, tables } = section;
    const [literals, offsets, matches] = this.#tables;
    const [literalLength = 0, matchLength = 0, offset = 0] = sequences;
    checkSequences(section);
    const output = this.#output;
    output.number(modes, 1);
    const first = {
      literal: { mode: modes >> 6, description: tables[0], code: literalLengthCode(literalLength) },
      offset: { mode: modes >> 4, description: tables[1], code: offsetCode(offset) },
      match: { mode: modes >> 2, description: tables[2], code: matchLengthCode(matchLength) },
    };
    const literalTable = literals.write(first.literal, output);
    const offsetTable = offsets.write(first.offset, output);
    const matchTable = matches.write(first.match, output);
    this.#writeBits(section, literalTable, { offsetTable, matchTable });
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

  /**
   * The bits of all sequences. A decoder reads them from the end, so the last sequence comes first here,
   * and all parts of one in the reverse of a decoder's order.
   */
  #writeBits(
    { sequences, count }: SequencesSection,
    literalTable: FseEncodingTable,
    { offsetTable, matchTable }: Record<"offsetTable" | "matchTable", FseEncodingTable>,
  ): void {
    const output = this.#output;
    let literalState = 0;
    let offsetState = 0;
    let matchState = 0;
    let damage = 0;
    const last = 3 * (count - 1);
    for (let at = last; at >= 0; at -= 3) {
      const literalLength = numberAt(sequences, at);
      const matchLength = numberAt(sequences, at + 1);
      const offset = numberAt(sequences, at + 2);
      const literalCode = literalLengthCode(literalLength);
      const matchCode = matchLengthCode(matchLength);
      const offsetBits = offsetCode(offset);
      if (at === last) {
        literalState = fseFirstState(literalTable, literalCode);
        offsetState = fseFirstState(offsetTable, offsetBits);
        matchState = fseFirstState(matchTable, matchCode);
      } else {
        offsetState = leaveState(output, offsetTable, { state: offsetState, symbol: offsetBits });
        matchState = leaveState(output, matchTable, { state: matchState, symbol: matchCode });
        literalState = leaveState(output, literalTable, {
          state: literalState,
          symbol: literalCode,
        });
      }
      damage |= (literalState - 1) | (offsetState - 1) | (matchState - 1);
      output.bits(
        literalLength - numberAt(LITERAL_LENGTH_BASES, literalCode),
        bitsOf(LITERAL_LENGTH_BITS, literalCode),
      );
      output.bits(
        matchLength - numberAt(MATCH_LENGTH_BASES, matchCode),
        bitsOf(MATCH_LENGTH_BITS, matchCode),
      );
      writeOffset(output, offset, offsetBits);
    }
    if (damage < 0) throw new RecipeError("a table cannot say a block's sequences");
    output.bits(matchState & ((1 << matchTable.log) - 1), matchTable.log);
    output.bits(offsetState & ((1 << offsetTable.log) - 1), offsetTable.log);
    output.bits(literalState & ((1 << literalTable.log) - 1), literalTable.log);
    output.endBits();
  }
}

/** Writes the bits by which a decoder gets from the state that says `symbol` to `state`. @returns the former. */
function leaveState(
  output: BlockOutput,
  table: FseEncodingTable,
  { state, symbol }: { readonly state: number; readonly symbol: number },
): number {
  const bits = (state + numberAt(table.bitDeltas, symbol)) >> 16;
  output.bits(state & ((1 << bits) - 1), bits);
  return table.states[(state >> bits) + numberAt(table.stateDeltas, symbol)] ?? 0;
}

function writeOffset(output: BlockOutput, offset: number, bits: number): void {
  if (bits <= SHORT_OFFSET_BITS) {
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

function bitsOf(bits: Uint8Array, code: number): number {
  return bits[code] ?? 0;
}

/** The counts that so many bytes can say: from the first up to, but not including, the second. */
function countRange(bytes: number): readonly [number, number] {
  if (bytes === 1) return [0, 128];
  return bytes === 2 ? [0, LONG_COUNT] : [LONG_COUNT, LONG_COUNT + 0x10000];
}

/** Out of these ranges there are no codes. */
function checkSequences({ sequences, count, modes }: SequencesSection): void {
  let outside = modes & 3;
  for (let at = 0; at < 3 * count; at += 3) {
    const literalLength = numberAt(sequences, at);
    const matchLength = numberAt(sequences, at + 1);
    const lowest =
      literalLength | (matchLength - SHORTEST_MATCH) | (numberAt(sequences, at + 2) - 1);
    const room = (LARGEST_LITERAL_LENGTH - literalLength) | (LARGEST_MATCH_LENGTH - matchLength);
    outside |= (lowest | room) >>> 31;
  }
  if (outside !== 0) throw new RecipeError("a sequence has a number that there is no code for");
}
