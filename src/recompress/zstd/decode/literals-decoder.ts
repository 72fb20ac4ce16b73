import { BrokenStream, UnsupportedStream } from "../../stream-errors.ts";
import type { LiteralsSection } from "../decoded-block.ts";
import {
  huffmanDecodingTable,
  readHuffmanDescription,
  type HuffmanDecodingTable,
} from "../huffman.ts";
import { LARGEST_BLOCK_BYTES } from "../limits.ts";
import { HuffmanStreams, type InputSpan } from "./huffman-streams.ts";
import type { InputBuffer } from "./input-buffer.ts";

/** Copies of literals may read so many bytes beyond their end. */
const SLACK_BYTES = 16;
const TYPES = ["raw", "rle", "compressed", "treeless"] as const;
/** Bits of both sizes, by size format, of compressed literals (RFC 8878 section 3.1.1.3.1.1). */
const SIZE_BITS = [10, 10, 14, 18] as const;
/** Fewer literals cannot be shared out to four streams. */
const LEAST_FOR_FOUR_STREAMS = 6;
const SIZES_OF_STREAMS_BYTES = 6;

/** Decodes literals sections; keeps the Huffman tree from block to block. */
export class LiteralsDecoder {
  readonly #input: InputBuffer;
  readonly #bytes = new Uint8Array(LARGEST_BLOCK_BYTES + SLACK_BYTES);
  readonly #streams: HuffmanStreams;
  #table: HuffmanDecodingTable | undefined;
  /** The index in the input after the section decoded last. */
  end = 0;

  constructor(input: InputBuffer) {
    this.#input = input;
    this.#streams = new HuffmanStreams(input, this.#bytes);
  }

  /** Forgets the tree. */
  startFrame(): void {
    this.#table = undefined;
  }

  /**
   * Decodes the section at the start of a block (RFC 8878 section 3.1.1.3.1).
   *
   * @param block where the block lies in the input
   * @param most literals that there may be
   * @throws {BrokenStream}
   * @throws {UnsupportedStream} for an empty run, whose byte would be lost.
   */
  decode(block: InputSpan, most: number): LiteralsSection {
    const header = this.#input.bytes[block.from] ?? 0;
    const type = TYPES[header & 3] ?? "raw";
    const sizeFormat = (header >> 2) & 3;
    const section =
      type === "raw" || type === "rle"
        ? this.#plain(block, type, sizeFormat)
        : this.#coded(block, type, sizeFormat);
    if (section.size > most) throw new BrokenStream("a block has too many literals");
    if (this.end > block.to) throw new BrokenStream("a literals section is cut off");
    this.#regenerate(section, block);
    return section;
  }

  #plain({ from }: InputSpan, type: "raw" | "rle", sizeFormat: number): LiteralsSection {
    const isShort = sizeFormat % 2 === 0;
    const headerBytes = isShort ? 1 : 1 + ((sizeFormat + 1) >> 1);
    const size = this.#input.number(from, headerBytes) >> (isShort ? 3 : 4);
    this.end = from + headerBytes + (type === "raw" ? size : 1);
    return { type, sizeFormat, bytes: this.#bytes, size, compressedSize: 0, tree: undefined };
  }

  #coded(block: InputSpan, type: "compressed" | "treeless", sizeFormat: number): LiteralsSection {
    const bits = SIZE_BITS[sizeFormat] ?? 10;
    const headerBytes = headerBytesOf(sizeFormat);
    const sizes = Math.floor(this.#input.number(block.from, headerBytes) / 16);
    const size = sizes % 2 ** bits;
    const compressedSize = Math.floor(sizes / 2 ** bits);
    this.end = block.from + headerBytes + compressedSize;
    const tree =
      type === "compressed" && this.end <= block.to
        ? this.#readTree(block.from + headerBytes, this.end)
        : undefined;
    return { type, sizeFormat, bytes: this.#bytes, size, compressedSize, tree };
  }

  /** @returns the description: a view. */
  #readTree(at: number, end: number): Uint8Array {
    const { weights, size } = readHuffmanDescription(this.#input.bytes.subarray(0, end), at);
    this.#table = huffmanDecodingTable(weights);
    return this.#input.bytes.subarray(at, at + size);
  }

  #regenerate(section: LiteralsSection, block: InputSpan): void {
    const { type, size } = section;
    const input = this.#input.bytes;
    if (type === "raw") this.#bytes.set(input.subarray(this.end - size, this.end));
    else if (type === "rle") this.#repeat(input[this.end - 1] ?? 0, size);
    else this.#decodeStreams(section, block.from + headerBytesOf(section.sizeFormat));
  }

  #repeat(byte: number, size: number): void {
    if (size === 0) throw new UnsupportedStream("a block has an empty run of literals");
    this.#bytes.fill(byte, 0, size);
  }

  #decodeStreams({ size, sizeFormat, tree }: LiteralsSection, afterHeader: number): void {
    const table = this.#table;
    if (table === undefined) throw new BrokenStream("a block has no Huffman tree to use again");
    const span = { from: afterHeader + (tree?.length ?? 0), to: this.end };
    if (sizeFormat === 0) {
      this.#streams.one(table, span, size);
      return;
    }
    const areTooFew = size < LEAST_FOR_FOUR_STREAMS || span.to - span.from < SIZES_OF_STREAMS_BYTES;
    if (areTooFew) throw new BrokenStream("there are too few literals for four streams");
    this.#streams.four(table, span, size);
  }
}

/** Of compressed literals. */
function headerBytesOf(sizeFormat: number): number {
  return sizeFormat < 2 ? 3 : sizeFormat + 2;
}
