/** What is to become of a pack. Pure. */
import type { ChunkId } from "../../chunks/chunk-id.ts";
import type { PlacedFrame } from "../../chunks/packs/pack-directory.ts";
import type { SurveyedPack } from "./pack-survey.ts";

/** Ids of chunks that are needed. */
export interface LiveChunks {
  has(id: ChunkId): boolean;
}

/** Nothing of the pack is needed; so little that this little is moved to another one; or enough. */
export type Fate = "goes" | "is-written-anew" | "stays";

export interface PackVerdict {
  readonly fate: Fate;
  /** Of its frames, about: a frame counts by what share of its chunks is needed. */
  readonly liveBytes: number;
  /** Frames of which nothing is needed, so that what they lean on may go. */
  readonly idle: readonly PlacedFrame[];
}

export function judgePack({ frames, frameBytes }: SurveyedPack, live: LiveChunks): PackVerdict {
  let liveBytes = 0;
  let liveFrames = 0;
  const idle: PlacedFrame[] = [];
  for (const frame of frames) {
    const alive = liveChunksOf(frame, live);
    if (alive.length === 0) {
      if (frame.depth > 0) idle.push(frame);
      continue;
    }
    liveFrames += 1;
    liveBytes += (frame.sizeBytes * rawBytes(alive)) / Math.max(1, rawBytes(frame.chunks));
  }
  return { fate: fateOf({ liveFrames, liveBytes, frameBytes }), liveBytes, idle };
}

function fateOf({
  liveFrames,
  liveBytes,
  frameBytes,
}: {
  readonly liveFrames: number;
  readonly liveBytes: number;
  readonly frameBytes: number;
}): Fate {
  if (liveFrames === 0) return "goes";
  return 2 * liveBytes < frameBytes ? "is-written-anew" : "stays";
}

export function liveChunksOf({ chunks }: PlacedFrame, live: LiveChunks): PlacedFrame["chunks"] {
  return chunks.filter(({ id }) => live.has(id));
}

function rawBytes(chunks: PlacedFrame["chunks"]): number {
  return chunks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
