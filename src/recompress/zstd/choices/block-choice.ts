import type { ColumnReader, ColumnWriter } from "../../columns.ts";
import { RecipeError } from "../../recipe-error.ts";
import type { DecodedBlock, LiteralsSection } from "../decoded-block.ts";

const BLOCK_TYPES = ["raw", "rle", "compressed"] as const;
const LITERAL_TYPES = ["raw", "rle", "compressed", "treeless"] as const;
const TYPE_BITS = 2;
const HAS_SEQUENCES = 16;
const MOST_FLAGS = 31;

/** In which of the format's ways an encoder wrote a block. */
export interface BlockChoice {
  readonly type: DecodedBlock["type"];
  /** Of a compressed block; else `raw`. */
  readonly literalsType: LiteralsSection["type"];
  readonly hasSequences: boolean;
  /** The byte of compression modes (RFC 8878 section 3.1.1.3.2.1), 0 without sequences. */
  readonly modes: number;
}

export const RAW_BLOCK: BlockChoice = {
  type: "raw",
  literalsType: "raw",
  hasSequences: false,
  modes: 0,
};

/** @returns what was chosen for a block. */
export function choiceOf({ type, literals, sequences }: DecodedBlock): BlockChoice {
  const hasSequences = sequences !== undefined && sequences.count > 0;
  const modes = hasSequences ? sequences.modes : 0;
  return { type, literalsType: literals?.type ?? "raw", hasSequences, modes };
}

/** Whether two choices are the same. */
export function areSameChoices(one: BlockChoice, other: BlockChoice): boolean {
  return flagsOf(one) === flagsOf(other) && one.modes === other.modes;
}

/**
 * Writes a choice: a number with the block's type in bits 0 and 1, that of the literals in bits 2 and 3, in bit 4
 * whether there are sequences; if so the byte of modes.
 */
export function writeChoice(column: ColumnWriter, choice: BlockChoice): void {
  column.number(flagsOf(choice));
  if (choice.hasSequences) column.number(choice.modes);
}

/** @throws {RecipeError} when the column does not tell of a choice. */
export function readChoice(column: ColumnReader): BlockChoice {
  const flags = column.numberUpTo(MOST_FLAGS);
  const type = BLOCK_TYPES[flags & 3];
  const literalsType = LITERAL_TYPES[(flags >> TYPE_BITS) & 3] ?? "raw";
  const hasSequences = (flags & HAS_SEQUENCES) !== 0;
  if (type === undefined || (type !== "compressed" && flags >> TYPE_BITS !== 0)) {
    throw new RecipeError("the recipe has a block of an unknown type");
  }
  return { type, literalsType, hasSequences, modes: hasSequences ? column.numberUpTo(255) : 0 };
}

function flagsOf({ type, literalsType, hasSequences }: BlockChoice): number {
  const literals = LITERAL_TYPES.indexOf(literalsType) << TYPE_BITS;
  return BLOCK_TYPES.indexOf(type) | literals | (hasSequences ? HAS_SEQUENCES : 0);
}
