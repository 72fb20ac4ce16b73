import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DedupWorker } from "../../../src/dedup/threads/dedup-worker.ts";
import { type LentWorker, WorkerPool } from "../../../src/dedup/threads/worker-pool.ts";
import { calm } from "../../contracts/storage-subject.ts";
import { failureOf } from "../at-rest-store.ts";
import { DO, FAKE_THREAD, ordered, THREAD_DATA } from "./fake-orders.ts";

const { signal } = calm();

describe("WorkerPool", () => {
  let pool: WorkerPool;
  beforeEach(() => {
    pool = poolOf(2);
  });
  afterEach(() => pool[Symbol.asyncDispose]());

  function poolOf(maxThreads: number, idleMs = 60_000): WorkerPool {
    const surroundings = { read: async () => undefined, onDamaged: () => undefined };
    return new WorkerPool({
      threadUrl: FAKE_THREAD,
      data: THREAD_DATA,
      surroundings,
      maxThreads,
      idleMs,
    });
  }

  it("lends a thread to one at a time, and the same one again", async () => {
    const first = await pool.borrow(signal);
    const second = await pool.borrow(signal);
    expect(second.worker).not.toBe(first.worker);
    expect(pool.tryBorrow()).toBeUndefined();
    first[Symbol.dispose]();
    expect(pool.tryBorrow()?.worker).toBe(first.worker);
  });

  it("lends in the order in which it was asked", async () => {
    const lent = [await pool.borrow(signal), await pool.borrow(signal)];
    const turns: number[] = [];
    const waiting = [0, 1, 2].map(async (turn) => {
      using _lent = await pool.borrow(signal);
      turns.push(turn);
    });
    await setImmediate();
    expect(turns).toEqual([]);
    lent[0]?.[Symbol.dispose]();
    await Promise.all(waiting);
    expect(turns).toEqual([0, 1, 2]);
  });

  it("takes a thread back once, however often it is given back", async () => {
    const lent = await pool.borrow(signal);
    lent[Symbol.dispose]();
    lent[Symbol.dispose]();
    const workers = [pool.tryBorrow(), pool.tryBorrow()].map((one) => one?.worker);
    expect(new Set(workers).size).toBe(2);
    expect(pool.tryBorrow()).toBeUndefined();
  });

  it("forgets who waited when its signal aborts, and lends to the next", async () => {
    const first = await pool.borrow(signal);
    await pool.borrow(signal);
    const stop = new AbortController();
    const reason = new Error("enough");
    const gone = failureOf(pool.borrow(stop.signal));
    const next = pool.borrow(signal);
    stop.abort(reason);
    expect(await gone).toBe(reason);
    first[Symbol.dispose]();
    expect((await next).worker).toBe(first.worker);
    expect(await failureOf(pool.borrow(stop.signal))).toBe(reason);
  });

  it.each([
    ["dies while it is lent", DO.error],
    ["ends while it is lent", DO.exit],
  ])("never lends a thread again that %s, and begins another for who waits", async (_, what) => {
    const small = poolOf(1);
    const lent = await small.borrow(signal);
    const next = small.borrow(signal);
    await failureOf(ordered(lent.worker, what));
    lent[Symbol.dispose]();
    const { worker } = await next;
    expect(worker).not.toBe(lent.worker);
    expect(await ordered(worker, DO.done)).toBe("order 1");
    await small[Symbol.asyncDispose]();
  });

  it("ends a thread that was idle for long enough, and none that is lent", async () => {
    const quick = poolOf(2, 1);
    const kept = await quick.borrow(signal);
    const idle = await quick.borrow(signal);
    idle[Symbol.dispose]();
    await untilEnded(idle.worker);
    expect(kept.worker.hasEnded).toBe(false);
    expect((await quick.borrow(signal)).worker).not.toBe(idle.worker);
    await quick[Symbol.asyncDispose]();
  });

  it("ends what runs when it is disposed of, and begins no thread for who waits", async () => {
    const lent: LentWorker[] = [await pool.borrow(signal), await pool.borrow(signal)];
    const running = lent.map(async (one) => {
      using mine = one;
      return await failureOf(ordered(mine.worker, DO.nothing));
    });
    const waiting = failureOf(pool.borrow(signal));
    await pool[Symbol.asyncDispose]();
    for (const error of await Promise.all(running)) expect(error).toBeInstanceOf(Error);
    expect(await waiting).toMatchObject({ message: "the threads for blobs were ended" });
    expect(pool.tryBorrow()).toBeUndefined();
    expect(await failureOf(pool.borrow(signal))).toBeInstanceOf(Error);
  });
});

async function untilEnded(worker: DedupWorker): Promise<void> {
  while (!worker.hasEnded) await setImmediate();
}
