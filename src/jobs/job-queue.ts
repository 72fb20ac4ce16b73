/**
 * The port to durable background work. Every implementation passes `test/contracts/job-queue.ts`.
 *
 * A job is a durable record and an idempotent list of steps. It is known by its queue and its key, of
 * which there is one record at most. What holds for all of them:
 *
 * - At least once: a job that was added runs until it is done, has failed for good or is dismissed. A
 *   worker that is killed costs at most the step that it was in, see {@link JobProgress.checkpoint}.
 * - A worker holds a job by a {@link Lease}, which it keeps alive by beats. While it does, nobody else
 *   is given the job. Leases are measured by watching, never by the time of day: a lease has run out
 *   once somebody who waits for jobs of that queue saw no beat for `leaseMs`. So a step of the clock ends
 *   none, and a new process needs all of `leaseMs` to find out which ones are dead.
 * - Every taking is an attempt, counted before the work begins: a job that kills its process is found
 *   out by its attempts. Only a job that is given back is not counted.
 * - A failed attempt is tried again after a pause that grows; after the last one the job stays in the
 *   state `failed` with its error until somebody retries or dismisses it.
 *
 * Losing the queue costs work done again and never data: a reconciler has to find out from the store
 * what is to be done, and adds it again.
 */

/** Every call takes the caller's signal, and rejects with `signal.reason` once it is aborted. */
export interface CallOptions {
  readonly signal: AbortSignal;
}

/** `waiting`: may be taken at once; `delayed`: not before some moment, or pausing after a failure. */
export const JOB_STATES = ["waiting", "delayed", "running", "failed", "done"] as const;
export type JobState = (typeof JOB_STATES)[number];

/** The name of a queue: 1 to 64 characters of `a-z 0-9 - .`, beginning with a letter. */
export type QueueName = string;

export interface NewJob {
  /** 1 to 512 characters; what makes the job unique in its queue, such as a blob's digest. */
  readonly key: string;
  /** What JSON can carry, at most 64 KiB of it; no secrets. It is the key's: adding the key again does not replace it. */
  readonly payload?: unknown;
  /** 0 (unless told) to 1000; more is taken earlier, equals in the order in which they were added. */
  readonly priority?: number;
  /** A moment of the day's clock, which is believed. */
  readonly notBefore?: Date;
}

/** How many jobs met which fate when they were added. */
export interface AddedCounts {
  readonly added: number;
  /** Waited already, and got a higher priority or an earlier moment. */
  readonly raised: number;
  /** Runs at this moment, and will run once more after that. */
  readonly again: number;
  /** Waited already, or has failed: only a retry brings that back, lest a poisonous job be tried for ever. */
  readonly unchanged: number;
}

/** Tells the one taking of a job from all others. Plain data. */
export interface Lease {
  readonly queue: QueueName;
  readonly key: string;
  readonly token: string;
}

/** What a running job tells of itself: at most 16 KiB as JSON, no secrets. */
export interface JobProgress {
  /** For people. */
  readonly text?: string;
  readonly done?: number;
  readonly total?: number;
  /** The next attempt of the same run is given it back, so that it can go on behind the steps that are done. */
  readonly checkpoint?: unknown;
}

export interface TakenJob {
  readonly lease: Lease;
  /** As it was added; `undefined` when the record can no longer be read. */
  readonly payload: unknown;
  /** 1 for the first. */
  readonly attempt: number;
  /** What an earlier attempt told last; `undefined` in a run that was asked for while the job ran. */
  readonly progress: JobProgress | undefined;
  /** How the attempt before ended. */
  readonly lastError: string | undefined;
}

/**
 * `done`: forgotten, or kept for a bounded history. `failed`: tried again after a pause (`retryAfterMs`
 * or the queue's own), or never when it is permanent or was the last attempt. `given-back`: waits as it
 * did before it was taken, and the attempt does not count.
 */
export type JobOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "given-back" }
  | {
      readonly kind: "failed";
      /** For people, without secrets; cut after 4000 characters. */
      readonly error: string;
      readonly isPermanent?: boolean;
      readonly retryAfterMs?: number;
    };

/**
 * `retry`: failed jobs wait again, with all their attempts. `dismiss`: jobs are forgotten; one that runs
 * is left alone. Both act on the named keys that there are, or else on all failed ones. `pause`: no job
 * is taken until `resume`, also after a restart; what runs may go on.
 */
export type QueueChange =
  | { readonly kind: "pause" | "resume" }
  | { readonly kind: "retry" | "dismiss"; readonly keys?: readonly string[] };

export interface QueueStatus {
  readonly queue: QueueName;
  readonly isPaused: boolean;
  readonly counts: Readonly<Record<JobState, number>>;
}

export interface JobRecord {
  readonly key: string;
  readonly state: JobState;
  readonly payload: unknown;
  readonly priority: number;
  readonly attempts: number;
  readonly addedAt: Date;
  /** When it last was added, taken, settled or told its progress. */
  readonly changedAt: Date;
  /** Of a delayed one: the moment before which it is not taken. */
  readonly notBefore: Date | undefined;
  /** Of a running one: whether it will run once more after this. */
  readonly isAgain: boolean;
  readonly progress: JobProgress | undefined;
  readonly lastError: string | undefined;
}

export interface JobPage {
  readonly jobs: readonly JobRecord[];
  /** For the next page; `undefined` after the last. */
  readonly next: string | undefined;
}

/**
 * Disposing it ends what waits in {@link JobQueue.take} with {@link JobQueueClosed} and closes it; give
 * jobs back before.
 */
export interface JobQueue extends AsyncDisposable {
  /** A lease without a beat for so long may be given to another worker. Beat three times as often. */
  readonly leaseMs: number;

  /**
   * Adds jobs, one or millions: in bounded pieces, between which other work has its turn. What a
   * rejection leaves undone is a tail of `jobs`. A power cut (not a crash of the process) may lose what
   * was added in the last moments: a reconciler finds it again.
   * @throws {InvalidJob} before the piece in which it stands is written.
   */
  add(
    queue: QueueName,
    jobs: Iterable<NewJob> | AsyncIterable<NewJob>,
    options: CallOptions,
  ): Promise<AddedCounts>;

  /**
   * Waits for the best job of the queue and leases it.
   * @param options.maxWaitMs how long to wait, 0 for one look; for ever by default.
   * @returns `undefined` only when that time is over.
   */
  take(
    queue: QueueName,
    options: CallOptions & { readonly maxWaitMs?: number },
  ): Promise<TakenJob | undefined>;

  /** Keeps the lease alive, and notes progress where some is given. @throws {LeaseLost} when somebody else may have the job. */
  beat(lease: Lease, options: CallOptions & { readonly progress?: JobProgress }): Promise<void>;

  /**
   * Ends a lease.
   * @returns where the job is now: `waiting` also when it is to run again; `done` when it is forgotten.
   * @throws {LeaseLost} and changes nothing.
   */
  settle(lease: Lease, outcome: JobOutcome, options: CallOptions): Promise<JobState>;

  /** @returns how many jobs were retried or dismissed; 0 for the others. */
  change(queue: QueueName, change: QueueChange, options: CallOptions): Promise<number>;

  /** All queues that ever had a job or were paused, by name. */
  status(options: CallOptions): Promise<readonly QueueStatus[]>;

  /**
   * Jobs of one state in the order in which they would be taken.
   * @param options.after `next` of the page before.
   * @param options.limit 1 to 1000.
   */
  list(
    queue: QueueName,
    options: CallOptions & {
      readonly state: JobState;
      readonly after?: string;
      readonly limit: number;
    },
  ): Promise<JobPage>;
}
