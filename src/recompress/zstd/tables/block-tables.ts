import { CODE_KINDS, literalLengthCode, matchLengthCode, offsetCode } from "../codes.ts";
import { histogramOf } from "./histogram.ts";
import { predictHuffmanTree } from "./huffman-description.ts";
import { predictSequenceTable } from "./sequence-tables.ts";

const BYTE_VALUES = 256;

/** Makes the descriptions that klauspost/compress writes for a block, from what the block holds. */
export class BlockTables {
  readonly #bytes = new Int32Array(BYTE_VALUES);
  readonly #literalLengths = new Int32Array(CODE_KINDS[0].largestSymbol + 1);
  readonly #offsets = new Int32Array(CODE_KINDS[1].largestSymbol + 1);
  readonly #matchLengths = new Int32Array(CODE_KINDS[2].largestSymbol + 1);
  #sequences = 0;

  /** @returns the Huffman tree for the first `size` literals, if the encoder would write one. */
  tree(literals: Uint8Array, size: number): Uint8Array | undefined {
    const counts = this.#bytes.fill(0);
    for (let at = 0; at < size; at++) {
      const byte = literals[at] ?? 0;
      counts[byte] = (counts[byte] ?? 0) + 1;
    }
    return predictHuffmanTree(histogramOf(counts, size));
  }

  /** Counts the codes of a block, for {@link table}. @param sequences three numbers each */
  count(sequences: Int32Array, count: number): void {
    const literalLengths = this.#literalLengths.fill(0);
    const offsets = this.#offsets.fill(0);
    const matchLengths = this.#matchLengths.fill(0);
    this.#sequences = count;
    for (let at = 0; at < 3 * count; at += 3) {
      const literalLength = literalLengthCode(sequences[at] ?? 0);
      const matchLength = matchLengthCode(sequences[at + 1] ?? 0);
      const offset = offsetCode(sequences[at + 2] ?? 0);
      literalLengths[literalLength] = (literalLengths[literalLength] ?? 0) + 1;
      matchLengths[matchLength] = (matchLengths[matchLength] ?? 0) + 1;
      offsets[offset] = (offsets[offset] ?? 0) + 1;
    }
  }

  /**
   * @param kind 0 literal lengths, 1 offsets, 2 match lengths
   * @returns the table for what was counted, if the encoder would write one.
   */
  table(kind: number): Uint8Array | undefined {
    const counts = [this.#literalLengths, this.#offsets, this.#matchLengths][kind];
    return counts && predictSequenceTable(histogramOf(counts, this.#sequences));
  }
}
