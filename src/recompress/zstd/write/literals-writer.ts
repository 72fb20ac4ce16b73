import { RecipeError } from "../../recipe-error.ts";
import type { BlockCoder } from "../coder/block-coder.ts";
import type { LiteralsSection } from "../decoded-block.ts";
import { huffmanCodes, readHuffmanDescription, type HuffmanCodes } from "../huffman.ts";
import { LARGEST_BLOCK_BYTES } from "../limits.ts";
import type { BlockOutput } from "./block-output.ts";

const TYPES = ["raw", "rle", "compressed", "treeless"] as const;
/** Bits of both sizes, by size format, of compressed literals (RFC 8878 section 3.1.1.3.1.1). */
const SIZE_BITS = [10, 10, 14, 18] as const;
/** Bits of the size, by size format, of raw and RLE literals. */
const PLAIN_SIZE_BITS = [5, 12, 5, 20] as const;
const LEAST_FOR_FOUR_STREAMS = 6;

/** Writes literals sections; keeps the Huffman codes from block to block. */
export class LiteralsWriter {
  readonly #output: BlockOutput;
  readonly #coder: BlockCoder;
  #codes: HuffmanCodes | undefined;

  constructor(output: BlockOutput, coder: BlockCoder) {
    this.#output = output;
    this.#coder = coder;
  }

  /**
   * @param tree the description of the tree that the first block may use again
   * @throws {RecipeError} when it is none.
   */
  startFrame(tree: Uint8Array | undefined): void {
    this.#codes = tree && codesOf(tree);
  }

  /**
   * Writes one section (RFC 8878 section 3.1.1.3.1).
   *
   * @throws {RecipeError} when tree, size format and literals do not fit.
   */
  write(section: LiteralsSection): void {
    if (section.size > LARGEST_BLOCK_BYTES) throw new RecipeError("a block has too many literals");
    if (section.type === "raw" || section.type === "rle") this.#plain(section);
    else this.#coded(section);
  }

  #plain({ type, sizeFormat, bytes, size }: LiteralsSection): void {
    const isShort = sizeFormat % 2 === 0;
    checkSize(size, PLAIN_SIZE_BITS[sizeFormat] ?? 0);
    const code = TYPES.indexOf(type);
    if (isShort) this.#output.number(code | (size << 3), 1);
    else this.#output.number(code | (sizeFormat << 2) | (size << 4), 1 + ((sizeFormat + 1) >> 1));
    this.#output.append(bytes.subarray(0, type === "raw" ? size : 1));
  }

  #coded(section: LiteralsSection): void {
    const { type, sizeFormat, size, tree } = section;
    if (section.bytes.length < size) throw new RecipeError("a block lacks literals");
    const bits = SIZE_BITS[sizeFormat] ?? 0;
    const headerBytes = sizeFormat < 2 ? 3 : sizeFormat + 2;
    const headerAt = this.#output.leave(headerBytes);
    if (type === "compressed") this.#setTree(tree);
    if (this.#codes === undefined)
      throw new RecipeError("a block has no Huffman tree to use again");
    if (sizeFormat === 0) this.#stream(section, 0, size);
    else this.#fourStreams(section);
    const compressedSize = this.#output.size - headerAt - headerBytes;
    checkSize(size, bits);
    checkSize(compressedSize, bits);
    const sizes = size * 16 + compressedSize * 16 * 2 ** bits;
    this.#output.numberAt(headerAt, TYPES.indexOf(type) + sizeFormat * 4 + sizes, headerBytes);
  }

  #setTree(tree: Uint8Array | undefined): void {
    if (tree === undefined) throw new RecipeError("a block lacks its Huffman tree");
    this.#codes = codesOf(tree);
    this.#output.append(tree);
  }

  #fourStreams(section: LiteralsSection): void {
    const { size } = section;
    if (size < LEAST_FOR_FOUR_STREAMS) {
      throw new RecipeError("there are too few literals for four streams");
    }
    const quarter = (size + 3) >> 2;
    const sizesAt = this.#output.leave(6);
    for (let index = 0; index < 4; index++) {
      const from = this.#output.size;
      this.#stream(section, index * quarter, index === 3 ? size : (index + 1) * quarter);
      const streamBytes = this.#output.size - from;
      if (index === 3) return;
      this.#output.numberAt(sizesAt + 2 * index, streamBytes, 2);
    }
  }

  #stream({ bytes }: LiteralsSection, from: number, to: number): void {
    const codes = this.#codes?.codes ?? new Int32Array(256);
    this.#coder.writeStream(bytes.subarray(from, to), codes, this.#output);
  }
}

function checkSize(size: number, bits: number): void {
  if (size >= 2 ** bits) throw new RecipeError("literals do not fit their size format");
}

function codesOf(tree: Uint8Array): HuffmanCodes {
  try {
    const { weights, size } = readHuffmanDescription(tree, 0);
    if (size === tree.length) return huffmanCodes(weights);
  } catch (error) {
    throw new RecipeError("a Huffman tree is none", { cause: error });
  }
  throw new RecipeError("a Huffman tree is longer than its description");
}
