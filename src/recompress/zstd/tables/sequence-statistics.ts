import { CODE_KINDS, literalLengthCode, matchLengthCode, offsetCode } from "../codes.ts";
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
  readonly #tables: (TableCells | undefined)[] = [];

  /** @param sequences the first `count` of them, three numbers each; borrowed until the next call */
  take(sequences: Int32Array, count: number): void {
    this.#sequences = sequences;
    this.#count = count;
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
    const literalLengths = this.#literalLengths.fill(0);
    const offsets = this.#offsets.fill(0);
    const matchLengths = this.#matchLengths.fill(0);
    const sequences = this.#sequences;
    for (let at = 0; at < 3 * this.#count; at += 3) {
      const literalLength = literalLengthCode(sequences[at] ?? 0);
      const matchLength = matchLengthCode(sequences[at + 1] ?? 0);
      const offset = offsetCode(sequences[at + 2] ?? 0);
      literalLengths[literalLength] = (literalLengths[literalLength] ?? 0) + 1;
      matchLengths[matchLength] = (matchLengths[matchLength] ?? 0) + 1;
      offsets[offset] = (offsets[offset] ?? 0) + 1;
    }
    return [literalLengths, offsets, matchLengths];
  }
}
