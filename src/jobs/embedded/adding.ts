import type { AddedCounts } from "../job-queue.ts";
import type { CheckedJob } from "./bounds.ts";
import type { JobDatabase } from "./job-database.ts";
import { type AddPlan, type ExistingJob, planAdd } from "./plan-add.ts";
import { integerOf } from "./row.ts";
import { priorityOf, stateOf } from "./record.ts";

const SELECT_EXISTING = `
  SELECT state, rank, due_ms, failed_ms, is_again FROM jobs WHERE queue = ? AND key = ?
`;
const DELETE_FINISHED = "DELETE FROM jobs WHERE queue = ? AND key = ? AND state = 'done'";
const INSERT = `
  INSERT INTO jobs (turn, queue, key, state, rank, payload, due_ms, added_ms, changed_ms)
  VALUES (
    (SELECT coalesce(max(turn), 0) + 1 FROM jobs),
    :queue, :key, :state, :rank, :payload, :dueMs, :nowMs, :nowMs
  )
`;
const RAISE = `
  UPDATE jobs SET state = :state, rank = :rank, due_ms = :dueMs, is_again = :isAgain,
    changed_ms = :nowMs
  WHERE queue = :queue AND key = :key
`;

/** Counts of nothing. */
export const NONE_ADDED: AddedCounts = { added: 0, raised: 0, again: 0, unchanged: 0 };

interface Adding {
  readonly queue: string;
  readonly nowMs: number;
}

/** Adds some jobs; inside of one transaction. */
export function addJobs(
  database: JobDatabase,
  jobs: readonly CheckedJob[],
  adding: Adding,
): AddedCounts {
  const counts = { ...NONE_ADDED };
  for (const job of jobs) {
    const plan = planAdd(findExisting(database, adding.queue, job.key), job, adding.nowMs);
    counts[plan.fate] += 1;
    if (plan.fate === "added") insert(database, job, adding);
    else if (plan.fate !== "unchanged") raise(database, plan, { ...adding, key: job.key });
  }
  return counts;
}

export function sumOfAdded(one: AddedCounts, other: AddedCounts): AddedCounts {
  return {
    added: one.added + other.added,
    raised: one.raised + other.raised,
    again: one.again + other.again,
    unchanged: one.unchanged + other.unchanged,
  };
}

function findExisting(database: JobDatabase, queue: string, key: string): ExistingJob | undefined {
  const row = database.sql(SELECT_EXISTING).get(queue, key);
  if (row === undefined) return undefined;
  return {
    state: stateOf(row),
    priority: priorityOf(row),
    dueMs: integerOf(row, "due_ms"),
    isPausing: row["failed_ms"] !== null,
    isAgain: integerOf(row, "is_again") === 1,
  };
}

function insert(database: JobDatabase, job: CheckedJob, { queue, nowMs }: Adding): void {
  database.sql(DELETE_FINISHED).run(queue, job.key);
  const state = job.dueMs > nowMs ? "delayed" : "waiting";
  const { key, payload, priority, dueMs } = job;
  database.sql(INSERT).run({ queue, key, payload, dueMs, nowMs, state, rank: -priority });
}

function raise(
  database: JobDatabase,
  { state, priority, dueMs, isAgain }: Exclude<AddPlan, { fate: "added" | "unchanged" }>,
  { queue, key, nowMs }: Adding & { readonly key: string },
): void {
  database
    .sql(RAISE)
    .run({ queue, key, nowMs, state, rank: -priority, dueMs, isAgain: isAgain ? 1 : 0 });
}
