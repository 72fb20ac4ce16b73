import { RecipeError } from "../../recipe-error.ts";
import type { BlockCoder, SequenceCodes } from "../coder/block-coder.ts";
import { PortableCoder } from "../coder/portable-coder.ts";
import type { DecodedBlock } from "../decoded-block.ts";
import { LARGEST_BLOCK_BYTES } from "../limits.ts";
import { BlockOutput } from "./block-output.ts";
import type { CarriedTables } from "./carried-tables.ts";
import { LiteralsWriter } from "./literals-writer.ts";
import { SequencesWriter } from "./sequences-writer.ts";

const BLOCK_TYPES = ["raw", "rle", "compressed"] as const;
const BLOCK_HEADER_BYTES = 3;
const NOTHING: CarriedTables = { tree: undefined, tables: [] };

/**
 * Writes zstd blocks from the decisions that a decoder tells, to the very bytes (RFC 8878 section
 * 3.1.1.2). The bits of a block follow from its literals, sequences, tables and the formats of its
 * headers, whoever the encoder was.
 */
export class BlockWriter {
  readonly #output = new BlockOutput();
  readonly #literals: LiteralsWriter;
  readonly #sequences: SequencesWriter;

  constructor(coder: BlockCoder = new PortableCoder()) {
    this.#literals = new LiteralsWriter(this.#output, coder);
    this.#sequences = new SequencesWriter(this.#output, coder);
  }

  /**
   * Begins a frame, or goes on in the midst of one.
   *
   * @param carried what the first block may use again; nothing at a frame's start
   * @throws {RecipeError} when the tables are none.
   */
  startFrame(carried: CarriedTables = NOTHING): void {
    this.#literals.startFrame(carried.tree?.bytes);
    this.#sequences.startFrame(carried.tables);
  }

  /**
   * Writes one block, header and all. Blocks of a frame are to be written in order, for tables that are
   * used again.
   *
   * @param plain where the block's plain bytes lie from `start` to `end`; of compressed blocks not read
   * @param codes of the block's sequences, where they are what the coder found last
   * @returns a view, which the next block changes.
   * @throws {RecipeError} when the decisions do not fit together.
   */
  write(block: DecodedBlock, plain: Uint8Array, codes?: SequenceCodes): Uint8Array {
    this.#output.rewind();
    const headerAt = this.#output.leave(BLOCK_HEADER_BYTES);
    const size =
      block.type === "compressed" ? this.#compressed(block, codes) : this.#simple(block, plain);
    const type = BLOCK_TYPES.indexOf(block.type);
    this.#output.numberAt(
      headerAt,
      (block.isLast ? 1 : 0) | (type << 1) | (size << 3),
      BLOCK_HEADER_BYTES,
    );
    return this.#output.written;
  }

  /** @returns the size that the header says. */
  #simple(block: DecodedBlock, plain: Uint8Array): number {
    const size = block.end - block.start;
    if (size > LARGEST_BLOCK_BYTES) throw new RecipeError("a block is too large");
    const isRun = block.type === "rle";
    this.#output.append(plain.subarray(block.start, isRun ? block.start + 1 : block.end));
    return size;
  }

  /** @returns the same. */
  #compressed({ literals, sequences }: DecodedBlock, codes: SequenceCodes | undefined): number {
    if (literals === undefined || sequences === undefined) {
      throw new RecipeError("a compressed block lacks a section");
    }
    this.#literals.write(literals);
    this.#sequences.write(sequences, codes);
    return this.#output.size - BLOCK_HEADER_BYTES;
  }
}
