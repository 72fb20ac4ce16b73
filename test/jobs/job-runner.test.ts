import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PermanentFailure } from "../../src/jobs/errors.ts";
import { add, calm, counts, listed, QUEUE, take } from "../contracts/job-queue-subject.ts";
import { KEEPS_ON, RunnerBench, untilAborted } from "./runner-bench.ts";

let bench: RunnerBench;

beforeEach(async () => {
  bench = await RunnerBench.open();
});
afterEach(() => bench[Symbol.asyncDispose]());

describe("JobRunner", () => {
  it("has jobs done, as many at a time as it may", async () => {
    let running = 0;
    let most = 0;
    const handled: unknown[] = [];
    await add(
      bench.queue,
      ...Array.from({ length: 9 }, (_, index) => ({ key: `${index}`, payload: index })),
    );
    const done = bench.next("done", 9);
    bench.start(
      async ({ payload }) => {
        running += 1;
        most = Math.max(most, running);
        await setImmediate();
        handled.push(payload);
        running -= 1;
      },
      { concurrency: 3 },
    );
    await done;
    expect(most).toBe(3);
    expect(handled.map(Number).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await counts(bench.queue)).toEqual({});
  });

  it("tells events", async () => {
    await add(bench.queue, "a");
    const done = bench.next("done");
    bench.start(() => Promise.resolve());
    await done;
    expect(bench.events).toEqual([
      { kind: "started", queue: QUEUE, key: "a", attempt: 1 },
      { kind: "done", queue: QUEUE, key: "a", durationMs: 0 },
    ]);
  });

  it("tries a failed job again, and gives the checkpoint back", async () => {
    const seen: unknown[] = [];
    await add(bench.queue, "a");
    const failed = bench.next("failed");
    bench.start(async ({ attempt, progress }, { tell }) => {
      seen.push([attempt, progress]);
      if (attempt > 1) return;
      await tell({ text: "half", checkpoint: 5 });
      throw new Error("broken pipe to https://user:secret@elsewhere/");
    });
    await failed;
    expect(bench.events.at(-1)).toMatchObject({ kind: "failed", attempt: 1, state: "delayed" });
    expect((await listed(bench.queue, "delayed"))[0]?.lastError).toMatch(/^broken pipe to [^u]*$/);
    const done = bench.next("done");
    await bench.clock.advance(60_000);
    await done;
    expect(seen).toEqual([
      [1, undefined],
      [2, { text: "half", checkpoint: 5 }],
    ]);
  });

  it("makes no further attempt after a permanent failure", async () => {
    await add(bench.queue, "a");
    const failed = bench.next("failed");
    bench.start(() => Promise.reject(new PermanentFailure("no such blob")));
    await failed;
    expect(bench.events.at(-1)).toMatchObject({
      state: "failed",
      error: { message: "no such blob" },
    });
    expect(await listed(bench.queue, "failed")).toMatchObject([{ lastError: "no such blob" }]);
  });

  it("makes no attempt at all with a payload that is none", async () => {
    await add(bench.queue, "a");
    const failed = bench.next("failed");
    let calls = 0;
    bench.start(
      async () => {
        calls += 1;
      },
      {
        parse: () => {
          throw new TypeError("no digest");
        },
      },
    );
    await failed;
    expect(calls).toBe(0);
    expect(await listed(bench.queue, "failed")).toMatchObject([
      { lastError: "unusable payload: no digest" },
    ]);
  });

  it("gives its jobs back when it is stopped, uncounted", async () => {
    await add(bench.queue, "a", "b", "c");
    const started = bench.next("started", 2);
    const { running } = bench.start(KEEPS_ON, { concurrency: 2 });
    await started;
    bench.stop.abort(new Error("shutting down"));
    await running;
    expect(bench.events.filter(({ kind }) => kind === "given-back")).toHaveLength(2);
    expect(await counts(bench.queue)).toEqual({ waiting: 3 });
    expect(await take(bench.queue)).toMatchObject({ lease: { key: "a" }, attempt: 1 });
    expect(bench.clock.delaysMs).toEqual([]);
  });

  it("takes nothing when it was stopped before", async () => {
    await add(bench.queue, "a");
    bench.stop.abort();
    await bench.start(KEEPS_ON).running;
    expect(bench.events).toEqual([]);
  });

  it("counts as done what its handler finished while it was stopped", async () => {
    await add(bench.queue, "a");
    const started = bench.next("started");
    const { running } = bench.start(async (_, context) => {
      await untilAborted(context).catch(() => undefined);
    });
    await started;
    bench.stop.abort();
    await running;
    expect(await counts(bench.queue)).toEqual({});
  });

  it("takes no job of a paused queue, and lets those that run go on", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await add(bench.queue, "a", "b");
    const started = bench.next("started");
    bench.start(() => promise);
    await started;
    await bench.queue.change(QUEUE, { kind: "pause" }, calm());
    const done = bench.next("done");
    resolve();
    await done;
    await bench.clock.advance(120_000);
    expect(await counts(bench.queue)).toEqual({ waiting: 1 });
    const second = bench.next("done");
    await bench.queue.change(QUEUE, { kind: "resume" }, calm());
    await second;
  });

  it("keeps a long job alive", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await add(bench.queue, "a");
    const started = bench.next("started");
    bench.start(() => promise);
    await started;
    const other = bench.queue.take(QUEUE, {
      ...calm(),
      maxWaitMs: 10 * bench.queue.leaseMs,
    });
    await setImmediate();
    await bench.clock.advance(10 * bench.queue.leaseMs);
    expect(await other).toBeUndefined();
    const done = bench.next("done");
    resolve();
    await done;
  });
});
