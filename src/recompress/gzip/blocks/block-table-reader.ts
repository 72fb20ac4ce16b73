import type { ColumnReader } from "../../columns.ts";
import type { GzipColumnReaders } from "../gzip-columns.ts";
import { LARGEST_BLOCK_RECORD, parseBlockRecord } from "./block-plan.ts";
import type { BlockEnd, BlockPlan, BlockRecord, CodesPlan } from "./block-plan.ts";
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
    const end = this.#end(record);
    switch (type) {
      case "stored": {
        const padding = record.variant === "padded" ? this.#trees.numberUpTo(LARGEST_PADDING) : 0;
        return { kind: type, isFinal, end, padding };
      }
      case "fixed":
        return { kind: type, isFinal, end };
      case "dynamic":
        return { kind: type, isFinal, end, codes: this.#codes(record) };
      case "foretold":
        return { kind: type, isFinal, end };
    }
  }

  #end({ type, isFinal, variant }: BlockRecord): BlockEnd {
    if (isFinal) return { kind: "member" };
    if (variant === "empty") return { kind: "size", size: 0 };
    if (variant === "cut" || type === "foretold") return { kind: "foretold" };
    const size = this.#sizes.read(type !== "stored");
    if (size === "usual") return { kind: "usual", size: this.#sizes.usual };
    return { kind: "size", size };
  }

  #codes({ variant }: BlockRecord): CodesPlan {
    return typeof variant === "string" ? { kind: "told", tree: readTree(this.#trees) } : variant;
  }
}
