import { RecipeError } from "../../recipe-error.ts";
import type { PlainWindow } from "../../plain-window.ts";
import type { BlockSpan } from "../sequence-finder.ts";

/** Blocks are at most this long (RFC 8878 section 3.1.1.2.4). */
export const LARGEST_BLOCK_BYTES = 128 * 1024;
/** No sequence stands for fewer bytes (RFC 8878 section 3.1.1.3.2.1.1). */
export const SHORTEST_MATCH = 3;
/** Offset values up to this one are repeats (RFC 8878 section 3.1.1.5). */
const LAST_REPEAT = 3;
/** Added to a repeat's number when no literals stand before it: then its meaning is another. */
const WITHOUT_LITERALS = 4;
/** No encoder repeats offsets in a block before it has more sequences than this: then all three are new. */
const SEQUENCES_BEFORE_REPEATS = 2;
/** So far back that it is always out of reach. */
const NO_OFFSET = 0x40000000;

/** Where a frame's first block may repeat from, before it has sequences. */
const FIRST_OFFSETS = [1, 4, 8] as const;

/**
 * How far a block is done, and the match that is to be the next sequence.
 *
 * A search proposes a match with `propose...`; then either it stands, or the real sequence takes its
 * place (`adopt`); `advance` goes behind it.
 */
export class BlockCursor {
  readonly view: DataView;
  /** A match begins less than this behind its bytes. */
  readonly windowSize: number;

  start = 0;
  end = 0;
  /** No search begins here or behind. Equals `start` when the block is not searched at all. */
  limit = 0;
  /** Nothing before this position is matched. */
  floor = 0;
  isOnlyBlock = false;
  /** Sequences of the block so far. */
  count = 0;
  /** Where the search goes on. */
  position = 0;
  /** Where the literals of the next sequence begin: the end of the match before. */
  anchor = 0;

  /** The offsets that repeats stand for, newest first. All at least 1. */
  newestOffset = 0;
  secondOffset = 0;
  thirdOffset = 0;

  /** Of the proposed match: its first byte, its length, how far back it was seen. */
  from = 0;
  length = 0;
  distance = 0;
  /**
   * 0 for an offset of its own. 1, 2, 3: the newest, second, third offset again. Without literals before
   * it 5, 6: the second and the third one, and 7: one less than the newest (RFC 8878 section 3.1.1.5).
   */
  repeat = 0;
  /** What a sequence says of the offset: 1 to 3 are repeats, larger ones are the offset plus 3. */
  offsetValue = 0;

  constructor(window: PlainWindow, windowSize: number) {
    this.view = window.view;
    this.windowSize = windowSize;
  }

  get literals(): number {
    return this.from - this.anchor;
  }

  get isSearched(): boolean {
    return this.limit > this.start;
  }

  /**
   * @param floor nothing before it is matched
   * @throws {RangeError} when the block is larger than blocks may be.
   */
  open(span: BlockSpan, floor: number): void {
    const size = span.end - span.start;
    if (size < 0 || size > LARGEST_BLOCK_BYTES) throw new RangeError(`a block of ${size} bytes`);
    this.start = span.start;
    this.end = span.end;
    this.limit = span.start;
    this.floor = Math.max(floor, span.start - this.windowSize, 0);
    this.isOnlyBlock = span.isOnlyBlock;
    this.count = 0;
    this.position = span.start;
    this.anchor = span.start;
    [this.newestOffset, this.secondOffset, this.thirdOffset] = FIRST_OFFSETS;
  }

  /** Whether offsets may be repeated by the next sequence. */
  get mayRepeat(): boolean {
    return this.count > SEQUENCES_BEFORE_REPEATS;
  }

  /** Whether offsets might have been repeated by the last sequence. */
  get mightRepeat(): boolean {
    return this.count > SEQUENCES_BEFORE_REPEATS + 1;
  }

  /** The newest offset, or one that is out of reach while none may be repeated. */
  get repeatableOffset(): number {
    return this.mayRepeat ? this.newestOffset : NO_OFFSET;
  }

