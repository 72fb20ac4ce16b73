import { mkdtempDisposable, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type EmbeddedJobQueueOptions,
  type ExpiredJob,
  openEmbeddedJobQueue,
} from "../../src/jobs/embedded/embedded-job-queue.ts";
import { setJobStoreAside } from "../../src/jobs/embedded/set-job-store-aside.ts";
import { JobStoreCorrupt, JobStoreTooNew, JobStoreUnavailable } from "../../src/jobs/errors.ts";
import type { JobQueue } from "../../src/jobs/job-queue.ts";
import {
  add,
  calm,
  counts,
  drain,
  FAILED,
  listed,
  QUEUE,
  take,
  takeAndSettle,
  tryTake,
} from "../contracts/job-queue-subject.ts";
import { SteppingClock } from "./stepping-clock.ts";

const DAY_MS = 86_400_000;

let resources: AsyncDisposableStack;
let path: string;
let clock: SteppingClock;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-jobs-")));
  path = join(folder.path, "jobs.sqlite");
  clock = new SteppingClock();
});
afterEach(() => resources.disposeAsync());

async function openQueue(options: Partial<EmbeddedJobQueueOptions> = {}): Promise<JobQueue> {
  const queue = await openEmbeddedJobQueue({ ...calm(), path, clock, ...options });
  return resources.use(queue);
}

