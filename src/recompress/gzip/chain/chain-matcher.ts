/**
 * A hash-chain encoder's search for earlier strings.
 *
 * Every position of the input is entered in a table under a hash of its first bytes, and remembers how far
 * before it the last position with the same hash was. To find a match the encoder walks back along this
 * chain and compares, as often as its level says. RFC 1951 section 4 describes the idea; which of the
 * candidates wins, and when the walk ends, is each encoder's own rule.
 *
 * Positions are indices into a window. A chain is kept as steps back of at most 65535 bytes, more than any
 * match can reach; so only the table of newest positions must be lowered when the window slides.
 */
export interface ChainMatcher {
  /** No match is shorter. */
  readonly shortest: number;
  /** How far before the last match that {@link find} told of begins. */
  readonly distance: number;
  /**
   * Enters `at` and all before it that are not yet, and looks for a match there.
   *
   * @param longerThan only longer matches are of use; at least `shortest - 1`
   * @returns the length of the match that the encoder takes; 0 when there is none longer.
   */
  find(at: number, longerThan: number): number;
  /** Enters the positions before `until` that are not yet in the table. */
  enterUntil(until: number): void;
  /** Leaves the positions before `until` out that are not yet in the table. */
  leaveOutUntil(until: number): void;
  begin(start: ChainStart): void;
  /**
   * @param end the position after the last byte of the encoder's input known so far
   * @param isLast whether the input ends there
   */
  supply(end: number, isLast: boolean): void;
  /** Lowers every position by `by`, a multiple of 32768. */
  slide(by: number): void;
  /** @returns whether the two can never again answer differently, though their positions differ by `by`. */
  isAlike(other: this, by: number): boolean;
}

/** Where an encoder begins, or is taken up again. */
export interface ChainStart {
  /** The window position of the first byte it knows. */
  readonly from: number;
  /** The window position that it goes on at; what is between is entered in its tables. */
  readonly at: number;
  /** How much of the encoder's input there was before `from`. Up to 2^53. */
  readonly bytesBefore: number;
  /** Whether the encoder was given the bytes from `from` to `at` as a preset dictionary. */
  readonly isDictionary: boolean;
}
