/**
 * How klauspost/compress chose, version by version, in which of the format's ways a block is written.
 *
 * Where a row says no more, a block is compressed when its matches save 16 bytes and a share of its size;
 * what is not worth it is looked at again as literals alone. Literals get Huffman codes when there are
 * enough of them and the codes save a sixteenth; those of the block before are used again when they take no
 * more. Tables of sequences are the cheapest of the format's, the last block's, and new ones.
 */

/** A version's rules. */
export interface ChoiceRule {
  /** Matches have to save the block's size shifted by this, and 16 bytes. */
  readonly savedShift: 5 | 6;
  /** So few literals are never coded. */
  readonly mostPlainLiterals: 16 | 32;
  /** Whether a full block without any match is looked at at all. */
  readonly looksAtFullBlocks: boolean;
  /** Whether codes have to pay for the larger header, too, of a section that is short. */
  readonly weighsHeaders: boolean;
  /** Whether a block that is one match at distance 1 is told as a run. */
  readonly tellsRuns: boolean;
  /**
   * Whether tables are weighed with the state that is flushed at the end, and a new table against the last
   * one by what its description really takes.
   */
  readonly weighsEnds: boolean;
  /** Whether literals are coded in blocks that have no sequences. An option; the slower speeds have it. */
  readonly codesAllLiterals: boolean;
}

type VersionRule = Omit<ChoiceRule, "codesAllLiterals">;

const UP_TO_1_16_3: VersionRule = {
  savedShift: 5,
  mostPlainLiterals: 32,
  looksAtFullBlocks: false,
  weighsHeaders: false,
  tellsRuns: false,
  weighsEnds: false,
};
const FROM_1_16_5: VersionRule = { ...UP_TO_1_16_3, savedShift: 6, looksAtFullBlocks: true };
const FROM_1_17_2: VersionRule = { ...FROM_1_16_5, mostPlainLiterals: 16, weighsHeaders: true };
const FROM_1_17_8: VersionRule = { ...FROM_1_17_2, tellsRuns: true };
const FROM_1_20: VersionRule = { ...FROM_1_17_8, weighsEnds: true };

/** As 1.20 has it by default. */
export const NEWEST_RULE: ChoiceRule = { ...FROM_1_20, codesAllLiterals: false };

/** Their places are numbers in recipes: what stands here never changes, and new ones come at the end. */
export const CHOICE_RULES: readonly ChoiceRule[] = [
  FROM_1_20,
  FROM_1_17_8,
  FROM_1_17_2,
  FROM_1_16_5,
  UP_TO_1_16_3,
].flatMap((rule) => [
  { ...rule, codesAllLiterals: false },
  { ...rule, codesAllLiterals: true },
]);