describe("embedded job queue", () => {
  it("keeps jobs and pauses over a restart", async () => {
    const before = await openQueue();
    await add(before, "running", { key: "waiting", payload: 7 });
    await take(before);
    await before.change(QUEUE, { kind: "pause" }, calm());
    await before[Symbol.asyncDispose]();
    const after = await openQueue();
    expect(await counts(after)).toEqual({ running: 1, waiting: 1 });
    expect(await tryTake(after)).toBeUndefined();
    await after.change(QUEUE, { kind: "resume" }, calm());
    expect(await take(after)).toMatchObject({ lease: { key: "waiting" }, payload: 7 });
  });

  it("makes its file for its owner alone", async () => {
    await openQueue();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("keeps the last done jobs where it is told to", async () => {
    const queue = await openQueue({ keepDone: 2 });
    await add(queue, "a", { key: "b", priority: 9 }, "c");
    expect(await drain(queue)).toEqual(["b", "a", "c"]);
    expect((await listed(queue, "done")).map(({ key }) => key)).toEqual(["a", "c"]);
    await add(queue, "a");
    expect(await counts(queue)).toEqual({ waiting: 1, done: 1 });
    expect(await drain(queue)).toEqual(["a"]);
  });

  it("tells of jobs without a living worker", async () => {
    const expired: ExpiredJob[] = [];
    const queue = await openQueue({
      onExpired: (job) => void expired.push(job),
      retry: { maxAttempts: 1, firstDelayMs: 1, maxDelayMs: 1 },
    });
    await add(queue, "a");
    await take(queue);
    const waiting = queue.take(QUEUE, { ...calm(), maxWaitMs: 2 * queue.leaseMs });
    await setImmediate();
    await clock.advance(2 * queue.leaseMs);
    await waiting;
    expect(expired).toEqual([{ queue: QUEUE, key: "a", state: "failed" }]);
  });

  it("gives a job whose payload is damaged without one", async () => {
    await add(await openQueue(), { key: "a", payload: { size: 1 } });
    using database = new DatabaseSync(path);
    database.exec(`UPDATE jobs SET payload = '{"si'`);
    expect((await take(await openQueue())).payload).toBeUndefined();
  });
});

describe("embedded job queue, when the date is changed", () => {
  for (const [name, stepMs] of [
    ["forward", DAY_MS],
    ["back", -DAY_MS],
  ] as const) {
    it(`keeps leases when it goes ${name}`, async () => {
      const queue = await openQueue();
      const other = await openQueue();
      await add(queue, "a");
      const { lease } = await take(queue);
      for (let time = 0; time < 4; time += 1) {
        for (const looking of [other, queue, other, queue, other, queue]) {
          clock.stepDate(stepMs);
          expect(await tryTake(looking)).toBeUndefined();
        }
        await clock.advance(queue.leaseMs / 4);
        await queue.beat(lease, calm());
      }
      expect(await queue.settle(lease, { kind: "done" }, calm())).toBe("done");
    });
  }

  it("finds a dead worker in the same time when it goes back", async () => {
    const queue = await openQueue();
    await add(queue, "a");
    await take(queue);
    const waiting = queue.take(QUEUE, { ...calm(), maxWaitMs: queue.leaseMs + 10_000 });
    await setImmediate();
    await clock.advance(5000);
    clock.stepDate(-DAY_MS);
    await clock.advance(queue.leaseMs + 5000);
    expect(await waiting).toMatchObject({ attempt: 2 });
  });

  it("waits for no pause that ends a day too late", async () => {
    const queue = await openQueue();
    await add(queue, "a");
    await takeAndSettle(queue, FAILED);
    expect(await tryTake(queue)).toBeUndefined();
    clock.stepDate(-DAY_MS);
    expect(await take(queue)).toMatchObject({ attempt: 2 });
  });

  it("believes the new date where a moment was asked for", async () => {
    const queue = await openQueue();
    await add(queue, { key: "a", notBefore: new Date(clock.now().getTime() + DAY_MS) });
    clock.stepDate(-DAY_MS);
    expect(await tryTake(queue)).toBeUndefined();
    clock.stepDate(2 * DAY_MS);
    expect((await take(queue)).lease.key).toBe("a");
  });
});

describe("embedded job queue, on a file that it cannot use", () => {
  it("names a file that is no database, and can set it aside", async () => {
    await writeFile(path, "no database ".repeat(1000));
    const error = await openQueue().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JobStoreCorrupt);
    expect(error).toMatchObject({ path, message: expect.stringContaining(path) });
    await writeFile(`${path}-wal`, "a log that belongs to it");
    const target = await setJobStoreAside(path, clock.now());
    expect(await readFile(target, "utf8")).toContain("no database");
    await add(await openQueue(), "a");
    expect((await readdir(join(path, ".."))).toSorted()).toEqual([
      "jobs.sqlite",
      "jobs.sqlite-shm",
      "jobs.sqlite-wal",
      "jobs.sqlite.damaged-20260102T030405.678Z",
      "jobs.sqlite.damaged-20260102T030405.678Z-wal",
    ]);
  });

  it("names another program's database, and leaves it alone", async () => {
    using database = new DatabaseSync(path);
    database.exec("CREATE TABLE jobs (name TEXT)");
    await expect(openQueue()).rejects.toBeInstanceOf(JobStoreCorrupt);
    expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "delete" });
  });

  it("names a file whose inside is damaged", async () => {
    const before = await openQueue();
    const jobs = Array.from({ length: 2000 }, (_, index) => ({ key: `job-${index}` }));
    await before.add(QUEUE, jobs, calm());
    await before[Symbol.asyncDispose]();
    await spoil(path);
    const working = openQueue().then(drain);
    await expect(working).rejects.toMatchObject({ kind: "JobStoreCorrupt", path });
  });

  it("leaves a file of a later version as it is", async () => {
    const before = await openQueue();
    await add(before, "a");
    await before[Symbol.asyncDispose]();
    setVersion(99);
    const error = await openQueue().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JobStoreTooNew);
    expect(error).toMatchObject({ path, version: 99, message: expect.stringContaining(path) });
    setVersion(1);
    expect(await drain(await openQueue())).toEqual(["a"]);
  });

  it("names a file whose folder is not there", async () => {
    const error = await openQueue({ path: `${path}/none/jobs.sqlite` }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(JobStoreUnavailable);
  });

  it("waits for a file that somebody else writes to, for a while", async () => {
    const queue = await openQueue();
    using database = new DatabaseSync(path);
    database.exec("BEGIN IMMEDIATE");
    const adding = add(queue, "a");
    await clock.someoneWaits(5);
    database.exec("COMMIT");
    await clock.advance(5);
    await adding;
    expect(await counts(queue)).toEqual({ waiting: 1 });
    database.exec("BEGIN IMMEDIATE");
    const failing = add(queue, "b").catch((reason: unknown) => reason);
    for (let delayMs = 5; delayMs < 4000; delayMs *= 2) {
      await clock.someoneWaits(delayMs);
      await clock.advance(delayMs);
    }
    expect(await failing).toBeInstanceOf(JobStoreUnavailable);
    database.exec("ROLLBACK");
  });
});

/** Overwrites all but the first pages, which opening needs. */
async function spoil(file: string): Promise<void> {
  const { size } = await stat(file);
  await using handle = await open(file, "r+");
  const fromBytes = 8 * 4096;
  await handle.write(Buffer.alloc(size - fromBytes, 0xa5), 0, size - fromBytes, fromBytes);
}

function setVersion(version: number): void {
  using database = new DatabaseSync(path);
  database.exec(`PRAGMA user_version = ${version}`);
}
