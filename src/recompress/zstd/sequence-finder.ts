/**
 * What stands between zstd's blocks and the models of its encoders.
 *
 * A sequence is three numbers: length of literals, length of the match, offset value (RFC 8878 section
 * 3.1.1.3.2.1.1: 1 to 3 are repeated offsets, larger ones are the offset plus 3).
 */

/** A block's place in the window that the finder reads. */
export interface BlockSpan {
  readonly start: number;
  readonly end: number;
  /** Where the frame began: nothing before it may be matched. Negative once it has slid out. */
  readonly frameStart: number;
  /** Whether the frame has this block only; encoders treat such frames in their own way. */
  readonly isOnlyBlock: boolean;
}

/** What the finder is told while it chooses. */
export type Guide =
  /** Nothing: the block's sequences are not to be seen (raw blocks), but leave traces in the tables. */
  | { readonly kind: "free" }
  /** What the encoder really chose: the finder goes along and fills `fixes`. */
  | { readonly kind: "follow"; readonly sequences: Int32Array; readonly count: number }
  /** What a `follow` noted: four numbers each (index, and the sequence; all three 0 ends the block). */
  | { readonly kind: "replay"; readonly fixes: readonly number[] };

/** One encoder's way of choosing sequences, with the tables it keeps from block to block. */
export interface SequenceFinder {
  /** Of the block found last, three numbers each. */
  readonly sequences: Int32Array;
  /** How many there are. */
  readonly count: number;
  /** What the last `follow` noted, as `replay` takes it. Empty when the model foresaw everything. */
  readonly fixes: readonly number[];
  find(span: BlockSpan, guide: Guide): void;
  /** The window forgot its first `by` bytes. */
  slide(by: number): void;
  /**
   * @param from the oldest position that can still be matched
   * @returns whether `other`, of the same model on the same window, is bound to choose alike from now on
   */
  isInStateOf(other: SequenceFinder, from: number): boolean;
  /** It is not used any more: others may have the memory that it took of its window's. */
  release(): void;
}
