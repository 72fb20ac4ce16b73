import { RecipeError } from "../recipe-error.ts";
import { usualCountBytes, usualSizeFormat } from "./block-records.ts";
import type { BlockRecord, TableDescriptions } from "./block-records.ts";
import type { BlockShape } from "./block-shape.ts";
import { MODE_SHIFTS, TABLE_MODES } from "./carried-records.ts";
import type { BlockChoice } from "./choices/block-choice.ts";
import type { BlockContents } from "./choices/block-contents.ts";
import type { DecodedBlock, LiteralsSection, SequencesSection } from "./decoded-block.ts";

/** All that has to be known of a block. */
export interface BlockPlan {
  readonly shape: BlockShape;
  readonly choice: BlockChoice;
  readonly record: BlockRecord;
  readonly contents: BlockContents;
}

/**
 * @returns the block with all that an encoder decided; its arrays are those of the contents.
 * @throws {RecipeError} when record and contents do not fit.
 */
export function makeBlock(plan: BlockPlan): DecodedBlock {
  const { shape, choice, contents } = plan;
  const block = { type: choice.type, isLast: shape.isLast, start: 0, end: shape.sizeBytes };
  if (choice.type !== "compressed") {
    return { ...block, literals: undefined, sequences: undefined };
  }
  if (choice.hasSequences && contents.sequences.count === 0) {
    throw new RecipeError("a block lacks its sequences");
  }
  return { ...block, literals: literalsSection(plan), sequences: sequencesSection(plan) };
}

function literalsSection({ choice, record, contents }: BlockPlan): LiteralsSection {
  const type = choice.literalsType;
  const literals = choice.hasSequences ? contents.literals : contents.whole;
  const { bytes, size } = literals;
  const sizeFormat = record.sizeFormat ?? usualSizeFormat(type, size);
  const tree = type === "compressed" ? (record.tree ?? literals.tree) : undefined;
  if (type === "compressed" && tree === undefined) {
    throw new RecipeError("a block lacks its Huffman tree");
  }
  return { type, sizeFormat, bytes, size, compressedSize: 0, tree };
}

function sequencesSection({ choice, record, contents }: BlockPlan): SequencesSection {
  const { modes, hasSequences } = choice;
  const { sequences } = contents.sequences;
  const count = hasSequences ? contents.sequences.count : 0;
  const table = (kind: 0 | 1 | 2): Uint8Array | undefined => {
    const mode = TABLE_MODES[(modes >> MODE_SHIFTS[kind]) & 3];
    return count > 0 && mode === "described" ? tableOf(record.tables, contents, kind) : undefined;
  };
  return {
    count,
    countBytes: record.countBytes ?? usualCountBytes(count),
    modes,
    sequences,
    tables: [table(0), table(1), table(2)],
  };
}

function tableOf(own: TableDescriptions, contents: BlockContents, kind: 0 | 1 | 2): Uint8Array {
  const table = own[kind] ?? contents.sequences.description(kind);
  if (table === undefined) throw new RecipeError("a block lacks a table");
  return table;
}
