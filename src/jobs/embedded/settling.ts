import { LeaseLost } from "../errors.ts";
import type { JobOutcome, JobState, Lease } from "../job-queue.ts";
import { retryDelayMs, type RetryPolicy } from "../retry-policy.ts";
import type { JobDatabase } from "./job-database.ts";
import { integerOf } from "./row.ts";

const MAX_ERROR_LENGTH = 4000;

const BEAT = `
  UPDATE jobs SET beat = beat + 1
  WHERE queue = :queue AND key = :key AND state = 'running' AND token = :token
`;
const TELL_PROGRESS = `
  UPDATE jobs SET beat = beat + 1, progress = :progress, changed_ms = :nowMs
  WHERE queue = :queue AND key = :key AND state = 'running' AND token = :token
`;
const FIND = `
  SELECT turn, attempts, is_again, due_ms FROM jobs
  WHERE queue = :queue AND key = :key AND state = 'running' AND token = :token
`;
const RUN_AGAIN = `
  UPDATE jobs SET turn = (SELECT max(turn) + 1 FROM jobs), state = :state, attempts = 0,
    is_again = 0, token = NULL, progress = NULL, error = NULL, changed_ms = :nowMs
  WHERE turn = :turn
`;
const KEEP_DONE = `
  UPDATE jobs SET turn = (SELECT max(turn) + 1 FROM jobs), state = 'done', token = NULL,
    error = NULL, changed_ms = :nowMs
  WHERE turn = :turn
`;
const FORGET = "DELETE FROM jobs WHERE turn = ?";
const FORGET_OLDEST_DONE = `
  DELETE FROM jobs WHERE turn IN (
    SELECT turn FROM jobs WHERE queue = :queue AND state = 'done' ORDER BY turn LIMIT max(0, :surplus)
  )
`;
const COUNT_DONE = "SELECT jobs FROM counts WHERE queue = ? AND state = 'done'";
const GIVE_BACK = `
  UPDATE jobs SET state = 'waiting', attempts = attempts - 1, due_ms = 0, token = NULL,
    changed_ms = :nowMs
  WHERE turn = :turn
`;
const PAUSE_AFTER_FAILURE = `
  UPDATE jobs SET state = 'delayed', due_ms = :dueMs, failed_ms = :nowMs, error = :error,
    token = NULL, changed_ms = :nowMs
  WHERE turn = :turn
`;
const FAIL_FOR_GOOD = `
  UPDATE jobs SET state = 'failed', error = :error, token = NULL, changed_ms = :nowMs
  WHERE turn = :turn
`;

export interface SettleOptions {
  readonly nowMs: number;
  readonly retry: RetryPolicy;
  /** From 0 up to, but not including, 1. */
  readonly random: number;
  /** How many done jobs of a queue are kept. */
  readonly keepDone: number;
}

interface RunningJob {
  readonly turn: number;
  readonly attempts: number;
  readonly isAgain: boolean;
  readonly againMs: number;
}

/** @param options.progress as JSON. @throws {LeaseLost} */
export function beatLease(
  database: JobDatabase,
  { queue, key, token }: Lease,
  { progress, nowMs }: { readonly progress: string | undefined; readonly nowMs: number },
): void {
  const lease = { queue, key, token };
  const { changes } =
    progress === undefined
      ? database.sql(BEAT).run(lease)
      : database.sql(TELL_PROGRESS).run({ ...lease, progress, nowMs });
  if (changes === 0) throw new LeaseLost(lease);
}

/** Ends a lease; inside of a transaction. @returns where the job went. @throws {LeaseLost} */
export function settleJob(
  database: JobDatabase,
  { lease, outcome }: { readonly lease: Lease; readonly outcome: JobOutcome },
  options: SettleOptions,
): JobState {
  const job = findRunning(database, lease);
  switch (outcome.kind) {
    case "done":
      return finish(database, { ...job, queue: lease.queue }, options);
    case "given-back":
      database.sql(GIVE_BACK).run({ turn: job.turn, nowMs: options.nowMs });
      return "waiting";
    case "failed":
      return fail(database, { job, outcome }, options);
  }
}

function findRunning(database: JobDatabase, { queue, key, token }: Lease): RunningJob {
  const row = database.sql(FIND).get({ queue, key, token });
  if (row === undefined) throw new LeaseLost({ queue, key });
  return {
    turn: integerOf(row, "turn"),
    attempts: integerOf(row, "attempts"),
    isAgain: integerOf(row, "is_again") === 1,
    againMs: integerOf(row, "due_ms"),
  };
}

function finish(
  database: JobDatabase,
  { turn, isAgain, againMs, queue }: RunningJob & { readonly queue: string },
  { nowMs, keepDone }: SettleOptions,
): JobState {
  if (isAgain) {
    const state = againMs > nowMs ? "delayed" : "waiting";
    database.sql(RUN_AGAIN).run({ turn, nowMs, state });
    return state;
  }
  if (keepDone === 0) database.sql(FORGET).run(turn);
  else {
    database.sql(KEEP_DONE).run({ turn, nowMs });
    const kept = integerOf(database.sql(COUNT_DONE).get(queue), "jobs");
    if (kept > keepDone) database.sql(FORGET_OLDEST_DONE).run({ queue, surplus: kept - keepDone });
  }
  return "done";
}

interface Failure {
  readonly job: RunningJob;
  readonly outcome: Extract<JobOutcome, { kind: "failed" }>;
}

function fail(
  database: JobDatabase,
  { job: { turn, attempts }, outcome }: Failure,
  { nowMs, retry, random }: SettleOptions,
): JobState {
  const error = outcome.error.slice(0, MAX_ERROR_LENGTH);
  if (outcome.isPermanent === true || attempts >= retry.maxAttempts) {
    database.sql(FAIL_FOR_GOOD).run({ turn, error, nowMs });
    return "failed";
  }
  const delayMs = outcome.retryAfterMs ?? retryDelayMs(retry, attempts, random);
  const dueMs = nowMs + Math.max(0, Math.ceil(delayMs));
  database.sql(PAUSE_AFTER_FAILURE).run({ turn, error, nowMs, dueMs });
  return "delayed";
}
