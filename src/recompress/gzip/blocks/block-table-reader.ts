import type { ColumnReader } from "../../columns.ts";
import type { GzipColumnReaders } from "../gzip-columns.ts";
import { LARGEST_BLOCK_RECORD, parseBlockRecord } from "./block-plan.ts";
import type { BlockPlan, BlockRecord, CodesPlan } from "./block-plan.ts";
import { SizeReader } from "./size-column.ts";
import { readTree } from "./tree-column.ts";

const LARGEST_PADDING = 127;

/** Reads what a `BlockTableWriter` wrote, block by block. */
export class BlockTableReader {
  readonly #blocks: ColumnReader;
  readonly #trees: ColumnReader;
  readonly #sizes: SizeReader;

  constructor(columns: Pick<GzipColumnReaders, "blocks" | "sizes" | "trees">) {
    this.#blocks = columns.blocks;
    this.#trees = columns.trees;
    this.#sizes = new SizeReader(columns.sizes);
  }

  /** A member begins. Call before its first block. */
  memberStart(): void {
    this.#sizes.memberStart();
  }

  /** @throws {RecipeError} when there is no further block, or what stands there is none. */
  next(): BlockPlan {
    const record = parseBlockRecord(this.#blocks.numberUpTo(LARGEST_BLOCK_RECORD));
    const { type, isFinal } = record;
    const size = isFinal ? "member" : this.#sizes.size();
    switch (type) {
      case "stored": {
        const padding = record.hasPadding ? this.#trees.numberUpTo(LARGEST_PADDING) : 0;
        return { kind: type, isFinal, size, padding };
      }
      case "fixed":
        return { kind: type, isFinal, size };
      case "dynamic":
        return { kind: type, isFinal, size, codes: this.#codes(record) };
    }
  }

  #codes({ made }: BlockRecord): CodesPlan {
    return made ?? { kind: "told", tree: readTree(this.#trees) };
  }
}
