import type { SeenLease } from "../lease-watch.ts";
import type { Lease, TakenJob } from "../job-queue.ts";
import type { JobDatabase } from "./job-database.ts";
import { takenOf } from "./record.ts";
import { integerOf, type Row, textOf } from "./row.ts";

const IS_PAUSED = "SELECT is_paused FROM pauses WHERE queue = ?";
const HAS_WAITING = "SELECT 1 FROM jobs WHERE queue = ? AND state = 'waiting' LIMIT 1";
const NEXT_DUE = "SELECT min(due_ms) AS due_ms FROM jobs WHERE queue = ? AND state = 'delayed'";
const HAS_FUTURE_FAILURE = `
  SELECT 1 FROM jobs WHERE queue = ? AND state = 'delayed' AND failed_ms > ? LIMIT 1
`;
const LEASES = "SELECT token, beat FROM jobs WHERE queue = ? AND state = 'running'";

/** Some at a time, so that no transaction grows with the number of the delayed. */
const PROMOTE_DUE = `
  UPDATE jobs SET state = 'waiting', failed_ms = NULL WHERE turn IN (
    SELECT turn FROM jobs WHERE queue = ? AND state = 'delayed' AND due_ms <= ? LIMIT 500
  )
`;
const PROMOTE_FUTURE_FAILURES = `
  UPDATE jobs SET state = 'waiting', failed_ms = NULL WHERE turn IN (
    SELECT turn FROM jobs WHERE queue = ? AND state = 'delayed' AND failed_ms > ? LIMIT 500
  )
`;
const LEASE_BEST = `
  UPDATE jobs SET state = 'running', token = :token, beat = 0, attempts = attempts + 1, due_ms = 0,
    progress = CASE WHEN is_again THEN NULL ELSE progress END, is_again = 0, changed_ms = :nowMs
  WHERE turn = (
    SELECT turn FROM jobs WHERE queue = :queue AND state = 'waiting'
    ORDER BY rank, turn LIMIT 1
  )
  RETURNING *
`;
const FIND_STILL = `
  SELECT key FROM jobs WHERE queue = ? AND state = 'running' AND token = ? AND beat = ?
`;

/** What a look at a queue tells without writing anything. */
export interface QueueLook {
  readonly isPaused: boolean;
  readonly hasWaiting: boolean;
  /** The moment at which the next delayed one is due: now where a pause is no longer to be measured; `undefined` when none is delayed. */
  readonly nextDueMs: number | undefined;
  readonly leases: readonly SeenLease[];
}

export function lookAtQueue(database: JobDatabase, queue: string, nowMs: number): QueueLook {
  const isClockBehind = database.sql(HAS_FUTURE_FAILURE).get(queue, nowMs) !== undefined;
  const dueMs = database.sql(NEXT_DUE).get(queue)?.["due_ms"];
  return {
    isPaused: isPaused(database, queue),
    hasWaiting: database.sql(HAS_WAITING).get(queue) !== undefined,
    nextDueMs: isClockBehind ? nowMs : typeof dueMs === "number" ? dueMs : undefined,
    leases: leasesOf(database, queue),
  };
}

/** The leases of the jobs that run. */
export function leasesOf(database: JobDatabase, queue: string): readonly SeenLease[] {
  const rows: readonly Row[] = database.sql(LEASES).all(queue);
  return rows.map((row) => ({ token: textOf(row, "token"), beat: integerOf(row, "beat") }));
}

/** Whether no job of the queue may be taken. */
export function isPaused(database: JobDatabase, queue: string): boolean {
  return database.sql(IS_PAUSED).get(queue)?.["is_paused"] === 1;
}

interface Leasing {
  readonly queue: string;
  readonly nowMs: number;
  readonly token: string;
}

/** Leases the best job, if any may be taken; inside of a transaction. */
export function leaseBest(
  database: JobDatabase,
  { queue, nowMs, token }: Leasing,
): TakenJob | undefined {
  if (isPaused(database, queue)) return undefined;
  database.sql(PROMOTE_DUE).run(queue, nowMs);
  database.sql(PROMOTE_FUTURE_FAILURES).run(queue, nowMs);
  const row = database.sql(LEASE_BEST).get({ queue, nowMs, token });
  return row && takenOf(row);
}

/** The lease of a running job that is still as it was seen. */
export function findStill(
  database: JobDatabase,
  queue: string,
  { token, beat }: SeenLease,
): Lease | undefined {
  const row = database.sql(FIND_STILL).get(queue, token, beat);
  return row && { queue, token, key: textOf(row, "key") };
}
