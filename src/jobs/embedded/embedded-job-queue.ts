import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../lib/clock.ts";
import { JobQueueClosed } from "../errors.ts";
import type {
  AddedCounts,
  CallOptions,
  JobOutcome,
  JobPage,
  JobProgress,
  JobQueue,
  JobState,
  Lease,
  NewJob,
  QueueChange,
  QueueStatus,
  TakenJob,
} from "../job-queue.ts";
import { LeaseWatch, type SeenLease } from "../lease-watch.ts";
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from "../retry-policy.ts";
import { addJobs, NONE_ADDED, sumOfAdded } from "./adding.ts";
import { Bell } from "./bell.ts";
import { type CheckedJob, checkJob, checkProgress, requireQueueName } from "./bounds.ts";
import { changeRecords, listJobs, type PageOptions, setPaused, statusOf } from "./changing.ts";
import { JobDatabase } from "./job-database.ts";
import { beatLease, settleJob, type SettleOptions } from "./settling.ts";
import { findStill, leaseBest, leasesOf, lookAtQueue, type QueueLook } from "./taking.ts";

/** A job whose worker vanished, and where it went: `failed` when that was its last attempt. */
export interface ExpiredJob {
  readonly queue: string;
  readonly key: string;
  readonly state: JobState;
}

export interface EmbeddedJobQueueOptions extends CallOptions {
  /** Of a file whose folder is there, on a disk of this machine: SQLite's shared memory knows no network. */
  readonly path: string;
  readonly clock: Clock;
  /** 30 s unless told. The same for all who open the file. */
  readonly leaseMs?: number;
  readonly retry?: RetryPolicy;
  /** How many done jobs of each queue stay to be listed; 0 unless told. */
  readonly keepDone?: number;
  /** From 0 up to, but not including, 1. */
  readonly random?: () => number;
  /** Told of each job that this process found without a living worker. Must not throw. */
  readonly onExpired?: (job: ExpiredJob) => void;
}

const DEFAULT_LEASE_MS = 30_000;
const JOBS_AT_ONCE = 250;
const FIRST_POLL_MS = 20;
const LAST_POLL_MS = 1000;
const WORKER_VANISHED = "the worker vanished while it had the job";

/**
 * A queue in a file that several processes may have open at once, without a server. Takers in the
 * process that adds are woken at once; others look once a second at the latest.
 *
 * @throws {JobStoreCorrupt} for a file that is damaged or none of ours, see `setJobStoreAside`.
 * @throws {JobStoreTooNew} @throws {JobStoreUnavailable}; also each call of the queue may throw this or the first.
 */
export async function openEmbeddedJobQueue(options: EmbeddedJobQueueOptions): Promise<JobQueue> {
  const database = await JobDatabase.open(options.path, options);
  return new EmbeddedJobQueue(database, options);
}

class EmbeddedJobQueue implements JobQueue {
  readonly leaseMs: number;
  readonly #database: JobDatabase;
  readonly #clock: Clock;
  readonly #retry: RetryPolicy;
  readonly #keepDone: number;
  readonly #random: () => number;
  readonly #onExpired: (job: ExpiredJob) => void;
  readonly #bell = new Bell();
  readonly #watches = new Map<string, LeaseWatch>();
  #isClosed = false;

  constructor(database: JobDatabase, options: EmbeddedJobQueueOptions) {
    this.leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS;
    this.#database = database;
    this.#clock = options.clock;
    this.#retry = options.retry ?? DEFAULT_RETRY_POLICY;
    this.#keepDone = options.keepDone ?? 0;
    this.#random = options.random ?? Math.random;
    this.#onExpired = options.onExpired ?? (() => undefined);
  }

