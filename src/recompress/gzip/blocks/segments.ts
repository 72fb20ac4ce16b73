import type { Framing } from "../framing.ts";
import type { TokenModel } from "../token-model.ts";

/** Bytes that klauspost's encoders of blocks work through at a time. */
const SEGMENT_BYTES = 65_535;
/** Tokens that its other encoders gather before they write. */
const SEGMENT_TOKENS = 32_768;

/** The most tokens that a rebuild will gather before it makes a block's codes: 16 MiB of them. */
export const MOST_GATHERED_TOKENS: number = 4 * 1024 * 1024;

/** Where a block's first segment ends: before whichever comes first. */
export interface SegmentEnd {
  /** Counted from the member's start. Tokens that begin before it are of the segment. */
  readonly byte: number;
  /** Counted from the block's start. */
  readonly tokens: number;
}

/** @returns where the framing's block ends in which the member's byte `position` lies. */
export function frameEnd(framing: Framing, position: number): number {
  if (framing.kind === "none") return Infinity;
  return position - (position % framing.blockBytes) + framing.blockBytes;
}

/**
 * @param blockStart plain bytes of the member before the block
 * @returns the end of the block's first segment. Segments are counted in bytes from the start of the
 * member, or of the framing's block, where the model cuts by bytes; else in tokens from the block's start.
 */
export function segmentEnd(
  sizeUnit: TokenModel["sizeUnit"],
  framing: Framing,
  blockStart: number,
): SegmentEnd {
  if (sizeUnit === "tokens") return { byte: Infinity, tokens: SEGMENT_TOKENS };
  const within = framing.kind === "none" ? blockStart : blockStart % framing.blockBytes;
  const end = blockStart - (within % SEGMENT_BYTES) + SEGMENT_BYTES;
  return { byte: Math.min(end, frameEnd(framing, blockStart)), tokens: Infinity };
}
