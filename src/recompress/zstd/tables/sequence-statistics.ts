import type { BlockCoder, SequenceCodes } from "../coder/block-coder.ts";
import { countCodes } from "../coder/coded-sequences.ts";
import { PortableCoder } from "../coder/portable-coder.ts";
import type { CodeBytes } from "../decoded-block.ts";
import { fseDescription } from "./fse-description.ts";
import { histogramOf, type Histogram } from "./histogram.ts";
import { sequenceTable, type TableCells } from "./sequence-tables.ts";

/** 0 literal lengths, 1 offsets, 2 match lengths: their order in the format. */
export type TableKind = 0 | 1 | 2;

/** What there is to know of the codes of a block's sequences, worked out when it is asked for. */
export class SequenceStatistics {
  readonly #coder: BlockCoder;
  #sequences: Int32Array = new Int32Array(0);
  #count = 0;
  #histograms: readonly Histogram[] | undefined;
  #codes: SequenceCodes | undefined;
  #read: CodeBytes | undefined;
  readonly #tables: (TableCells | undefined)[] = [];

  constructor(coder: BlockCoder = new PortableCoder()) {
    this.#coder = coder;
  }

  /**
   * @param sequences the first `count` of them, three numbers each; borrowed until the next call
   * @param read their codes, where a decoder has read them; borrowed as well
   */
  take(sequences: Int32Array, count: number, read?: CodeBytes): void {
    this.#read = read;
    this.#sequences = sequences;
    this.#count = count;
    this.#codes = undefined;
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
    this.#codes ??= this.#coder.findCodes(this.#sequences, this.#count);
    return this.#codes;
  }

  histogram(kind: TableKind): Histogram {
    this.#histograms ??= this.#countCodes();
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

  #countCodes(): readonly Histogram[] {
    const read = this.#read;
    const counts = read === undefined ? this.codes.counts : countCodes(read, this.#count);
    return counts.map((each) => histogramOf(each, this.#count));
  }
}
