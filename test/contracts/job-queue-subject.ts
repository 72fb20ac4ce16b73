import type {
  JobOutcome,
  JobQueue,
  JobRecord,
  JobState,
  NewJob,
  TakenJob,
} from "../../src/jobs/job-queue.ts";

/** A queue for one test, whose jobs have three attempts with pauses of at most `maxPauseMs`. */
export interface TestedQueue {
  readonly queue: JobQueue;
  readonly maxPauseMs: number;
  /** Opens the same queue once more, as another process would. */
  readonly reopen: () => Promise<JobQueue>;
  /** Lets time pass, for all who have the queue open. */
  readonly pass: (ms: number) => Promise<void>;
  /** The queue's idea of now. */
  readonly now: () => Date;
}

/** What the laws of the queue port are told about an implementation. */
export interface JobQueueSubject {
  readonly name: string;
  /** Opens an empty store; `resources` is disposed after each test. It keeps no done jobs. */
  readonly open: (resources: AsyncDisposableStack) => Promise<TestedQueue>;
}

/** Runs one law against a fresh store. */
export type JobLaw = (title: string, test: (store: TestedQueue) => Promise<void>) => void;

/** The queue that the laws use. */
export const QUEUE = "convert";

/** For calls that nobody aborts. */
export function calm(): { readonly signal: AbortSignal } {
  return { signal: new AbortController().signal };
}

/** Adds jobs given by their keys, or as they are. */
export function add(queue: JobQueue, ...jobs: readonly (string | NewJob)[]): Promise<unknown> {
  const given = jobs.map((job) => (typeof job === "string" ? { key: job } : job));
  return queue.add(QUEUE, given, calm());
}

/** One look at the queue. */
export function tryTake(queue: JobQueue, name = QUEUE): Promise<TakenJob | undefined> {
  return queue.take(name, { ...calm(), maxWaitMs: 0 });
}

/** Takes what must be there. */
export async function take(queue: JobQueue): Promise<TakenJob> {
  const taken = await tryTake(queue);
  if (taken === undefined) throw new Error("no job was there to take");
  return taken;
}

/** Keys in the order in which they are taken until none is left; all are done. */
export async function drain(queue: JobQueue): Promise<readonly string[]> {
  const keys: string[] = [];
  for (;;) {
    const taken = await tryTake(queue);
    if (taken === undefined) return keys;
    keys.push(taken.lease.key);
    await queue.settle(taken.lease, { kind: "done" }, calm());
  }
}

/** Takes the best job and settles it. */
export async function takeAndSettle(queue: JobQueue, outcome: JobOutcome): Promise<JobState> {
  const { lease } = await take(queue);
  return queue.settle(lease, outcome, calm());
}

/** All jobs of a state on one page. */
export async function listed(queue: JobQueue, state: JobState): Promise<readonly JobRecord[]> {
  return (await queue.list(QUEUE, { ...calm(), state, limit: 1000 })).jobs;
}

/** The counts that are not 0. */
export async function counts(queue: JobQueue, name = QUEUE): Promise<Record<string, number>> {
  const all = await queue.status(calm());
  const found = all.find((one) => one.queue === name)?.counts;
  return Object.fromEntries(Object.entries<number>({ ...found }).filter(([, count]) => count > 0));
}

export const FAILED = { kind: "failed", error: "out of luck" } as const;
