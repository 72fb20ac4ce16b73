import { RecipeError } from "../../recipe-error.ts";
import { LARGEST_BLOCK_BYTES } from "../limits.ts";
import type { BlockOutput } from "../write/block-output.ts";
import {
  type BlockCoder,
  checkSizes,
  type GatheredBlock,
  type SequenceCodes,
  type SequenceEncoding,
} from "./block-coder.ts";
import { CodedSequences } from "./coded-sequences.ts";
import { countSymbols } from "./count-symbols.ts";
import { SequenceBits } from "./sequence-bits.ts";

/** Fewer are copied one by one. */
const MANY_BYTES = 32;

/** The loops in TypeScript: the oracle of the compiled ones. */
export class PortableCoder implements BlockCoder {
  readonly #literals = new Uint8Array(LARGEST_BLOCK_BYTES);
  readonly #coded = new CodedSequences();
  /** Made when something is written: many coders only read. */
  #bits: SequenceBits | undefined;

  gather(plain: Uint8Array, sequences: Int32Array, count: number): GatheredBlock {
    checkSizes(plain.length, count);
    let from = 0;
    let size = 0;
    for (let at = 0; at < 3 * count; at += 3) {
      const length = sequences[at] ?? 0;
      const match = sequences[at + 1] ?? 0;
      const next = from + length + match;
      if (length < 0 || match < 0 || next > plain.length) {
        throw new RecipeError("a block's sequences are longer than the block");
      }
      this.#copy(plain, { from, length, to: size });
      size += length;
      from = next;
    }
    this.#copy(plain, { from, length: plain.length - from, to: size });
    return { literals: this.#literals.subarray(0, size + plain.length - from), sequences };
  }

  countBytes(bytes: Uint8Array, counts: Int32Array): void {
    countSymbols(bytes, counts);
  }

  findCodes(sequences: Int32Array, count: number): SequenceCodes {
    this.#coded.find(sequences, count);
    return this.#coded;
  }

  /** The codes of the bytes, the last one first, two at a time. */
  writeStream(bytes: Uint8Array, codes: Int32Array, output: BlockOutput): void {
    let missing = 0;
    let index = bytes.length - 1;
    for (; index > 0; index -= 2) {
      const one = codeOf(codes, bytes, index);
      const two = codeOf(codes, bytes, index - 1);
      const bits = one >> 16;
      missing |= (one - 1) | (two - 1);
      output.bits((one & 0xffff) | ((two & 0xffff) << bits), bits + (two >> 16));
    }
    if (index === 0) {
      const one = codeOf(codes, bytes, index);
      missing |= one - 1;
      output.bits(one & 0xffff, one >> 16);
    }
    output.endBits();
    if (missing < 0) throw new RecipeError("a literal has no Huffman code");
  }

  writeSequences(tables: SequenceEncoding, output: BlockOutput): void {
    this.#bits ??= new SequenceBits();
    this.#bits.write(this.#coded, tables, output);
  }

  #copy(
    plain: Uint8Array,
    { from, length, to }: { readonly from: number; readonly length: number; readonly to: number },
  ): void {
    if (length > MANY_BYTES) {
      this.#literals.set(plain.subarray(from, from + length), to);
      return;
    }
    for (let at = 0; at < length; at++) this.#literals[to + at] = plain[from + at] ?? 0;
  }
}

function codeOf(codes: Int32Array, bytes: Uint8Array, index: number): number {
  return codes[bytes[index] ?? 0] ?? 0;
}
