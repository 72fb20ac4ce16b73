import { type BorderKind, FrameBorders } from "./frame-borders.ts";
import type { StreamSample } from "./stream-sample.ts";

/** If it does not show, frames end as in zstd:chunked. */
const KINDS_OF_SEVERAL = ["parts-of-files", "files", "file-starts", "end"] as const;

/** @returns where the frames of a stream end, by its first ones. */
export function chooseBorders({ window, frameEnds }: StreamSample): BorderKind {
  if (frameEnds.length < 2) return "end";
  const plain = window.bytes.subarray(0, frameEnds.at(-1) ?? 0);
  const real = new Set(frameEnds);
  const oddities = KINDS_OF_SEVERAL.map((kind) => countOddities(plain, real, kind));
  return KINDS_OF_SEVERAL[oddities.indexOf(Math.min(...oddities))] ?? "end";
}

/** @returns how many borders there are where no frame ends, and frame ends where no border is. */
function countOddities(
  plain: Uint8Array,
  frameEnds: ReadonlySet<number>,
  kind: BorderKind,
): number {
  const borders = new FrameBorders(kind);
  borders.take(plain);
  borders.end();
  let count = frameEnds.size;
  for (let border = borders.firstFrom(1); border !== undefined;) {
    count += frameEnds.has(border) ? -1 : 1;
    border = borders.firstFrom(border + 1);
  }
  return count;
}
