/** What a deflate block says of itself before its data (RFC 1951 section 3.2.3). */
export type BlockHeader =
  | {
      readonly kind: "stored";
      readonly isFinal: boolean;
      /** Plain bytes of the block, 0 to 65,535. */
      readonly size: number;
      /** The bits between the block's type and the next byte border; nearly always 0. */
      readonly padding: number;
    }
  | { readonly kind: "fixed"; readonly isFinal: boolean }
  | { readonly kind: "dynamic"; readonly isFinal: boolean; readonly tree: TreeDescription };

/**
 * How a block with dynamic Huffman codes tells its codes (RFC 1951 section 3.2.7): the lengths of the
 * codes as a sequence with repetitions, which is itself Huffman-coded.
 *
 * Arrays stay as they are until the block ends; whoever needs them longer has to copy.
 */
export interface TreeDescription {
  /** HLIT + 257: literal and length codes told of, 257 to 286. */
  readonly litLenCount: number;
  /** HDIST + 1: distance codes told of, 1 to 30 (what the format could say, 31 and 32, is refused). */
  readonly distanceCount: number;
  /** HCLEN + 4: how many code lengths of the code-length code are told, 4 to 19. */
  readonly codeLengthCount: number;
  /** The code lengths of the code-length code, 0 to 7, by symbol 0 to 18. */
  readonly codeLengthLengths: Uint8Array;
  /**
   * The sequence: a length 0 to 15, or 16, 17 or 18 with the number of repetitions (3 to 6, 3 to 10,
   * 11 to 138) in the bits from 8 on.
   */
  readonly sequence: readonly number[];
  /** What the sequence stands for: `litLenCount` lengths, then `distanceCount`. */
  readonly lengths: Uint8Array;
}

/** The order in which the lengths of the code-length code are told (RFC 1951 section 3.2.7). */
export const CODE_LENGTH_ORDER = [
  16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
] as const;
