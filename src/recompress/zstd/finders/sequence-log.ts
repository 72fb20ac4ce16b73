import type { Guide } from "../sequence-finder.ts";
import { type BlockCursor, LARGEST_BLOCK_BYTES, SHORTEST_MATCH } from "./block-cursor.ts";

const MOST_SEQUENCES = Math.ceil(LARGEST_BLOCK_BYTES / SHORTEST_MATCH);
/** Literals, length, offset value. */
export const NUMBERS_OF_SEQUENCE = 3;
/** Which sequence it is for, and the sequence. */
export const NUMBERS_OF_FIX = 4;
const NO_SEQUENCES = new Int32Array(0);
const NO_FIXES: readonly number[] = [];

/**
 * The sequences of a block, and where they differ from those that the model proposed.
 *
 * What it answers while it follows and while it replays what it then noted is the same.
 */
export class SequenceLog {
  readonly sequences = new Int32Array(NUMBERS_OF_SEQUENCE * MOST_SEQUENCES);
  fixes: number[] = [];

  #kind: Guide["kind"] = "free";
  #real: Int32Array = NO_SEQUENCES;
  #realCount = 0;
  #given: readonly number[] = NO_FIXES;
  #nextGiven = 0;
  /** In a replay: which sequence the next fix is for, or -1. */
  #fixedIndex = -1;

  begin(guide: Guide): void {
    this.#kind = guide.kind;
    this.fixes = [];
    this.#fixedIndex = -1;
    if (guide.kind === "follow") {
      this.#real = guide.sequences;
      this.#realCount = guide.count;
    }
    if (guide.kind === "replay") {
      this.#given = guide.fixes;
      this.#nextGiven = 0;
      this.#readFixedIndex();
    }
  }

  /** Takes the match that the cursor proposes. @returns whether it stands */
  keeps(cursor: BlockCursor): boolean {
    const at = NUMBERS_OF_SEQUENCE * cursor.count;
    const sequences = this.sequences;
    const { literals, length, offsetValue } = cursor;
    sequences[at] = literals;
    sequences[at + 1] = length;
    sequences[at + 2] = offsetValue;
    if (this.#kind !== "follow") return cursor.count !== this.#fixedIndex;
    const real = this.#real;
    const isReal = real[at] === literals && real[at + 1] === length && real[at + 2] === offsetValue;
    return isReal && cursor.count < this.#realCount;
  }

  /**
   * Notes or reads what stands in the place of a proposed match, or of none, as sequence `index`.
   *
   * @returns `false` when nothing does: the block's sequences end here
   */
  hasOther(index: number, wasProposed: boolean): boolean {
    if (!wasProposed && !this.#isLonger(index)) return false;
    const fix = this.#kind === "follow" ? this.#noteReal(index) : this.#takeGiven();
    const at = NUMBERS_OF_SEQUENCE * index;
    let sum = 0;
    for (let number = 0; number < NUMBERS_OF_SEQUENCE; number++) {
      const value = fix[number] ?? 0;
      this.sequences[at + number] = value;
      sum += Math.abs(value);
    }
    return sum !== 0;
  }

  /** Whether there is a sequence `index` though none is proposed. */
  #isLonger(index: number): boolean {
    return this.#kind === "follow" ? index < this.#realCount : index === this.#fixedIndex;
  }

  #noteReal(index: number): ArrayLike<number> {
    const at = NUMBERS_OF_SEQUENCE * index;
    const real =
      index < this.#realCount ? this.#real.subarray(at, at + NUMBERS_OF_SEQUENCE) : [0, 0, 0];
    this.fixes.push(index, ...real);
    return real;
  }

  #takeGiven(): readonly number[] {
    const at = this.#nextGiven + 1;
    this.#nextGiven += NUMBERS_OF_FIX;
    this.#readFixedIndex();
    return this.#given.slice(at, at + NUMBERS_OF_SEQUENCE);
  }

  #readFixedIndex(): void {
    this.#fixedIndex = this.#given[this.#nextGiven] ?? -1;
  }
}
