import { writeBlockRecord, type BlockRecord } from "./block-records.ts";
import { foretellShape, type BlockPlace, type BlockShape } from "./block-shape.ts";
import type { FrameBorders } from "./frame-borders.ts";
import { SparseWriter, type SparsePlace } from "./sparse-column.ts";
import { writingPositions, type ColumnPositions, type ZstdColumnWriters } from "./zstd-columns.ts";

/** There are never more than a block's bytes between a block and what foretells it; blocks may be empty. */
const MOST_PENDING = 4096;
/** Of those that are settled already, so many at most are kept before the rest moves up. */
const MOST_SETTLED = 4096;

/** A block whose record is to be written. */
export interface PendingBlock {
  readonly place: BlockPlace;
  readonly shape: BlockShape;
  /** All but the shape. */
  readonly record: BlockRecord;
}

/** Told where the columns stand. */
export type TakePositions = (positions: ColumnPositions, blocks: SparsePlace) => void;

/**
 * Blocks of which it does not show yet whether their shape was foretold: a rebuild has plain bytes from behind
 * a block, and so waits the analysis.
 */
export class PendingBlocks {
  readonly #columns: ZstdColumnWriters;
  readonly #blocks: SparseWriter;
  readonly #borders: FrameBorders;
  #pending: (PendingBlock | TakePositions)[] = [];
  /** Index of the first that is not settled. */
  #first = 0;

  constructor(columns: ZstdColumnWriters, borders: FrameBorders) {
    this.#columns = columns;
    this.#blocks = new SparseWriter(columns.blocks);
    this.#borders = borders;
  }

  /** The next block. What belongs to it is kept until its record is written. */
  add(block: PendingBlock): void {
    this.#pending.push(block);
    this.#settle();
  }

  /** @param take told once the records of all blocks so far are written */
  mark(take: TakePositions): void {
    this.#pending.push(take);
    this.#settle();
  }

  /** The plain bytes have ended. */
  end(): void {
    this.#settle();
    for (const pending of this.#pending.slice(this.#first)) this.#write(pending, undefined);
    this.#pending = [];
    this.#first = 0;
  }

  #settle(): void {
    for (;;) {
      const pending = this.#pending[this.#first];
      if (pending === undefined) break;
      const isMark = typeof pending === "function";
      const foretold = isMark ? undefined : foretellShape(this.#borders, pending.place);
      const isTooMany = this.#pending.length - this.#first > MOST_PENDING;
      if (!isMark && foretold === undefined && !isTooMany) break;
      this.#write(pending, foretold);
      this.#first++;
    }
    if (this.#first === this.#pending.length || this.#first > MOST_SETTLED) this.#moveUp();
  }

  /** Moving once for many keeps it cheap for each. */
  #moveUp(): void {
    this.#pending.splice(0, this.#first);
    this.#first = 0;
  }

  #write(pending: PendingBlock | TakePositions, foretold: BlockShape | undefined): void {
    if (typeof pending === "function") {
      pending(writingPositions(this.#columns), this.#blocks.place);
      return;
    }
    const { shape, record } = pending;
    const isForetold = shape.sizeBytes === foretold?.sizeBytes && shape.isLast === foretold.isLast;
    writeBlockRecord(this.#columns, this.#blocks, {
      ...record,
      shape: isForetold ? undefined : shape,
    });
  }
}
