import type { JobState } from "./job-queue.ts";

interface OfJob {
  readonly queue: string;
  readonly key: string;
}

/** What a runner tells of its work, for logs and metrics. Errors are as they were thrown: clean them before they are shown. */
export type JobEvent =
  | (OfJob & { readonly kind: "started"; readonly attempt: number })
  | (OfJob & { readonly kind: "done"; readonly durationMs: number })
  /** `state`: `delayed` before another attempt, or `failed`. */
  | (OfJob & {
      readonly kind: "failed";
      readonly attempt: number;
      readonly error: unknown;
      readonly state: JobState;
      readonly durationMs: number;
    })
  | (OfJob & { readonly kind: "given-back" })
  /** Somebody else may have the job; what its handler still did was lost or is done again. */
  | (OfJob & { readonly kind: "lease-lost" })
  /** The queue could not be reached; the runner tries again by itself. */
  | { readonly kind: "store-failed"; readonly queue: string; readonly error: unknown };
