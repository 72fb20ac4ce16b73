import { expect } from "vitest";
import { JobQueueClosed } from "../../src/jobs/errors.ts";
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

/** Who is given which job when, and what becomes of it. */
export function describeJobTaking(law: JobLaw): void {
  law("take() gives by priority, and equals as they were added", async ({ queue }) => {
    await add(queue, "a", { key: "b", priority: 1 }, "c", { key: "d", priority: 1000 }, "e");
    await add(queue, { key: "f", priority: 1 });
    expect(await drain(queue)).toEqual(["d", "b", "f", "a", "c", "e"]);
  });

  law("take() gives a job to one only", async ({ queue, reopen }) => {
    const other = await reopen();
    await add(queue, "a", "b", "c");
    const taken = await Promise.all([queue, other, queue, other].map((one) => tryTake(one)));
    expect(taken.map((one) => one?.lease.key ?? "-").toSorted()).toEqual(["-", "a", "b", "c"]);
    expect(await counts(queue)).toEqual({ running: 3 });
  });

  law("take() waits for a job that is added here", async ({ queue }) => {
    const taking = queue.take(QUEUE, calm());
    await add(queue, "a");
    expect((await taking)?.lease.key).toBe("a");
  });

  law("take() finds a job that another process added", async ({ queue, reopen, pass }) => {
    const other = await reopen();
    const taking = queue.take(QUEUE, calm());
    await add(other, "a");
    await pass(2000);
    expect((await taking)?.lease.key).toBe("a");
  });

  law("take() waits no longer than it may", async ({ queue, pass }) => {
    const taking = queue.take(QUEUE, { ...calm(), maxWaitMs: 5000 });
    await pass(5000);
    expect(await taking).toBeUndefined();
  });

  law("take() wakes for a job whose moment has come", async ({ queue, now, pass }) => {
    await add(queue, { key: "a", notBefore: new Date(now().getTime() + 600_000) });
    const taking = queue.take(QUEUE, calm());
    await pass(601_000);
    expect((await taking)?.lease.key).toBe("a");
  });

  law("take() rejects with the reason of its signal", async ({ queue }) => {
    const stop = new AbortController();
    const reason = new Error("shutting down");
    const taking = queue.take(QUEUE, { signal: stop.signal });
    stop.abort(reason);
    await expect(taking).rejects.toBe(reason);
    await add(queue, "a");
    await expect(queue.take(QUEUE, { signal: stop.signal })).rejects.toBe(reason);
    expect(await counts(queue)).toEqual({ waiting: 1 });
  });

  law("take() ends when the queue is closed", async ({ reopen }) => {
    const other = await reopen();
    const taking = other.take(QUEUE, calm());
    await Promise.all([
      expect(taking).rejects.toBeInstanceOf(JobQueueClosed),
      other[Symbol.asyncDispose](),
    ]);
    await expect(add(other, "a")).rejects.toBeInstanceOf(JobQueueClosed);
    await other[Symbol.asyncDispose]();
  });

  law("every call rejects with the reason of its signal", async ({ queue }) => {
    await add(queue, "a");
    const { lease } = await take(queue);
    const reason = new Error("shutting down");
    const options = { signal: AbortSignal.abort(reason) };
    const calls = [
      queue.add(QUEUE, [{ key: "b" }], options),
      queue.beat(lease, options),
      queue.settle(lease, { kind: "done" }, options),
      queue.change(QUEUE, { kind: "pause" }, options),
      queue.change(QUEUE, { kind: "retry" }, options),
      queue.status(options),
      queue.list(QUEUE, { ...options, state: "waiting", limit: 1 }),
    ];
    const results = await Promise.allSettled(calls);
    for (const result of results) expect(result).toEqual({ status: "rejected", reason });
    expect(await counts(queue)).toEqual({ running: 1 });
  });

  law("settle() as done forgets the job", async ({ queue }) => {
    await add(queue, "a");
    expect(await takeAndSettle(queue, { kind: "done" })).toBe("done");
    expect(await counts(queue)).toEqual({});
  });

  law("settle() as failed pauses for longer each time, then is the end", async (store) => {
    const { queue, maxPauseMs, pass } = store;
    await add(queue, "a", "other");
    expect(await takeAndSettle(queue, FAILED)).toBe("delayed");
    expect(await drain(queue)).toEqual(["other"]);
    await pass(maxPauseMs);
    const second = await take(queue);
    expect(second).toMatchObject({ attempt: 2, lastError: "out of luck" });
    expect(await queue.settle(second.lease, FAILED, calm())).toBe("delayed");
    await pass(maxPauseMs);
    expect(await takeAndSettle(queue, { ...FAILED, error: "x".repeat(9000) })).toBe("failed");
    await pass(10 * maxPauseMs);
    expect(await drain(queue)).toEqual([]);
    const [failed] = await listed(queue, "failed");
    expect(failed).toMatchObject({ key: "a", state: "failed", attempts: 3 });
    expect(failed?.lastError).toBe("x".repeat(4000));
  });

  law("settle() as failed for good allows no further attempt", async ({ queue }) => {
    await add(queue, "a");
    expect(await takeAndSettle(queue, { ...FAILED, isPermanent: true })).toBe("failed");
    expect(await counts(queue)).toEqual({ failed: 1 });
  });

  law("settle() as failed for good wins over being asked to run again", async ({ queue }) => {
    await add(queue, "a");
    const { lease } = await take(queue);
    await add(queue, "a");
    const outcome = { ...FAILED, isPermanent: true };
    expect(await queue.settle(lease, outcome, calm())).toBe("failed");
  });

  law("settle() as failed heeds the pause that the worker asks for", async ({ queue, pass }) => {
    await add(queue, "a");
    await takeAndSettle(queue, { ...FAILED, retryAfterMs: 7_200_000 });
    await pass(7_000_000);
    expect(await drain(queue)).toEqual([]);
    await pass(201_000);
    expect(await drain(queue)).toEqual(["a"]);
  });

  law("settle() as given back counts no attempt and keeps the place", async ({ queue }) => {
    await add(queue, "a", "b");
    for (let time = 0; time < 5; time += 1) {
      expect(await takeAndSettle(queue, { kind: "given-back" })).toBe("waiting");
    }
    expect(await take(queue)).toMatchObject({ lease: { key: "a" }, attempt: 1 });
  });

  law("settle() wakes who waits for the job that is given back", async ({ queue }) => {
    await add(queue, "a");
    const { lease } = await take(queue);
    const taking = queue.take(QUEUE, calm());
    await queue.settle(lease, { kind: "given-back" }, calm());
    expect((await taking)?.lease.key).toBe("a");
  });
}
