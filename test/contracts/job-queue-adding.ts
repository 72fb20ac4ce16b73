import { expect } from "vitest";
import { InvalidJob } from "../../src/jobs/errors.ts";
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

const HOUR_MS = 3_600_000;

/** What adding does to jobs in each state. */
export function describeJobAdding(law: JobLaw): void {
  law("add() counts the fate of each job", async ({ queue }) => {
    await add(queue, "failing", "running", "waiting");
    const { lease } = await take(queue);
    await queue.settle(lease, { ...FAILED, isPermanent: true }, calm());
    await take(queue);
    const again = ["failing", "running", "waiting", "new"].map((key) => ({ key }));
    const higher = ["failing", "waiting"].map((key) => ({ key, priority: 9 }));
    const added = await queue.add(QUEUE, [...again, ...higher], calm());
    expect(added).toEqual({ added: 1, raised: 1, again: 1, unchanged: 3 });
  });

  law("add() takes thousands, from a source that has to be waited for", async ({ queue }) => {
    const source = async function* (): AsyncGenerator<{ key: string }> {
      for (let index = 0; index < 2100; index += 1) yield { key: `job-${index}` };
    };
    expect(await queue.add(QUEUE, source(), calm())).toMatchObject({ added: 2100 });
    expect(await counts(queue)).toEqual({ waiting: 2100 });
  });

  law("add() lets other work have its turn", async ({ queue }) => {
    const jobs = Array.from({ length: 3000 }, (_, index) => ({ key: `job-${index}` }));
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 0);
    await queue.add(QUEUE, jobs, calm());
    clearInterval(counting);
    expect(turns).toBeGreaterThan(3);
  });

  law("add() that is aborted leaves out a tail only", async ({ queue }) => {
    const stop = new AbortController();
    const reason = new Error("shutting down");
    const source = function* (): Generator<{ key: string }> {
      for (let index = 0; index < 5000; index += 1) {
        if (index === 1500) stop.abort(reason);
        yield { key: `job-${index}` };
      }
    };
    await expect(queue.add(QUEUE, source(), { signal: stop.signal })).rejects.toBe(reason);
    const keys = await drain(queue);
    expect(keys.length).toBeLessThanOrEqual(1500);
    expect(keys).toEqual(keys.map((_, index) => `job-${index}`));
  });

  law("add() keeps the payload that came first", async ({ queue }) => {
    await add(queue, { key: "a", payload: { list: [1, "x", null], deep: { is: true } } });
    await add(queue, { key: "a", payload: "other", priority: 5 });
    expect((await take(queue)).payload).toEqual({ list: [1, "x", null], deep: { is: true } });
  });

  law("add() keeps the same key of two queues apart", async ({ queue }) => {
    await add(queue, "a");
    await queue.add("mirror", [{ key: "a" }], calm());
    await takeAndSettle(queue, { kind: "done" });
    expect((await tryTake(queue, "mirror"))?.lease).toMatchObject({ queue: "mirror", key: "a" });
  });

  law("add() of a waiting job raises its priority and never lowers it", async ({ queue }) => {
    await add(queue, "first", { key: "second", priority: 2 }, "third");
    await add(queue, { key: "third", priority: 7 }, { key: "second", priority: 1 });
    expect(await drain(queue)).toEqual(["third", "second", "first"]);
  });

  law("add() of a delayed job makes it come earlier and never later", async (store) => {
    const { queue, now, pass } = store;
    const inHours = (hours: number): Date => new Date(now().getTime() + hours * HOUR_MS);
    await add(queue, { key: "a", notBefore: inHours(2) }, { key: "b", notBefore: inHours(2) });
    await add(queue, { key: "a", notBefore: inHours(1) }, { key: "b", notBefore: inHours(3) });
    await pass(HOUR_MS + 1000);
    expect(await drain(queue)).toEqual(["a"]);
    await pass(HOUR_MS);
    expect(await drain(queue)).toEqual(["b"]);
    await add(queue, { key: "c", notBefore: inHours(2) });
    await add(queue, "c");
    expect(await drain(queue)).toEqual(["c"]);
  });

  law("add() of a running job has it run once more, behind the others", async ({ queue }) => {
    await add(queue, "a");
    const { lease } = await take(queue);
    await queue.beat(lease, { ...calm(), progress: { checkpoint: 3 } });
    await add(queue, "b", "a", "a");
    expect((await listed(queue, "running"))[0]?.isAgain).toBe(true);
    expect(await queue.settle(lease, { kind: "done" }, calm())).toBe("waiting");
    expect((await take(queue)).lease.key).toBe("b");
    const again = await take(queue);
    expect(again).toMatchObject({ lease: { key: "a" }, attempt: 1, progress: undefined });
    expect(await queue.settle(again.lease, { kind: "done" }, calm())).toBe("done");
    expect(await drain(queue)).toEqual([]);
  });

  law("add() of a running job for later has it run again at that moment", async (store) => {
    const { queue, now, pass } = store;
    await add(queue, "a");
    const { lease } = await take(queue);
    await add(queue, { key: "a", notBefore: new Date(now().getTime() + HOUR_MS) });
    expect(await queue.settle(lease, { kind: "done" }, calm())).toBe("delayed");
    expect(await drain(queue)).toEqual([]);
    await pass(HOUR_MS + 1000);
    expect(await drain(queue)).toEqual(["a"]);
  });

  law("add() of a job that pauses after a failure leaves its pause alone", async (store) => {
    const { queue, maxPauseMs, pass } = store;
    await add(queue, "a");
    await takeAndSettle(queue, FAILED);
    await add(queue, "a");
    expect(await drain(queue)).toEqual([]);
    await pass(maxPauseMs);
    expect(await drain(queue)).toEqual(["a"]);
  });

  law("add() of a failed job leaves it where it is", async ({ queue }) => {
    await add(queue, "a");
    await takeAndSettle(queue, { ...FAILED, isPermanent: true });
    await add(queue, { key: "a", priority: 9 });
    expect(await drain(queue)).toEqual([]);
    expect(await counts(queue)).toEqual({ failed: 1 });
  });

  law("add() of a job that is done runs it anew", async ({ queue }) => {
    await add(queue, "a");
    expect(await drain(queue)).toEqual(["a"]);
    await add(queue, { key: "a", payload: 2 });
    expect(await take(queue)).toMatchObject({ payload: 2, attempt: 1 });
  });

  law("add() refuses what is outside the bounds, and the piece around it", async ({ queue }) => {
    const wrong = [
      { key: "" },
      { key: "x".repeat(513) },
      { key: "a", priority: -1 },
      { key: "a", priority: 1001 },
      { key: "a", priority: 0.5 },
      { key: "a", notBefore: new Date(Number.NaN) },
      { key: "a", payload: "x".repeat(65_536) },
    ];
    for (const job of wrong) {
      await expect(add(queue, "good", job)).rejects.toBeInstanceOf(InvalidJob);
    }
    await expect(queue.add("Not a name", [], calm())).rejects.toBeInstanceOf(InvalidJob);
    expect(await drain(queue)).toEqual([]);
  });
}
