import { makeBlock } from "./block-maker.ts";
import { readBlockRecord, type BlockRecord } from "./block-records.ts";
import type { BlockShape } from "./block-shape.ts";
import { readChoice, type BlockChoice } from "./choices/block-choice.ts";
import { BlockChooser } from "./choices/block-chooser.ts";
import { BlockContents } from "./choices/block-contents.ts";
import { createBlockCoder } from "./coder/compiled-coder.ts";
import type { SequenceFinder } from "./sequence-finder.ts";
import { SparseReader } from "./sparse-column.ts";
import { BlockWriter } from "./write/block-writer.ts";
import type { CarriedTables } from "./write/carried-tables.ts";
import type { ZstdColumnReaders } from "./zstd-columns.ts";
import type { ZstdHead } from "./zstd-head.ts";
import type { TarRestart } from "./zstd-restarts.ts";

/** What the recipe says of a block. */
export interface NextBlock {
  readonly record: BlockRecord;
  /** `undefined` when the encoder's rules tell it. */
  readonly choice: BlockChoice | undefined;
}

/** What shows of a block once its place is known. */
export interface FoundBlock {
  readonly shape: BlockShape;
  readonly plain: Uint8Array;
  /** It has just found the block's sequences; not asked about an empty block. */
  readonly finder: SequenceFinder;
}

/** Writes blocks from what the recipe says of them, the plain bytes, and the sequences. */
export class BlockRebuilder {
  readonly #columns: ZstdColumnReaders;
  readonly #head: ZstdHead;
  readonly #blocks: SparseReader;
  readonly #choices: SparseReader;
  readonly #chooser: BlockChooser;
  readonly #contents: BlockContents;
  readonly #writer: BlockWriter;
  #next: NextBlock | undefined;

  /** @param restart where the columns stand */
  constructor(columns: ZstdColumnReaders, head: ZstdHead, restart: TarRestart | undefined) {
    this.#columns = columns;
    this.#head = head;
    this.#blocks = new SparseReader(columns.blocks, restart?.passed.blocks);
    this.#choices = new SparseReader(columns.choices, restart?.passed.choices);
    this.#chooser = new BlockChooser(head.blockBytes);
    const coder = createBlockCoder();
    this.#contents = new BlockContents(coder);
    this.#writer = new BlockWriter(coder);
  }

  /** @param carried within a frame: the tables that its next block may use again. @throws {RecipeError} */
  startFrame(carried?: CarriedTables): void {
    this.#writer.startFrame(carried);
    this.#chooser.forget();
  }

  /** A rebuild can begin before the next block: it will know nothing of the blocks before. */
  passRestart(): void {
    this.#chooser.forget();
  }

  /** What there is to know of the next block, the same until it is written. @throws {RecipeError} */
  get next(): NextBlock {
    this.#next ??= {
      record: readBlockRecord(this.#columns, this.#blocks),
      choice: this.#choices.next() ? readChoice(this.#columns.choices) : undefined,
    };
    return this.#next;
  }

  /**
   * @returns the bytes of the next block, borrowed until another one is written.
   * @throws {RecipeError} when what is known of it does not fit together.
   */
  write({ shape, plain, finder }: FoundBlock): Uint8Array {
    const { record, choice } = this.next;
    this.#next = undefined;
    const contents = this.#contents;
    contents.take(plain, finder.sequences, plain.length > 0 ? finder.count : 0);
    const block = makeBlock({
      shape,
      choice: choice ?? this.#chooser.choose(contents, this.#head.rule),
      record,
      contents,
    });
    const codes = block.sequences === undefined ? undefined : contents.sequences.codes;
    const bytes = this.#writer.write(block, plain, codes);
    this.#chooser.take(block);
    return bytes;
  }
}
