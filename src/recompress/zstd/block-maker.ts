import { RecipeError } from "../recipe-error.ts";
import { usualCountBytes, usualSizeFormat } from "./block-records.ts";
import { LARGEST_BLOCK_BYTES } from "./limits.ts";
import type { BlockRecord, TableDescriptions } from "./block-records.ts";
import type { DecodedBlock, LiteralsSection, SequencesSection } from "./decoded-block.ts";
import { MODE_SHIFTS, TABLE_MODES } from "./carried-records.ts";
import type { SequenceFinder } from "./sequence-finder.ts";
import { BlockTables } from "./tables/block-tables.ts";

const SLACK_BYTES = 16;

/** Makes of a block's record, its plain bytes and its sequences all that an encoder decided. */
export class BlockMaker {
  readonly #literals = new Uint8Array(LARGEST_BLOCK_BYTES + SLACK_BYTES);
  readonly #tables = new BlockTables();

  /**
   * @param plain the block's bytes
   * @param found the finder that has just found the block's sequences; not asked when there are none
   * @returns the block; its arrays are borrowed until the next one.
   * @throws {RecipeError} when record, bytes and sequences do not fit.
   */
  make(record: BlockRecord, plain: Uint8Array, found: SequenceFinder): DecodedBlock {
    const block = { type: record.type, isLast: record.isLast, start: 0, end: plain.length };
    if (record.type !== "compressed")
      return { ...block, literals: undefined, sequences: undefined };
    const count = record.hasSequences ? found.count : 0;
    if (record.hasSequences && count === 0) throw new RecipeError("a block lacks its sequences");
    const size = this.#gather(plain, found.sequences, count);
    return {
      ...block,
      literals: this.#literalsSection(record, size),
      sequences: this.#sequencesSection(record, found.sequences, count),
    };
  }

  /** Puts the bytes between the matches together. @returns how many there are. */
  #gather(plain: Uint8Array, sequences: Int32Array, count: number): number {
    let from = 0;
    let size = 0;
    for (let at = 0; at < 3 * count; at += 3) {
      const length = sequences[at] ?? 0;
      const next = from + length + (sequences[at + 1] ?? 0);
      if (next > plain.length)
        throw new RecipeError("a block's sequences are longer than the block");
      this.#copy(plain, { from, length, to: size });
      size += length;
      from = next;
    }
    this.#copy(plain, { from, length: plain.length - from, to: size });
    return size + plain.length - from;
  }

  #copy(
    plain: Uint8Array,
    { from, length, to }: { readonly from: number; readonly length: number; readonly to: number },
  ): void {
    if (length > 32) {
      this.#literals.set(plain.subarray(from, from + length), to);
      return;
    }
    for (let at = 0; at < length; at++) this.#literals[to + at] = plain[from + at] ?? 0;
  }

  #literalsSection(record: BlockRecord, size: number): LiteralsSection {
    const type = record.literalsType;
    const sizeFormat = record.sizeFormat ?? usualSizeFormat(type, size);
    const tree = type === "compressed" ? (record.tree ?? this.#tree(size)) : undefined;
    return { type, sizeFormat, bytes: this.#literals, size, compressedSize: 0, tree };
  }

  #tree(size: number): Uint8Array {
    const tree = this.#tables.tree(this.#literals, size);
    if (tree === undefined) throw new RecipeError("a block lacks its Huffman tree");
    return tree;
  }

  #sequencesSection(record: BlockRecord, sequences: Int32Array, count: number): SequencesSection {
    if (count > 0) this.#tables.count(sequences, count);
    const table = (kind: 0 | 1 | 2): Uint8Array | undefined => {
      const mode = TABLE_MODES[(record.modes >> MODE_SHIFTS[kind]) & 3];
      return count > 0 && mode === "described" ? this.#table(record.tables, kind) : undefined;
    };
    return {
      count,
      countBytes: record.countBytes ?? usualCountBytes(count),
      modes: record.modes,
      sequences,
      tables: [table(0), table(1), table(2)],
    };
  }

  #table(own: TableDescriptions, kind: 0 | 1 | 2): Uint8Array {
    const table = own[kind] ?? this.#tables.table(kind);
    if (table === undefined) throw new RecipeError("a block lacks a table");
    return table;
  }
}
