import type { PlainWindow } from "../../plain-window.ts";
import type { Framing } from "../framing.ts";
import { FARTHEST } from "./position-tables.ts";
import { SEGMENT_BYTES, type Guide, type SegmentEngine } from "./segment-engine.ts";

/** Segments that the encoder's buffer holds. */
const HELD_SEGMENTS = 5;
/** Bytes that the encoder's buffer holds. When a segment does not fit it keeps the last 32 KiB only. */
export const HELD_BYTES = HELD_SEGMENTS * SEGMENT_BYTES;
/** How many segments follow in the buffer before it is full again. */
const SEGMENTS_BETWEEN = 4;

/** Shorter segments, which end a member or block, are written as they are or as literals. */
const SHORTEST_SEARCHED = 128;
/** A block's history is searched however short, if only a match can be. */
const SHORTEST_HISTORY = 13;
/** Part of a segment's bytes, 1 in 2 to the power of this, that tokens must save to be used at all. */
const WORTH_SHIFT = 4;

const FREE: Guide = { kind: "free" };

/**
 * Leads an engine from segment to segment of a member: where they lie, what the encoder still holds, where
 * the encoder begins afresh.
 *
 * Without framing, segments follow one another from the member's start. With blocks, each block is cut
 * on its own, its encoder is new, and first searches the history, as if it were a segment, in vain.
 */
export class SegmentRunner {
  readonly window: PlainWindow;
  readonly engine: SegmentEngine;
  /** Where the next segment begins, a window position. */
  start = 0;
  /** Where the next token begins: `start`, or later when the last one reaches into the next segment. */
  emitted = 0;
  /** Segments that were run, from the member's start. */
  segments = 0;
  readonly #framing: Framing;
  /** The oldest byte that the encoder's buffer holds. May be before the window. */
  #base = 0;
  /** The oldest byte that may be looked at. */
  #floor = 0;
  /** Bytes of the current block before `start`. */
  #blockAt = 0;

  constructor(engine: SegmentEngine, window: PlainWindow, framing: Framing) {
    this.engine = engine;
    this.window = window;
    this.#framing = framing;
    engine.tables.clear();
  }

  /** Whether the next segment begins afresh, knowing the history only. */
  get isAtBlock(): boolean {
    return this.#framing.kind === "blocks" && this.#blockAt === 0;
  }

  /** Where the next segment ends, if nothing ends before. */
  get end(): number {
    if (this.#framing.kind === "none") return this.start + SEGMENT_BYTES;
    return this.start + Math.min(SEGMENT_BYTES, this.#framing.blockBytes - this.#blockAt);
  }

  /** Bytes before `start` that have to be known for all that follows. */
  get heldBytes(): number {
    return this.start - Math.max(this.#base, this.#floor);
  }

  /** Bytes before `start` that a block that begins there knows. */
  get blockHistoryBytes(): number {
    if (this.#framing.kind === "none") return 0;
    return Math.min(this.#framing.historyBytes, FARTHEST, this.start - this.#floor);
  }

  /** Runs the segment up to `end`, all of which must be in the window. */
  run(end: number, guide: Guide): void {
    if (this.isAtBlock) this.#beginBlock();
    if (end - this.#base > HELD_BYTES) this.#base = this.start - FARTHEST;
    const start = Math.max(this.start, this.emitted);
    const base = Math.max(this.#base, this.#floor);
    const isSearched = end - this.start >= SHORTEST_SEARCHED;
    this.engine.run({ start, end, base, isSearched }, guide);
    this.emitted = this.engine.trail.at;
    this.#moveTo(end);
  }

  /**
   * Whether the encoder throws the tokens of the last run away and writes all bytes as literals.
   *
   * @param spanBytes how many bytes the run was for
   */
  isWorthless(spanBytes: number): boolean {
    if (spanBytes < SHORTEST_SEARCHED) return true;
    return this.engine.trail.count > spanBytes - (spanBytes >> WORTH_SHIFT);
  }

  /** Lets the window slide so far that a segment more fits, if that needs be. */
  makeRoom(): void {
    if (this.window.capacity - this.start >= SEGMENT_BYTES) return;
    this.slide();
  }

  /** Forgets what no encoder can need. */
  slide(): void {
    const by = this.slidable;
    if (by === 0) return;
    this.window.slide(by);
    this.engine.tables.lower(by);
    this.start -= by;
    this.emitted -= by;
    this.#base -= by;
    this.#floor -= by;
  }

  /** By how much the window could slide. */
  get slidable(): number {
    return Math.max(this.start - HELD_BYTES, 0);
  }

  /**
   * Makes a fresh engine ready to go on at a place in the midst of a member that has no framing.
   *
   * @param place a segment's start, a window position
   * @param segments how many segments lie before it
   * @param historyBytes how much of what lies before the place is known
   */
  warmUp(place: number, segments: number, historyBytes: number): void {
    const count = Math.floor(historyBytes / SEGMENT_BYTES);
    this.engine.tables.clear();
    this.segments = segments - count;
    this.start = place - count * SEGMENT_BYTES;
    this.emitted = this.start;
    this.#floor = place - historyBytes;
    this.#base = this.start - heldBefore(this.segments);
    for (let index = 0; index < count; index++) this.run(this.end, FREE);
  }

  /** Makes a fresh engine ready to go on at a block's start. */
  startAtBlock(place: number): void {
    this.start = place;
    this.emitted = place;
  }

  #beginBlock(): void {
    const { engine, start } = this;
    engine.tables.clear();
    const base = start - this.blockHistoryBytes;
    const isSearched = start - base >= SHORTEST_HISTORY;
    if (isSearched) engine.run({ start: base, end: start, base, isSearched }, FREE);
    this.#base = base;
  }

  #moveTo(end: number): void {
    this.#blockAt += end - this.start;
    this.start = end;
    this.segments++;
    if (this.#framing.kind === "blocks" && this.#blockAt >= this.#framing.blockBytes)
      this.#blockAt = 0;
  }
}

/** Bytes that the encoder's buffer holds before the segment of this index, in a member without framing. */
function heldBefore(index: number): number {
  if (index <= HELD_SEGMENTS) return index * SEGMENT_BYTES;
  return FARTHEST + (((index - HELD_SEGMENTS - 1) % SEGMENTS_BETWEEN) + 1) * SEGMENT_BYTES;
}
