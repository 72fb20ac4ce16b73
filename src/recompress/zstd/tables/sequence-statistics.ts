import { CODE_KINDS } from "../codes.ts";
import type { CodeBytes } from "../decoded-block.ts";
import { SequenceCodes } from "../sequence-codes.ts";
import { fseDescription } from "./fse-description.ts";
import { histogramOf, type Histogram } from "./histogram.ts";
import { sequenceTable, type TableCells } from "./sequence-tables.ts";

/** 0 literal lengths, 1 offsets, 2 match lengths: their order in the format. */
export type TableKind = 0 | 1 | 2;

/** What there is to know of the codes of a block's sequences, worked out when it is asked for. */
export class SequenceStatistics {
  readonly #literalLengths = new Int32Array(CODE_KINDS[0].largestSymbol + 1);
  readonly #offsets = new Int32Array(CODE_KINDS[1].largestSymbol + 1);
  readonly #matchLengths = new Int32Array(CODE_KINDS[2].largestSymbol + 1);
  #sequences: Int32Array = new Int32Array(0);
  #count = 0;
  #histograms: readonly Histogram[] | undefined;
  readonly #codes = new SequenceCodes();
  #hasCodes = false;
  #read: CodeBytes | undefined;
  readonly #tables: (TableCells | undefined)[] = [];

  /**
   * @param sequences the first `count` of them, three numbers each; borrowed until the next call
   * @param read their codes, where a decoder has read them; borrowed as well
   */
  take(sequences: Int32Array, count: number, read?: CodeBytes): void {
    this.#read = read;
    this.#sequences = sequences;
    this.#count = count;
    this.#hasCodes = false;
    this.#histograms = undefined;
    this.#tables.length = 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Three numbers each. */
  get sequences(): Int32Array {
    return this.#sequences;
  }

  /** Of all sequences. @throws {RecipeError} when there is no code for a number. */
  get codes(): SequenceCodes {
    if (!this.#hasCodes) this.#codes.find(this.#sequences, this.#count);
    this.#hasCodes = true;
    return this.#codes;
  }

  histogram(kind: TableKind): Histogram {
    this.#histograms ??= this.#countCodes().map((counts) => histogramOf(counts, this.#count));
    return this.#histograms[kind] ?? { counts: new Int32Array(0), symbols: 0, total: 0 };
  }

  /** @returns the table that the encoder would make; `undefined` where it would make none. */
  table(kind: TableKind): TableCells | undefined {
    this.#tables[kind] ??= sequenceTable(this.histogram(kind));
    return this.#tables[kind];
  }

  /** @returns the description of that table. */
  description(kind: TableKind): Uint8Array | undefined {
    const table = this.table(kind);
    return table && fseDescription(table.cells, table.log);
  }

  #countCodes(): readonly Int32Array[] {
    const { literals, offsets, matches } = this.#read ?? this.codes;
    return [
      countInto(this.#literalLengths, literals, this.#count),
      countInto(this.#offsets, offsets, this.#count),
      countInto(this.#matchLengths, matches, this.#count),
    ];
  }
}

function countInto(counts: Int32Array, codes: Uint8Array, size: number): Int32Array {
  counts.fill(0);
  for (let index = 0; index < size; index++) {
    const code = codes[index] ?? 0;
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}
