import type { FrameBorders } from "./frame-borders.ts";

/** How many plain bytes a block has, and whether it ends its frame. */
export interface BlockShape {
  readonly sizeBytes: number;
  readonly isLast: boolean;
}

/** How an encoder cuts its frames. */
export interface FrameHabits {
  /** Plain bytes of a full block. */
  readonly blockBytes: number;
  /** Whether the last block of a frame is an empty one. */
  readonly endsEmpty: boolean;
}

/** What a block's shape is foretold by. */
export interface BlockPlace extends FrameHabits {
  readonly position: number;
  /** Where its frame begins. */
  readonly frameStart: number;
}

/**
 * Blocks are full up to the next border, where a frame ends. Before a border as far away as a full block there
 * is one that is not the last, and an empty one behind it: the encoder did not know that nothing would follow.
 *
 * @returns `undefined` as long as too few plain bytes have shown. More of them never change the answer.
 */
export function foretellShape(borders: FrameBorders, place: BlockPlace): BlockShape | undefined {
  const { position, frameStart, blockBytes, endsEmpty } = place;
  const border = borders.firstFrom(Math.max(position, frameStart + 1));
  if (border !== undefined && border - position < blockBytes) {
    return { sizeBytes: border - position, isLast: !endsEmpty || border === position };
  }
  const isFar = border !== undefined || borders.knownTo - position >= blockBytes;
  return isFar ? { sizeBytes: blockBytes, isLast: false } : undefined;
}
