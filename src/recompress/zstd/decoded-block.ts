/**
 * A zstd block with every decision that its encoder took (RFC 8878 section 3.1.1.2).
 *
 * All arrays are borrowed: the decoder uses them again for the next block.
 */
export interface DecodedBlock {
  readonly type: "raw" | "rle" | "compressed";
  readonly isLast: boolean;
  /** Where the plain bytes lie in the decoder's window. */
  readonly start: number;
  readonly end: number;
  /** Of compressed blocks. */
  readonly literals: LiteralsSection | undefined;
  /** Of compressed blocks; `count` may be 0. */
  readonly sequences: SequencesSection | undefined;
}

/** RFC 8878 section 3.1.1.3.1. */
export interface LiteralsSection {
  readonly type: "raw" | "rle" | "compressed" | "treeless";
  /** 0 to 3, as in the header. */
  readonly sizeFormat: number;
  /** Bytes that were regenerated, at the start of the array. */
  readonly bytes: Uint8Array;
  readonly size: number;
  /** Size of the Huffman-coded part with its tree, 0 for raw and rle. */
  readonly compressedSize: number;
  /** The Huffman tree's description, of type `compressed` only. */
  readonly tree: Uint8Array | undefined;
}

/** The codes of sequences, a byte for each (RFC 8878 section 3.1.1.3.2.1.1). */
export interface CodeBytes {
  readonly literals: Uint8Array;
  readonly offsets: Uint8Array;
  readonly matches: Uint8Array;
}

/** RFC 8878 section 3.1.1.3.2. */
export interface SequencesSection {
  readonly count: number;
  /** How many bytes the count took, 1 to 3. */
  readonly countBytes: number;
  /** The byte of compression modes; 0 when there are no sequences. */
  readonly modes: number;
  /** Three numbers each: literal length, match length, offset value. */
  readonly sequences: Int32Array;
  /** Where a decoder has just read them. */
  readonly codes?: CodeBytes;
  /** FSE descriptions of the tables in mode 2: literal lengths, offsets, match lengths. */
  readonly tables: readonly [
    Uint8Array | undefined,
    Uint8Array | undefined,
    Uint8Array | undefined,
  ];
}

/** RFC 8878 section 3.1.1.1. */
export interface FrameHeader {
  /** All bytes, magic number and all. Borrowed. */
  readonly bytes: Uint8Array;
  readonly descriptor: number;
  /** The window descriptor, `undefined` in a single-segment frame. */
  readonly windowDescriptor: number | undefined;
  /** In bytes. */
  readonly windowSize: number;
  readonly contentSize: number | undefined;
  readonly hasChecksum: boolean;
}

/** Told of what a zstd stream holds, in order. */
export interface ZstdHandler {
  frame(header: FrameHeader): void;
  block(block: DecodedBlock): void;
  /** @param checksum the four bytes, when the frame has them */
  frameEnd(checksum: Uint8Array | undefined): void;
  /** A skippable frame: bytes of it, header included, as they come (RFC 8878 section 3.1.2). */
  skippable(bytes: Uint8Array, isLast: boolean): void;
}
