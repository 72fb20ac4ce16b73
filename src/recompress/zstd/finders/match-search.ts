/** How one encoder looks for matches in a block, with the tables it keeps from block to block. */
export interface MatchSearch {
  /** Shorter blocks are not searched. */
  readonly smallestBlockBytes: number;
  /** The last bytes of a block where no search begins any more. Smaller than `smallestBlockBytes`. */
  readonly marginBytes: number;
  /** Whether a block of one byte, again and again, is one match without a search. */
  readonly takesRunsWhole: boolean;
  /** A job is given the last 1/`overlapShare` of a window before it. */
  readonly overlapShare: number;
  /** All that is kept from block to block. */
  readonly tables: readonly Int32Array[];
  /** The cursor stands at the start of a new block. */
  begin(): void;
  /**
   * Searches on from the cursor's position, which is before its limit.
   *
   * @returns whether a match was found; it is then the one that the cursor proposes
   */
  propose(): boolean;
  /** The cursor went behind a match, perhaps not the one proposed: its bytes may now be indexed. */
  settle(): void;
  /** Indexes the bytes before a job, in empty tables. */
  indexOverlap(from: number, to: number): void;
}
