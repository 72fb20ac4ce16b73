import type { BlockSpan } from "../sequence-finder.ts";

/** How an encoder cuts frames into jobs, which it compresses side by side. */
export interface JobCut {
  /** Of one job, above 0; `undefined` where there are none. */
  readonly jobBytes: number | undefined;
  readonly windowSize: number;
  /** A job is given the last 1/`overlapShare` of a window before it. */
  readonly overlapShare: number;
}

/** What a block has to do with its job. */
export interface JobPlace {
  /** Nothing before it is matched. */
  readonly floor: number;
  /** Where the bytes begin that the job is given; `undefined` unless the block is the first of a job after the first. */
  readonly overlapFrom: number | undefined;
}

/** At the start of each job but the first the tables are made anew, from some bytes before it. */
export function placeInJob(
  span: BlockSpan,
  { jobBytes, windowSize, overlapShare }: JobCut,
): JobPlace {
  const done = span.start - span.frameStart;
  if (jobBytes === undefined || done < jobBytes) {
    return { floor: span.frameStart, overlapFrom: undefined };
  }
  const jobStart = span.start - (done % jobBytes);
  const overlapStart = jobStart - Math.min(Math.floor(windowSize / overlapShare), jobBytes);
  const isFirst = jobStart === span.start;
  return { floor: overlapStart, overlapFrom: isFirst ? Math.max(overlapStart, 0) : undefined };
}
