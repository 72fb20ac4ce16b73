import { RecipeError } from "../../recipe-error.ts";
import { MODE_SHIFTS } from "../carried-records.ts";
import type { BlockCoder, SequenceCodes, SequenceEncoding } from "../coder/block-coder.ts";
import { CODE_KINDS } from "../codes.ts";
import type { SequencesSection } from "../decoded-block.ts";
import type { FseEncodingTable } from "../fse.ts";
import { LONG_COUNT, MOST_SEQUENCES } from "../limits.ts";
import type { BlockOutput } from "./block-output.ts";
import type { CarriedTable } from "./carried-tables.ts";
import { SequenceTableWriter } from "./sequence-table-writer.ts";

/** Writes sequences sections; keeps the tables from block to block. */
export class SequencesWriter {
  readonly #output: BlockOutput;
  readonly #coder: BlockCoder;
  readonly #tables: readonly [SequenceTableWriter, SequenceTableWriter, SequenceTableWriter];

  constructor(output: BlockOutput, coder: BlockCoder) {
    this.#output = output;
    this.#coder = coder;
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
   * @param known the codes of the section's sequences, where they are what the coder found last
   * @throws {RecipeError} when the tables cannot say the sequences.
   */
  write(section: SequencesSection, known?: SequenceCodes): void {
    this.#writeCount(section);
    if (section.count === 0) return;
    const { modes } = section;
    if ((modes & 3) !== 0) throw new RecipeError("reserved bits are set in a block's modes");
    this.#output.number(modes, 1);
    const codes = known ?? this.#coder.findCodes(section.sequences, section.count);
    const tables = this.#writeTables(section, codes);
    this.#coder.writeSequences(tables, this.#output);
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

  #writeTables(
    { modes, tables: descriptions }: SequencesSection,
    codes: SequenceCodes,
  ): SequenceEncoding {
    const write = (kind: 0 | 1 | 2): FseEncodingTable => {
      const mode = modes >> MODE_SHIFTS[kind];
      const code = codes.codeAt(kind, 0);
      return this.#tables[kind].write(
        { mode, description: descriptions[kind], code },
        this.#output,
      );
    };
    return [write(0), write(1), write(2)];
  }
}

/** The counts that so many bytes can say: from the first up to, but not including, the second. */
function countRange(bytes: number): readonly [number, number] {
  if (bytes === 1) return [0, 128];
  return bytes === 2 ? [0, LONG_COUNT] : [LONG_COUNT, LONG_COUNT + 0x10000];
}
