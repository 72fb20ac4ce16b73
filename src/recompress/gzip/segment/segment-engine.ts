/**
 * What stands between the rules of one encoder's level and the bookkeeping of a model.
 *
 * The encoders of this folder work segment by segment: up to 65,535 bytes of input at a time, the largest
 * that one stored block can hold (RFC 1951 section 3.2.4). No token crosses a segment's end. What they
 * remember from segment to segment is tables of positions, found by a hash of the bytes that stand there.
 */
import type { PositionTables } from "./position-tables.ts";

/** Bytes of every segment but the last one of a member or block. */
export const SEGMENT_BYTES = 65_535;

/** Positions in the window of plain bytes that a run is about. */
export interface SegmentSpan {
  /** Where the first token begins: the segment's start, or later when a token reaches into it. */
  readonly start: number;
  readonly end: number;
  /** The oldest byte that the encoder still holds. Nothing before it is looked at. */
  readonly base: number;
  /** Whether the encoder looks for matches at all. It leaves very short segments alone. */
  readonly isSearched: boolean;
}

/** What an engine is told of the tokens that the encoder really chose. */
export type Guide =
  /** Nothing. */
  | { readonly kind: "free" }
  /** All of them. The engine goes along and notes in `fixes` where it would have chosen others. */
  | { readonly kind: "follow"; readonly tokens: Uint32Array }
  /** What a `follow` noted: pairs of the token's index in the segment and the token, in order. */
  | { readonly kind: "replay"; readonly fixes: readonly number[] };

/** What the run came to. Changes with the next one. */
export interface SegmentTrail {
  /** The tokens, valid up to `count` after a run that did not follow. */
  readonly tokens: Uint32Array;
  readonly count: number;
  /** The position after the last token: the segment's end, or beyond it after a fix. */
  readonly at: number;
  /** Fixes as {@link Guide} has them: those that a `follow` noted, or that a `replay` was given. */
  readonly fixes: readonly number[];
  /** Whether a `replay` came past all its fixes. */
  readonly isSettled: boolean;
}

/** One level of one encoder: chooses the tokens of a segment, and remembers positions for the next. */
export interface SegmentEngine {
  readonly tables: PositionTables;
  readonly trail: SegmentTrail;
  run(span: SegmentSpan, guide: Guide): void;
}
