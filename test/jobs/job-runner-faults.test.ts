import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { JobStoreCorrupt, JobStoreUnavailable, LeaseLost } from "../../src/jobs/errors.ts";
import { add, counts, drain } from "../contracts/job-queue-subject.ts";
import { KEEPS_ON, RunnerBench, untilAborted } from "./runner-bench.ts";

let bench: RunnerBench;

beforeEach(async () => {
  bench = await RunnerBench.open();
});
afterEach(() => bench[Symbol.asyncDispose]());

describe("JobRunner", () => {
  it("aborts a handler whose lease is lost, and settles nothing", async () => {
    await add(bench.queue, "a");
    const lost = bench.next("lease-lost");
    let reason: unknown;
    const settled: string[] = [];
    bench.start(
      (_, context) => untilAborted(context).finally(() => (reason = context.signal.reason)),
      {
        queue: bench.partly({
          beat: (lease) => Promise.reject(new LeaseLost(lease)),
          settle: (lease, { kind }) => {
            settled.push(kind);
            return Promise.reject(new LeaseLost(lease));
          },
        }),
      },
    );
    await setImmediate();
    await bench.clock.advance(bench.queue.leaseMs);
    await lost;
    expect(reason).toBeInstanceOf(LeaseLost);
    expect(settled).toEqual(["given-back"]);
  });

  it("aborts a handler before others may have its job, when no beat gets through", async () => {
    await add(bench.queue, "a");
    const startedMs = bench.clock.monotonicMs();
    let abortedMs = 0;
    const started = bench.next("started");
    bench.start(
      (_, context) => untilAborted(context).finally(() => (abortedMs = bench.clock.monotonicMs())),
      {
        queue: bench.partly({
          beat: (_, { signal }) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener("abort", () => reject(signal.reason));
            }),
        }),
      },
    );
    await started;
    await bench.clock.advance(bench.queue.leaseMs);
    expect(abortedMs - startedMs).toBeGreaterThan(bench.queue.leaseMs / 2);
    expect(abortedMs - startedMs).toBeLessThan(bench.queue.leaseMs);
    expect(bench.kinds).toContain("store-failed");
  });

  it("goes on after a time in which the store could not be used", async () => {
    await add(bench.queue, "a");
    const done = bench.next("done");
    let failures = { take: 3, settle: 2 };
    const orFail = <Result>(
      call: "take" | "settle",
      work: () => Promise<Result>,
    ): Promise<Result> => {
      failures = { ...failures, [call]: failures[call] - 1 };
      if (failures[call] < 0) return work();
      return Promise.reject(new JobStoreUnavailable("jobs.sqlite", { reason: "disk full" }));
    };
    bench.start(() => Promise.resolve(), {
      queue: bench.partly({
        take: (...given) => orFail("take", () => bench.queue.take(...given)),
        settle: (...given) => orFail("settle", () => bench.queue.settle(...given)),
      }),
    });
    await setImmediate();
    await bench.clock.advance(10_000);
    await done;
    expect(bench.kinds).toEqual([
      "store-failed",
      "store-failed",
      "store-failed",
      "started",
      "store-failed",
      "store-failed",
      "done",
    ]);
    expect(await drain(bench.queue)).toEqual([]);
  });

  it("ends, with all its handlers, when the store is damaged", async () => {
    await add(bench.queue, "a");
    const damaged = new JobStoreCorrupt("jobs.sqlite");
    const started = bench.next("started");
    let takes = 0;
    const { running } = bench.start(KEEPS_ON, {
      concurrency: 2,
      queue: bench.partly({
        async take(...given) {
          takes += 1;
          if (takes === 1) return bench.queue.take(...given);
          await started;
          throw damaged;
        },
      }),
    });
    await expect(running).rejects.toBe(damaged);
    expect(await counts(bench.queue)).toEqual({ waiting: 1 });
  });
});
