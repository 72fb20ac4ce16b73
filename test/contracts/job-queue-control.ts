import { expect } from "vitest";
import { InvalidJob } from "../../src/jobs/errors.ts";
import type { JobQueue } from "../../src/jobs/job-queue.ts";
import {
  add,
  calm,
  counts,
  drain,
  FAILED,
  type JobLaw,
  listed,
  QUEUE,
  take,
  takeAndSettle,
  tryTake,
} from "./job-queue-subject.ts";

async function failForGood(queue: JobQueue, ...keys: readonly string[]): Promise<void> {
  await add(queue, ...keys);
  for (const _ of keys) await takeAndSettle(queue, { ...FAILED, isPermanent: true });
}

/** What people do with a queue. */
export function describeJobControl(law: JobLaw): void {
  law("pause keeps all jobs back, here and elsewhere, until resume", async ({ queue, reopen }) => {
    await add(queue, "a", "b");
    const { lease } = await take(queue);
    expect(await queue.change(QUEUE, { kind: "pause" }, calm())).toBe(0);
    const other = await reopen();
    expect(await tryTake(queue)).toBeUndefined();
    expect(await tryTake(other)).toBeUndefined();
    expect(await other.status(calm())).toMatchObject([{ queue: QUEUE, isPaused: true }]);
    expect(await queue.settle(lease, { kind: "done" }, calm())).toBe("done");
    await add(queue, "c");
    await other.change(QUEUE, { kind: "resume" }, calm());
    expect(await queue.status(calm())).toMatchObject([{ queue: QUEUE, isPaused: false }]);
    expect(await drain(queue)).toEqual(["b", "c"]);
  });

  law("pause of one queue leaves the others alone, and may come first", async ({ queue }) => {
    await queue.change("mirror", { kind: "pause" }, calm());
    await add(queue, "a");
    expect(await drain(queue)).toEqual(["a"]);
    const status = await queue.status(calm());
    expect(status.map((one) => [one.queue, one.isPaused])).toEqual([
      [QUEUE, false],
      ["mirror", true],
    ]);
  });

  law("resume wakes who waits", async ({ queue }) => {
    await queue.change(QUEUE, { kind: "pause" }, calm());
    await add(queue, "a");
    const taking = queue.take(QUEUE, calm());
    await queue.change(QUEUE, { kind: "resume" }, calm());
    expect((await taking)?.lease.key).toBe("a");
  });

  law("retry gives failed jobs all their attempts again", async ({ queue }) => {
    await failForGood(queue, "a", "b", "c");
    const keys = ["a", "c", "unknown"];
    expect(await queue.change(QUEUE, { kind: "retry", keys }, calm())).toBe(2);
    const { lease, ...first } = await take(queue);
    expect(first).toMatchObject({ attempt: 1, lastError: "out of luck" });
    expect(await queue.settle(lease, FAILED, calm())).toBe("delayed");
    expect(await queue.change(QUEUE, { kind: "retry" }, calm())).toBe(1);
    expect((await drain(queue)).toSorted()).toEqual(["b", "c"]);
  });

  law("retry and dismiss leave other queues alone", async ({ queue }) => {
    await failForGood(queue, "a");
    for (const kind of ["retry", "dismiss"] as const) {
      expect(await queue.change("mirror", { kind }, calm())).toBe(0);
      expect(await queue.change("mirror", { kind, keys: ["a"] }, calm())).toBe(0);
    }
    expect(await counts(queue)).toEqual({ failed: 1 });
  });

  law("dismiss forgets named jobs but those that run", async ({ queue, now }) => {
    await failForGood(queue, "failed");
    const later = new Date(now().getTime() + 60_000);
    await add(queue, "running", "waiting", { key: "delayed", notBefore: later }, "other");
    const { lease } = await take(queue);
    const keys = ["failed", "running", "waiting", "delayed", "unknown"];
    expect(await queue.change(QUEUE, { kind: "dismiss", keys }, calm())).toBe(3);
    expect(await queue.settle(lease, { kind: "done" }, calm())).toBe("done");
    expect(await drain(queue)).toEqual(["other"]);
    expect(await counts(queue)).toEqual({});
  });

  law("dismiss without keys forgets all failed jobs and no others", async ({ queue }) => {
    await failForGood(queue, "a", "b");
    await add(queue, "c");
    expect(await queue.change(QUEUE, { kind: "dismiss" }, calm())).toBe(2);
    expect(await counts(queue)).toEqual({ waiting: 1 });
  });

  law("status() counts by state and queue", async ({ queue, now }) => {
    await failForGood(queue, "f");
    const later = new Date(now().getTime() + 60_000);
    await add(queue, "a", "b", "c", { key: "d", notBefore: later });
    await take(queue);
    await queue.add("mirror", [{ key: "a" }], calm());
    const none = { waiting: 0, delayed: 0, running: 0, failed: 0, done: 0 };
    expect(await queue.status(calm())).toEqual([
      {
        queue: QUEUE,
        isPaused: false,
        counts: { ...none, waiting: 2, delayed: 1, running: 1, failed: 1 },
      },
      { queue: "mirror", isPaused: false, counts: { ...none, waiting: 1 } },
    ]);
  });

  law("list() shows a job as it is", async ({ queue, now }) => {
    const notBefore = new Date(now().getTime() + 60_000);
    await add(queue, { key: "a", payload: { size: 1 }, priority: 3, notBefore });
    const [{ addedAt, changedAt, ...job } = { addedAt: now(), changedAt: now() }] = await listed(
      queue,
      "delayed",
    );
    expect(job).toEqual({
      key: "a",
      state: "delayed",
      payload: { size: 1 },
      priority: 3,
      attempts: 0,
      notBefore,
      isAgain: false,
      progress: undefined,
      lastError: undefined,
    });
    expect(Math.abs(now().getTime() - addedAt.getTime())).toBeLessThan(60_000);
    expect(changedAt).toEqual(addedAt);
  });

  law("list() pages through all jobs of a state, in their order", async ({ queue }) => {
    const jobs = Array.from({ length: 25 }, (_, index) => ({
      key: `job-${index}`,
      priority: index % 3,
    }));
    await queue.add(QUEUE, jobs, calm());
    await queue.add("mirror", [{ key: "other" }], calm());
    const keys: string[] = [];
    for (let after: string | undefined, pages = 0; pages < 9; pages += 1) {
      const options = { ...calm(), state: "waiting", limit: 4 } as const;
      const page = await queue.list(QUEUE, after === undefined ? options : { ...options, after });
      keys.push(...page.jobs.map(({ key }) => key));
      after = page.next;
      if (after === undefined) break;
    }
    const inOrder = jobs.toSorted((a, b) => b.priority - a.priority).map(({ key }) => key);
    expect(keys).toEqual(inOrder);
    expect(await drain(queue)).toEqual(inOrder);
  });

  law("list() refuses pages that are none", async ({ queue }) => {
    const options = { ...calm(), state: "waiting" } as const;
    for (const wrong of [{ limit: 0 }, { limit: 1001 }, { limit: 1, after: "nowhere" }]) {
      await expect(queue.list(QUEUE, { ...options, ...wrong })).rejects.toBeInstanceOf(InvalidJob);
    }
  });
}
