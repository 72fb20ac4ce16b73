import { expect } from "vitest";
import { LeaseLost } from "../../src/jobs/errors.ts";
import type { JobQueue, TakenJob } from "../../src/jobs/job-queue.ts";
import {
  add,
  calm,
  counts,
  FAILED,
  type JobLaw,
  listed,
  QUEUE,
  take,
  type TestedQueue,
} from "./job-queue-subject.ts";

/** What is given to somebody who waits for so long, or `undefined`. */
async function takeWithin(
  { pass }: TestedQueue,
  queue: JobQueue,
  maxWaitMs: number,
): Promise<TakenJob | undefined> {
  const taking = queue.take(QUEUE, { ...calm(), maxWaitMs });
  await pass(maxWaitMs);
  return taking;
}

/** How long a worker keeps a job. */
export function describeJobLeases(law: JobLaw): void {
  law("a job whose worker vanished is given to another, as a failed attempt", async (store) => {
    const other = await store.reopen();
    const { leaseMs } = store.queue;
    await add(store.queue, "a");
    await take(store.queue);
    expect(await takeWithin(store, other, leaseMs * 0.9)).toBeUndefined();
    const second = await takeWithin(store, other, 2 * leaseMs + store.maxPauseMs);
    expect(second).toMatchObject({ lease: { key: "a" }, attempt: 2 });
    expect(second?.lastError).toContain("vanished");
  });

  law("a job that kills its worker each time ends as failed", async (store) => {
    await add(store.queue, "a");
    const waitMs = 2 * store.queue.leaseMs + store.maxPauseMs;
    for (const attempt of [1, 2, 3]) {
      expect((await takeWithin(store, store.queue, waitMs))?.attempt).toBe(attempt);
    }
    expect(await takeWithin(store, store.queue, waitMs)).toBeUndefined();
    expect(await listed(store.queue, "failed")).toMatchObject([{ key: "a", attempts: 3 }]);
  });

  law("beat() keeps a job for longer than any lease", async (store) => {
    const other = await store.reopen();
    await add(store.queue, "a");
    const { lease } = await take(store.queue);
    for (let time = 0; time < 8; time += 1) {
      expect(await takeWithin(store, other, store.queue.leaseMs / 2)).toBeUndefined();
      await store.queue.beat(lease, calm());
    }
    expect(await store.queue.settle(lease, { kind: "done" }, calm())).toBe("done");
  });

  law("beat() finds the dead while nobody waits", async (store) => {
    await add(store.queue, "dead", "alive");
    await take(store.queue);
    const { lease } = await take(store.queue);
    for (let time = 0; time < 5; time += 1) {
      await store.queue.beat(lease, calm());
      await store.pass(store.queue.leaseMs / 3);
    }
    await store.queue.beat(lease, calm());
    expect(await counts(store.queue)).toEqual({ delayed: 1, running: 1 });
  });

  law("a lease that is lost settles and tells nothing more", async (store) => {
    const { queue } = store;
    await add(queue, "a");
    const { lease } = await take(queue);
    const waitMs = 2 * queue.leaseMs + store.maxPauseMs;
    const second = await takeWithin(store, queue, waitMs);
    const late = [
      queue.beat(lease, { ...calm(), progress: { text: "late" } }),
      queue.settle(lease, { kind: "done" }, calm()),
      queue.settle(lease, { kind: "given-back" }, calm()),
      queue.settle(lease, FAILED, calm()),
    ];
    for (const result of await Promise.allSettled(late)) {
      expect(result).toMatchObject({ status: "rejected", reason: expect.any(LeaseLost) });
    }
    expect(await listed(queue, "running")).toMatchObject([{ attempts: 2, progress: undefined }]);
    expect(await queue.settle(second?.lease ?? lease, { kind: "done" }, calm())).toBe("done");
  });

  law("a lease ends with its settling", async ({ queue }) => {
    await add(queue, "a");
    const { lease } = await take(queue);
    await queue.settle(lease, { kind: "given-back" }, calm());
    await expect(queue.beat(lease, calm())).rejects.toBeInstanceOf(LeaseLost);
    await take(queue);
    await expect(queue.beat(lease, calm())).rejects.toBeInstanceOf(LeaseLost);
  });

  law("beat() tells progress to those who look, and to the next attempt", async (store) => {
    const { queue, maxPauseMs, pass, reopen } = store;
    const other = await reopen();
    await add(queue, "a");
    const { lease } = await take(queue);
    const progress = { text: "layer 2", done: 1, total: 3, checkpoint: { step: ["x"] } };
    await queue.beat(lease, { ...calm(), progress });
    await queue.beat(lease, calm());
    expect(await listed(other, "running")).toMatchObject([{ key: "a", progress }]);
    await queue.settle(lease, FAILED, calm());
    await pass(maxPauseMs);
    const second = await take(other);
    expect(second.progress).toEqual(progress);
    await other.settle(second.lease, { kind: "given-back" }, calm());
    expect((await take(queue)).progress).toEqual(progress);
  });

  law(
    "an attempt after a failure forgets the steps if the job was asked for again",
    async (store) => {
      const { queue, maxPauseMs, pass } = store;
      await add(queue, "a");
      const { lease } = await take(queue);
      await queue.beat(lease, { ...calm(), progress: { checkpoint: 3 } });
      await add(queue, "a");
      await queue.settle(lease, FAILED, calm());
      await pass(maxPauseMs);
      const second = await take(queue);
      expect(second).toMatchObject({ attempt: 2, progress: undefined });
      expect(await queue.settle(second.lease, { kind: "done" }, calm())).toBe("done");
    },
  );
}
