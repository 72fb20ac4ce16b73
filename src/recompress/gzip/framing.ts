/**
 * Whether the encoder worked through the input as one, or in blocks that it compressed side by side.
 *
 * pgzip and pigz cut the input into blocks of one size. Each is compressed by a fresh encoder that knows
 * the last bytes of the block before, and ends with an empty stored block.
 */
export type Framing =
  | { readonly kind: "none" }
  | {
      readonly kind: "blocks";
      /** Plain bytes of a block; only the last one is shorter. */
      readonly blockBytes: number;
      /** How much of the block before the encoder knows. */
      readonly historyBytes: number;
    };

/** The encoder worked through the input as one. */
export const NO_FRAMING: Framing = { kind: "none" };
