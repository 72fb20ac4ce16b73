import { RecipeError } from "../../recipe-error.ts";
import type { FseEncodingTable } from "../fse.ts";
import { LARGEST_BLOCK_BYTES, MOST_SEQUENCES } from "../limits.ts";
import type { BlockOutput } from "../write/block-output.ts";

/** A block taken apart. Both arrays are borrowed until the next block is. */
export interface GatheredBlock {
  /** The bytes between the matches, and those behind the last one. */
  readonly literals: Uint8Array;
  /** Those given, where the coder has them at hand. */
  readonly sequences: Int32Array;
}

/** The codes of sequences (RFC 8878 section 3.1.1.3.2.1.1). Arrays are borrowed until others are found. */
export interface SequenceCodes {
  /** By kind (literal lengths, offsets, match lengths) and code, how many sequences have it. */
  readonly counts: CodeCounts;
  /** @returns the code of one kind that a sequence has, or of none: 0. */
  codeAt(kind: number, index: number): number;
}

/** By kind and code. */
export type CodeCounts = readonly [Int32Array, Int32Array, Int32Array];

/** The tables of literal lengths, offsets and match lengths. */
export type SequenceEncoding = readonly [FseEncodingTable, FseEncodingTable, FseEncodingTable];

/** The loops over a block's bytes and bits: what coding a block takes most of its time for. */
export interface BlockCoder {
  /**
   * @param plain the block's bytes, borrowed until the next call, as the sequences are
   * @param count of sequences, three numbers each
   * @throws {RecipeError} when the sequences do not fit the bytes.
   */
  gather(plain: Uint8Array, sequences: Int32Array, count: number): GatheredBlock;

  /** @param bytes up to 128 KiB. @param counts set to how often there is each value */
  countBytes(bytes: Uint8Array, counts: Int32Array): void;

  /**
   * @param sequences three numbers each, borrowed until the next call
   * @throws {RecipeError} when there are more than a block can have, or a number has no code.
   */
  findCodes(sequences: Int32Array, count: number): SequenceCodes;

  /**
   * Writes literals as one stream (RFC 8878 section 4.2.2).
   *
   * @param bytes up to 128 KiB
   * @param codes by byte value, code | bits << 16; 0 where there is none
   * @throws {RecipeError} when a literal has no code.
   */
  writeStream(bytes: Uint8Array, codes: Int32Array, output: BlockOutput): void;

  /**
   * Writes the bits of the sequences whose codes were found last (RFC 8878 section 3.1.1.3.2.1.2); there has to be
   * one at least.
   *
   * @throws {RecipeError} when a table cannot say one of the codes.
   */
  writeSequences(tables: SequenceEncoding, output: BlockOutput): void;
}

/** @throws {RecipeError} when no block can have so many bytes or sequences. */
export function checkSizes(plainBytes: number, sequences: number): void {
  if (plainBytes > LARGEST_BLOCK_BYTES) throw new RecipeError("a block is too large");
  if (sequences > MOST_SEQUENCES) throw new RecipeError("a block has too many sequences");
}