  async add(
    queue: string,
    jobs: Iterable<NewJob> | AsyncIterable<NewJob>,
    { signal }: CallOptions,
  ): Promise<AddedCounts> {
    requireQueueName(queue);
    let counts = NONE_ADDED;
    let piece: CheckedJob[] = [];
    const flush = async (): Promise<void> => {
      const adding = { queue, nowMs: this.#nowMs() };
      const more = await this.#write(() => addJobs(this.#database, piece, adding), signal);
      counts = sumOfAdded(counts, more);
      piece = [];
      this.#bell.ring(queue);
    };
    signal.throwIfAborted();
    for await (const job of jobs) {
      piece.push(checkJob(job));
      if (piece.length < JOBS_AT_ONCE) continue;
      await flush();
      await setImmediate();
    }
    if (piece.length > 0) await flush();
    return counts;
  }

  async take(
    queue: string,
    { signal, maxWaitMs = Infinity }: CallOptions & { readonly maxWaitMs?: number },
  ): Promise<TakenJob | undefined> {
    requireQueueName(queue);
    const endMs = this.#clock.monotonicMs() + maxWaitMs;
    for (
      let pollMs = FIRST_POLL_MS;
      ;
      pollMs = Math.min(2 * pollMs, LAST_POLL_MS, this.leaseMs / 4)
    ) {
      this.#requireOpen();
      const heard = this.#bell.rings;
      const nowMs = this.#nowMs();
      const look = await this.#read(() => lookAtQueue(this.#database, queue, nowMs), signal);
      const job = await this.#takeAfter(queue, look, signal);
      if (job !== undefined) return job;
      const leftMs = endMs - this.#clock.monotonicMs();
      if (leftMs <= 0) return undefined;
      const delayMs = Math.max(1, Math.min(leftMs, pollMs, untilDueMs(look, nowMs, pollMs)));
      await this.#bell.rest(queue, { heard, delayMs, clock: this.#clock, signal });
    }
  }

  async beat(
    lease: Lease,
    { signal, progress }: CallOptions & { readonly progress?: JobProgress },
  ): Promise<void> {
    const told = progress && checkProgress(progress);
    const expired = await this.#write(() => {
      beatLease(this.#database, lease, { progress: told, nowMs: this.#nowMs() });
      const leases = leasesOf(this.#database, lease.queue);
      const dead = this.#watchOf(lease.queue).look(leases, this.#clock.monotonicMs());
      return this.#expire(lease.queue, dead);
    }, signal);
    this.#tell(lease.queue, expired);
  }

  async settle(lease: Lease, outcome: JobOutcome, { signal }: CallOptions): Promise<JobState> {
    const settle = (): JobState => settleJob(this.#database, { lease, outcome }, this.#settling());
    const state = await this.#write(settle, signal);
    this.#bell.ring(lease.queue);
    return state;
  }

  async change(queue: string, change: QueueChange, { signal }: CallOptions): Promise<number> {
    requireQueueName(queue);
    const changed = await this.#change(queue, change, signal);
    this.#bell.ring(queue);
    return changed;
  }

  status({ signal }: CallOptions): Promise<readonly QueueStatus[]> {
    return this.#read(() => statusOf(this.#database), signal);
  }

  async list(queue: string, { signal, ...page }: CallOptions & PageOptions): Promise<JobPage> {
    requireQueueName(queue);
    return this.#read(() => listJobs(this.#database, queue, page), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#bell.ringAll();
    this.#database[Symbol.dispose]();
  }

  async #change(queue: string, change: QueueChange, signal: AbortSignal): Promise<number> {
    if (change.kind === "retry" || change.kind === "dismiss") {
      this.#requireOpen();
      const now = this.#clock.now();
      return changeRecords(this.#database, change, { queue, now, signal });
    }
    await this.#write(() => setPaused(this.#database, queue, change.kind === "pause"), signal);
    return 0;
  }

  /** Writes only where the look promises something: waiting costs the disk nothing. */
  async #takeAfter(
    queue: string,
    look: QueueLook,
    signal: AbortSignal,
  ): Promise<TakenJob | undefined> {
    const isDue = look.nextDueMs !== undefined && look.nextDueMs <= this.#nowMs();
    const mayHaveJob = !look.isPaused && (look.hasWaiting || isDue);
    const dead = this.#watchOf(queue).look(look.leases, this.#clock.monotonicMs());
    if (!mayHaveJob && dead.length === 0) return undefined;
    const { expired, job } = await this.#write(
      () => ({
        expired: this.#expire(queue, dead),
        job: leaseBest(this.#database, { queue, nowMs: this.#nowMs(), token: randomUUID() }),
      }),
      signal,
    );
    this.#tell(queue, expired);
    return job;
  }

  /** Takes the jobs of dead workers from them; inside of a transaction. */
  #expire(queue: string, dead: readonly SeenLease[]): readonly ExpiredJob[] {
    const leases = dead.flatMap((seen) => findStill(this.#database, queue, seen) ?? []);
    const outcome = { kind: "failed", error: WORKER_VANISHED } as const;
    return leases.map((lease) => ({
      queue,
      key: lease.key,
      state: settleJob(this.#database, { lease, outcome }, this.#settling()),
    }));
  }

  #watchOf(queue: string): LeaseWatch {
    const watch = this.#watches.get(queue) ?? new LeaseWatch(this.leaseMs);
    this.#watches.set(queue, watch);
    return watch;
  }

  #tell(queue: string, expired: readonly ExpiredJob[]): void {
    if (expired.length === 0) return;
    this.#bell.ring(queue);
    for (const job of expired) this.#onExpired(job);
  }

  #settling(): SettleOptions {
    return {
      nowMs: this.#nowMs(),
      retry: this.#retry,
      random: this.#random(),
      keepDone: this.#keepDone,
    };
  }

  async #read<Result>(task: () => Result, signal: AbortSignal): Promise<Result> {
    this.#requireOpen();
    return this.#database.read(task, { signal });
  }

  async #write<Result>(task: () => Result, signal: AbortSignal): Promise<Result> {
    this.#requireOpen();
    return this.#database.write(task, { signal });
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new JobQueueClosed();
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }
}

function untilDueMs({ isPaused, nextDueMs }: QueueLook, nowMs: number, pollMs: number): number {
  if (isPaused || nextDueMs === undefined || nextDueMs <= nowMs) return pollMs;
  return nextDueMs - nowMs;
}
