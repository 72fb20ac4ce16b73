import type { AddedCounts, JobState } from "../job-queue.ts";
import type { CheckedJob } from "./bounds.ts";

/** What stands in the record of the same queue and key. */
export interface ExistingJob {
  readonly state: JobState;
  readonly priority: number;
  readonly dueMs: number;
  /** Whether it pauses after a failure: then only a retry makes it come earlier. */
  readonly isPausing: boolean;
  readonly isAgain: boolean;
}

/** `insert`: also in place of a finished one. */
export type AddPlan =
  | { readonly fate: "added" }
  | { readonly fate: "unchanged" }
  | {
      readonly fate: "raised" | "again";
      readonly state: JobState;
      readonly priority: number;
      readonly dueMs: number;
      readonly isAgain: boolean;
    };

/** Decides what adding a job does to the record that may be there. */
export function planAdd(
  existing: ExistingJob | undefined,
  job: CheckedJob,
  nowMs: number,
): AddPlan & { readonly fate: keyof AddedCounts } {
  if (existing === undefined || existing.state === "done") return { fate: "added" };
  if (existing.state === "failed") return { fate: "unchanged" };
  const raised = raise(existing, job, nowMs);
  if (raised.isAgain && !existing.isAgain) return { fate: "again", ...raised };
  const isRaised = raised.priority > existing.priority || raised.dueMs < existing.dueMs;
  return isRaised ? { fate: "raised", ...raised } : { fate: "unchanged" };
}

type Raised = Omit<ExistingJob, "isPausing">;

function raise(existing: ExistingJob, job: CheckedJob, nowMs: number): Raised {
  const { state, isAgain } = existing;
  const priority = Math.max(existing.priority, job.priority);
  const earlierMs = Math.min(existing.dueMs, job.dueMs);
  if (state === "running") {
    return { state, priority, dueMs: isAgain ? earlierMs : job.dueMs, isAgain: true };
  }
  if (state !== "delayed" || existing.isPausing) {
    return { state, priority, dueMs: existing.dueMs, isAgain };
  }
  const isDue = earlierMs <= nowMs;
  return { state: isDue ? "waiting" : "delayed", priority, dueMs: earlierMs, isAgain };
}
