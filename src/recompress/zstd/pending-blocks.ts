import { writeBlockRecord, type BlockRecord } from "./block-records.ts";
import { foretellShape, type BlockPlace, type BlockShape } from "./block-shape.ts";
import type { FrameBorders } from "./frame-borders.ts";
import { SparseWriter, type SparsePlace } from "./sparse-column.ts";
import { writingPositions, type ColumnPositions, type ZstdColumnWriters } from "./zstd-columns.ts";

/** There are never more than a block's bytes between a block and what foretells it; blocks may be empty. */
const MOST_PENDING = 4096;

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
    for (const pending of this.#pending) this.#write(pending, undefined);
    this.#pending = [];
  }

  #settle(): void {
    let settled = 0;
    for (const pending of this.#pending) {
      const isMark = typeof pending === "function";
      const foretold = isMark ? undefined : foretellShape(this.#borders, pending.place);
      const isTooMany = this.#pending.length - settled > MOST_PENDING;
      if (!isMark && foretold === undefined && !isTooMany) break;
      this.#write(pending, foretold);
      settled++;
    }
    if (settled > 0) this.#pending = this.#pending.slice(settled);
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
