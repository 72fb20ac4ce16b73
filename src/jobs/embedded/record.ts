import {
  JOB_STATES,
  type JobProgress,
  type JobRecord,
  type JobState,
  type TakenJob,
} from "../job-queue.ts";
import { integerOf, jsonOf, optionalTextOf, type Row, textOf, UnreadableRow } from "./row.ts";

/** @throws {UnreadableRow} */
export function stateOf(row: Row): JobState {
  const text = textOf(row, "state");
  const state = JOB_STATES.find((known) => known === text);
  if (state === undefined) throw new UnreadableRow(`no job is ${text.slice(0, 100)}`);
  return state;
}

/** @throws {UnreadableRow} */
export function priorityOf(row: Row): number {
  return 0 - integerOf(row, "rank");
}

/** A whole row as a list shows it. @throws {UnreadableRow} */
export function recordOf(row: Row): JobRecord {
  const state = stateOf(row);
  return {
    key: textOf(row, "key"),
    state,
    payload: jsonOf(row, "payload"),
    priority: priorityOf(row),
    attempts: integerOf(row, "attempts"),
    addedAt: new Date(integerOf(row, "added_ms")),
    changedAt: new Date(integerOf(row, "changed_ms")),
    notBefore: state === "delayed" ? new Date(integerOf(row, "due_ms")) : undefined,
    isAgain: state === "running" && integerOf(row, "is_again") === 1,
    progress: progressOf(row),
    lastError: optionalTextOf(row, "error"),
  };
}

/** A whole row as its worker is given it. @throws {UnreadableRow} */
export function takenOf(row: Row): TakenJob {
  return {
    lease: { queue: textOf(row, "queue"), key: textOf(row, "key"), token: textOf(row, "token") },
    payload: jsonOf(row, "payload"),
    attempt: integerOf(row, "attempts"),
    progress: progressOf(row),
    lastError: optionalTextOf(row, "error"),
  };
}

/** What is no progress of ours is none. */
function progressOf(row: Row): JobProgress | undefined {
  const value = jsonOf(row, "progress");
  if (typeof value !== "object" || value === null) return undefined;
  return {
    ...("text" in value && typeof value.text === "string" && { text: value.text }),
    ...("done" in value && typeof value.done === "number" && { done: value.done }),
    ...("total" in value && typeof value.total === "number" && { total: value.total }),
    ...("checkpoint" in value && { checkpoint: value.checkpoint }),
  };
}
