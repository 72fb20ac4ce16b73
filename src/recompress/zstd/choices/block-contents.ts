import { RecipeError } from "../../recipe-error.ts";
import type { LiteralsSection, SequencesSection } from "../decoded-block.ts";
import { LARGEST_BLOCK_BYTES } from "../limits.ts";
import { LiteralStatistics } from "../tables/literal-statistics.ts";
import { SequenceStatistics } from "../tables/sequence-statistics.ts";

const SLACK_BYTES = 16;
/** Fewer are copied one by one. */
const MANY_BYTES = 32;

/** A block's bytes and sequences, before anything is said of how they are written. */
export class BlockContents {
  /** Of the bytes between the matches. */
  readonly literals = new LiteralStatistics();
  /** Of all bytes, for a block without sequences. */
  readonly whole = new LiteralStatistics();
  readonly sequences = new SequenceStatistics();
  readonly #literals = new Uint8Array(LARGEST_BLOCK_BYTES + SLACK_BYTES);

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
    this.sequences.take(sequences, count);
    this.literals.take(this.#literals, this.#gather(plain, sequences, count));
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

  /** Puts the bytes between the matches together. @returns how many there are. */
  #gather(plain: Uint8Array, sequences: Int32Array, count: number): number {
    let from = 0;
    let size = 0;
    for (let at = 0; at < 3 * count; at += 3) {
      const length = sequences[at] ?? 0;
      const next = from + length + (sequences[at + 1] ?? 0);
      if (next > plain.length)
        throw new RecipeError("a block's sequences are longer than the block");
      this.#copy(plain, { from, length, to: size });
      size += length;
      from = next;
    }
    this.#copy(plain, { from, length: plain.length - from, to: size });
    return size + plain.length - from;
  }

  #copy(
    plain: Uint8Array,
    { from, length, to }: { readonly from: number; readonly length: number; readonly to: number },
  ): void {
    if (length > MANY_BYTES) {
      this.#literals.set(plain.subarray(from, from + length), to);
      return;
    }
    for (let at = 0; at < length; at++) this.#literals[to + at] = plain[from + at] ?? 0;
  }
}