  /** The newest, the second or the third one. */
  offsetOf(repeat: 1 | 2 | 3): number {
    if (repeat === 1) return this.newestOffset;
    return repeat === 2 ? this.secondOffset : this.thirdOffset;
  }

  /** Whether bytes at `at` may be matched with those at `candidate`, an entry of some table. */
  reaches(at: number, candidate: number): boolean {
    const back = at - candidate;
    return back > 0 && back < this.windowSize && candidate >= this.floor;
  }

  /** How many bytes from `ahead` on are those from `behind` on, up to the block's end. */
  commonLength(ahead: number, behind: number): number {
    const view = this.view;
    const back = ahead - behind;
    const lastFour = this.end - 4;
    let at = ahead;
    while (at <= lastFour) {
      const difference = view.getInt32(at, true) ^ view.getInt32(at - back, true);
      if (difference !== 0) return at - ahead + equalBytes(difference);
      at += 4;
    }
    while (at < this.end && view.getUint8(at) === view.getUint8(at - back)) at++;
    return at - ahead;
  }

  /** Proposes a match that was found at `from`; its four first bytes are known to be the same. */
  propose(from: number, behind: number): void {
    this.proposeLength(from, behind, this.commonLength(from + 4, behind + 4) + 4);
  }

  proposeLength(from: number, behind: number, length: number): void {
    this.from = from;
    this.length = length;
    this.distance = from - behind;
    this.repeat = 0;
    this.offsetValue = from - behind + LAST_REPEAT;
  }

  /** Says the proposed match's offset as a repeat, 1 to 3 or 5 to 7. */
  sayRepeat(repeat: number): void {
    this.repeat = repeat;
    this.offsetValue = repeat & LAST_REPEAT;
  }

  /**
   * Stretches the proposed match backwards, as far as the bytes are the same.
   *
   * @param searched where the search stood: bytes a window before it are not looked at
   * @param earliest where the match may begin at the earliest
   */
  stretch(searched: number, earliest: number): void {
    const { view, distance } = this;
    const lowest = Math.max(earliest, Math.max(searched - this.windowSize, this.floor) + distance);
    let from = this.from;
    while (from > lowest && view.getUint8(from - 1) === view.getUint8(from - 1 - distance)) from--;
    this.length += this.from - from;
    this.from = from;
  }

  /**
   * Puts a real sequence in the proposed one's place.
   *
   * @throws {RecipeError} when it does not fit into the block.
   */
  adopt(literals: number, length: number, offsetValue: number): void {
    const from = this.anchor + literals;
    if (!(literals >= 0 && length >= SHORTEST_MATCH && from + length <= this.end)) {
      throw new RecipeError("a sequence is longer than its block");
    }
    if (!(offsetValue >= 1)) throw new RecipeError("a sequence without an offset");
    this.from = from;
    this.length = length;
    this.offsetValue = offsetValue;
    const isRepeat = offsetValue <= LAST_REPEAT;
    this.repeat = isRepeat ? offsetValue + (literals === 0 ? WITHOUT_LITERALS : 0) : 0;
    this.distance = isRepeat ? 0 : Math.min(offsetValue - LAST_REPEAT, this.windowSize);
  }

  /** Goes behind the match, which now is a sequence of the block. */
  advance(): void {
    this.#moveOffsets();
    this.count++;
    this.anchor = this.from + this.length;
    this.position = this.anchor;
  }

  #moveOffsets(): void {
    const { newestOffset: newest, secondOffset: second, thirdOffset: third } = this;
    switch (this.repeat) {
      case 0:
        this.#setOffsets(this.distance, newest, second);
        return;
      case 2:
      case 5:
        this.#setOffsets(second, newest, third);
        return;
      case 3:
      case 6:
        this.#setOffsets(third, newest, second);
        return;
      case 7:
        this.#setOffsets(Math.max(newest - 1, 1), newest, second);
    }
  }

  #setOffsets(newest: number, second: number, third: number): void {
    this.newestOffset = newest;
    this.secondOffset = second;
    this.thirdOffset = third;
  }
}

/** How many bytes, from the lowest, are 0 in a difference that is not 0. */
function equalBytes(difference: number): number {
  return (31 - Math.clz32(difference & -difference)) >> 3;
}
