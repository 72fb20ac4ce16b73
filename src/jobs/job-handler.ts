import type { Clock } from "../lib/clock.ts";
import type { JobEvent } from "./job-event.ts";
import type { JobProgress, JobQueue, QueueName } from "./job-queue.ts";

/** A job in the terms of its handler. */
export interface Job<Payload> {
  readonly key: string;
  readonly payload: Payload;
  /** 1 for the first. */
  readonly attempt: number;
  /** What an earlier attempt told last; its checkpoint says which steps are done. */
  readonly progress: JobProgress | undefined;
}

export interface JobContext {
  /**
   * Aborts when the runner is stopped, or with {@link LeaseLost} when somebody else may have the job:
   * then stop at once and write nothing more.
   */
  readonly signal: AbortSignal;
  /** Durable (as far as the queue is) when it resolves. @throws {LeaseLost} */
  readonly tell: (progress: JobProgress) => Promise<void>;
}

export interface JobRunnerOptions<Payload> {
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly name: QueueName;
  /** How many jobs at a time, 1 or more. */
  readonly concurrency: number;
  /** Throws for what is none: then the job fails for good. */
  readonly parse: (payload: unknown) => Payload;
  /**
   * Does the work, in steps that may be done twice; it heeds its signal. What it throws is a failed
   * attempt, or the end where it throws a {@link PermanentFailure}.
   */
  readonly handle: (job: Job<Payload>, context: JobContext) => Promise<void>;
  /** Must not throw. */
  readonly onEvent: (event: JobEvent) => void;
}
