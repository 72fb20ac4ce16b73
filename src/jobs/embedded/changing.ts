import { setImmediate } from "node:timers/promises";
import {
  type CallOptions,
  type JobPage,
  type JobState,
  type QueueChange,
  type QueueStatus,
} from "../job-queue.ts";
import { InvalidJob } from "../errors.ts";
import type { JobDatabase } from "./job-database.ts";
import { recordOf } from "./record.ts";
import { integerOf, type Row, textOf } from "./row.ts";
import { isPaused } from "./taking.ts";

const SET_PAUSED = `
  INSERT INTO pauses VALUES (:queue, :isPaused)
  ON CONFLICT (queue) DO UPDATE SET is_paused = excluded.is_paused
`;
const SET_RETRIED =
  "UPDATE jobs SET state = 'waiting', attempts = 0, due_ms = 0, changed_ms = :nowMs";
const ALL_FAILED = "SELECT turn FROM jobs WHERE queue = :queue AND state = 'failed' LIMIT 500";

/** Each a statement for the named key, and one for the next few of all failed jobs. */
const CHANGES = {
  retry: {
    one: `${SET_RETRIED} WHERE queue = :queue AND key = :key AND state = 'failed'`,
    some: `${SET_RETRIED} WHERE turn IN (${ALL_FAILED})`,
  },
  dismiss: {
    one: "DELETE FROM jobs WHERE queue = :queue AND key = :key AND state <> 'running'",
    some: `DELETE FROM jobs WHERE turn IN (${ALL_FAILED})`,
  },
} as const;

const QUEUES = "SELECT queue FROM counts UNION SELECT queue FROM pauses ORDER BY queue";
const COUNT = "SELECT jobs FROM counts WHERE queue = ? AND state = ?";
const FIRST_RANK = Number.MIN_SAFE_INTEGER;
const OF_STATE = "SELECT * FROM jobs WHERE queue = :queue AND state = :state";
/** In two halves, each of which is one stretch of the index however deep the page lies. */
const PAGE = `
  SELECT * FROM (
    SELECT * FROM (${OF_STATE} AND rank = :rank AND turn > :turn ORDER BY turn LIMIT :limit)
    UNION ALL
    SELECT * FROM (${OF_STATE} AND rank > :rank ORDER BY rank, turn LIMIT :limit)
  )
  ORDER BY rank, turn LIMIT :limit
`;
const CURSOR = /^(-?\d{1,15})\.(\d{1,15})$/;
const MAX_PAGE_JOBS = 1000;
const KEYS_AT_ONCE = 250;

export function setPaused(database: JobDatabase, queue: string, isToPause: boolean): void {
  database.sql(SET_PAUSED).run({ queue, isPaused: isToPause ? 1 : 0 });
}

type RecordChange = Extract<QueueChange, { kind: "retry" | "dismiss" }>;

interface Changing extends CallOptions {
  readonly queue: string;
  readonly now: Date;
}

/** Changes named jobs or all failed ones, in bounded transactions. @returns how many it were. */
export async function changeRecords(
  database: JobDatabase,
  { kind, keys }: RecordChange,
  { queue, now, signal }: Changing,
): Promise<number> {
  const { one, some } = CHANGES[kind];
  const time = kind === "retry" ? { nowMs: now.getTime() } : {};
  const run = (sql: string, named: { readonly key?: string }): number =>
    Number(database.sql(sql).run({ ...named, ...time, queue }).changes);
  const changeSome = (): number => run(some, {});
  if (keys === undefined) return untilNone(() => database.write(changeSome, { signal }));
  let changed = 0;
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    const piece = keys.slice(at, at + KEYS_AT_ONCE);
    const changePiece = (): number => piece.reduce((sum, key) => sum + run(one, { key }), 0);
    changed += await database.write(changePiece, { signal });
    await setImmediate();
  }
  return changed;
}

async function untilNone(changeSome: () => Promise<number>): Promise<number> {
  let changed = 0;
  for (;;) {
    const more = await changeSome();
    if (more === 0) return changed;
    changed += more;
    await setImmediate();
  }
}

export function statusOf(database: JobDatabase): readonly QueueStatus[] {
  const rows: readonly Row[] = database.sql(QUEUES).all();
  return rows.map((row) => {
    const queue = textOf(row, "queue");
    const count = (state: JobState): number => {
      const counted = database.sql(COUNT).get(queue, state);
      return counted === undefined ? 0 : integerOf(counted, "jobs");
    };
    return {
      queue,
      isPaused: isPaused(database, queue),
      counts: {
        waiting: count("waiting"),
        delayed: count("delayed"),
        running: count("running"),
        failed: count("failed"),
        done: count("done"),
      },
    };
  });
}

export interface PageOptions {
  readonly state: JobState;
  readonly after?: string;
  readonly limit: number;
}

/** @throws {InvalidJob} when the page asked for is none. */
export function listJobs(
  database: JobDatabase,
  queue: string,
  { state, after, limit }: PageOptions,
): JobPage {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_JOBS) {
    throw new InvalidJob(`a page of ${limit} jobs`);
  }
  const from = after === undefined ? { rank: FIRST_RANK, turn: 0 } : parseCursor(after);
  const rows: readonly Row[] = database.sql(PAGE).all({ queue, state, ...from, limit: limit + 1 });
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    jobs: rows.slice(0, limit).map(recordOf),
    next: last && `${integerOf(last, "rank")}.${integerOf(last, "turn")}`,
  };
}

function parseCursor(cursor: string): { readonly rank: number; readonly turn: number } {
  const [, rank, turn] = CURSOR.exec(cursor) ?? [];
  if (rank === undefined || turn === undefined) throw new InvalidJob("not a page of this list");
  return { rank: Number(rank), turn: Number(turn) };
}
