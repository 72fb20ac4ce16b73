import { BrokenStream } from "../../stream-errors.ts";
import { RecipeError } from "../../recipe-error.ts";
import { MODE_SHIFTS, TABLE_MODES } from "../carried-records.ts";
import { CODE_KINDS } from "../codes.ts";
import type { DecodedBlock, SequencesSection } from "../decoded-block.ts";
import { readFseDescription } from "../fse.ts";
import { huffmanCodeLengths, readHuffmanDescription } from "../huffman.ts";
import type { TableKind } from "../tables/sequence-statistics.ts";
import type { TableCells } from "../tables/sequence-tables.ts";
import { type BlockChoice, RAW_BLOCK } from "./block-choice.ts";
import type { BlockContents } from "./block-contents.ts";
import type { ChoiceRule } from "./choice-rules.ts";
import { chooseLiterals } from "./literal-choice.ts";
import { chooseModes } from "./table-choice.ts";

const LEAST_SAVED_BYTES = 16;
/** A block of literals alone is not coded below this. */
const LEAST_ALONE_BYTES = 32;
/** The distance 1, as a sequence says it. */
const DISTANCE_OF_ONE = 4;

/**
 * Chooses as the encoder would in which way a block is written.
 *
 * It has to know which codes and tables the frame's last block left; where they are not known it
 * chooses as if there were none.
 */
export class BlockChooser {
  /** Plain bytes of a full block. */
  readonly #blockBytes: number;
  #codes: Uint8Array | undefined;
  readonly #tables: (TableCells | undefined)[] = [undefined, undefined, undefined];

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
  }

  /** What blocks before have left is not known, or there are none: a frame begins, or a rebuild can. */
  forget(): void {
    this.#codes = undefined;
    this.#tables.fill(undefined);
  }

  /** @returns what the encoder would choose for the block that comes next. */
  choose(contents: BlockContents, rule: ChoiceRule): BlockChoice {
    const { size, literals, sequences } = contents;
    if (sequences.count === 0) return this.#chooseAlone(contents, rule);
    if (rule.tellsRuns && isRun(contents)) return { ...RAW_BLOCK, type: "rle" };
    const saved = size - literals.size - (size >> rule.savedShift);
    if (saved < LEAST_SAVED_BYTES) return this.#chooseAlone(contents, rule);
    return {
      type: "compressed",
      literalsType: chooseLiterals(literals, { rule, previous: this.#codes, isAlone: false }),
      hasSequences: true,
      modes: chooseModes(sequences, this.#tables, rule),
    };
  }

  /** Notes what a block leaves for the next. @throws {RecipeError} when its tables are none. */
  take(block: DecodedBlock): void {
    try {
      if (block.literals?.tree !== undefined) this.#codes = lengthsOf(block.literals.tree);
      if (block.sequences !== undefined && block.sequences.count > 0) {
        this.#takeTables(block.sequences);
      }
    } catch (error) {
      if (!(error instanceof BrokenStream)) throw error;
      throw new RecipeError("a block's tables are none", { cause: error });
    }
  }

  #chooseAlone({ size, literals, whole }: BlockContents, rule: ChoiceRule): BlockChoice {
    const isFull = size === this.#blockBytes && literals.size === size;
    const isLookedAt = rule.codesAllLiterals && (rule.looksAtFullBlocks || !isFull);
    if (size < LEAST_ALONE_BYTES || !isLookedAt) return RAW_BLOCK;
    const literalsType = chooseLiterals(whole, { rule, previous: this.#codes, isAlone: true });
    if (literalsType === "raw") return RAW_BLOCK;
    if (literalsType === "rle") return { ...RAW_BLOCK, type: "rle" };
    return { ...RAW_BLOCK, type: "compressed", literalsType };
  }

  #takeTables({ modes, tables }: SequencesSection): void {
    for (const kind of [0, 1, 2] as const) {
      const mode = TABLE_MODES[(modes >> MODE_SHIFTS[kind]) & 3];
      if (mode === "repeat") continue;
      const description = mode === "described" ? tables[kind] : undefined;
      this.#tables[kind] = description && cellsOf(description, kind);
    }
  }
}

function isRun({ literals, sequences }: BlockContents): boolean {
  const [literalLength, , offsetValue] = sequences.sequences;
  if (sequences.count !== 1 || literals.size > 1) return false;
  return literalLength === literals.size && offsetValue === DISTANCE_OF_ONE;
}

function lengthsOf(tree: Uint8Array): Uint8Array {
  return huffmanCodeLengths(readHuffmanDescription(tree, 0).weights);
}

function cellsOf(description: Uint8Array, kind: TableKind): TableCells {
  const { norm, log } = readFseDescription(description, 0, CODE_KINDS[kind]);
  return { cells: norm, log };
}
