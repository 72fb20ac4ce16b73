import type { BlockCoder } from "../coder/block-coder.ts";
import type { LiteralsSection, SequencesSection } from "../decoded-block.ts";
import { type CountBytes, LiteralStatistics } from "../tables/literal-statistics.ts";
import { SequenceStatistics } from "../tables/sequence-statistics.ts";

/** A block's bytes and sequences, before anything is said of how they are written. */
export class BlockContents {
  /** Of the bytes between the matches. */
  readonly literals: LiteralStatistics;
  /** Of all bytes, for a block without sequences. */
  readonly whole: LiteralStatistics;
  readonly sequences: SequenceStatistics;
  readonly #coder: BlockCoder;

  constructor(coder: BlockCoder) {
    const countBytes: CountBytes = (bytes, counts) => coder.countBytes(bytes, counts);
    this.literals = new LiteralStatistics(countBytes);
    this.whole = new LiteralStatistics(countBytes);
    this.sequences = new SequenceStatistics(coder);
    this.#coder = coder;
  }

  /** Plain bytes. */
  get size(): number {
    return this.whole.size;
  }

  /**
   * @param plain the block's bytes, borrowed until the next call, as the sequences are
   * @param count of sequences, three numbers each
   * @throws {RecipeError} when the sequences do not fit the bytes.
   */
  take(plain: Uint8Array, sequences: Int32Array, count: number): void {
    this.whole.take(plain, plain.length);
    const gathered = this.#coder.gather(plain, sequences, count);
    this.sequences.take(gathered.sequences, count);
    this.literals.take(gathered.literals, gathered.literals.length);
  }

  /**
   * The same of a decoded block, of which more is known.
   *
   * @param plain the block's bytes; all arrays are borrowed until the next call
   */
  takeDecoded(plain: Uint8Array, literals: LiteralsSection, sequences: SequencesSection): void {
    this.whole.take(plain, plain.length);
    this.sequences.take(sequences.sequences, sequences.count, sequences.codes);
    this.literals.take(literals.bytes, literals.size);
  }
}
