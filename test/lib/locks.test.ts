import { describe, expect, it } from "vitest";
import { KeyedLock } from "../../src/lib/keyed-lock.ts";
import { TakenOver, TakeoverLock } from "../../src/lib/takeover-lock.ts";

const FOREVER = new AbortController().signal;

describe("KeyedLock", () => {
  it("runs the tasks of a key one after the other, in the order they came", async () => {
    const lock = new KeyedLock();
    const seen: string[] = [];
    const task = (name: string) => async (): Promise<string> => {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
      return name;
    };
    const results = await Promise.all(["a", "b", "c"].map((name) => lock.run("k", task(name))));
    expect(results).toEqual(["a", "b", "c"]);
    expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("lets other keys run meanwhile", async () => {
    const lock = new KeyedLock();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = lock.run("a", () => promise);
    await lock.run("b", () => Promise.resolve(resolve()));
    await waiting;
  });

  it("goes on after a task that failed", async () => {
    const lock = new KeyedLock();
    const failing = lock.run("k", () => Promise.reject(new Error("no")));
    const next = lock.run("k", () => Promise.resolve("done"));
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("done");
  });
});

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });

describe("TakeoverLock", () => {
  it("ends the task that runs when a newer one comes, and waits for its end", async () => {
    const lock = new TakeoverLock();
    const seen: string[] = [];
    const older = lock.run("k", FOREVER, async (signal) => {
      await untilAborted(signal).catch(() => seen.push("older ends"));
      await Promise.resolve();
      seen.push("older has ended");
      signal.throwIfAborted();
    });
    const newer = lock.run("k", FOREVER, () => Promise.resolve(seen.push("newer begins")));
    await expect(older).rejects.toBeInstanceOf(TakenOver);
    await newer;
    expect(seen).toEqual(["older ends", "older has ended", "newer begins"]);
  });

  it("lets the last of many win, one at a time", async () => {
    const lock = new TakeoverLock();
    let running = 0;
    const task = async (signal: AbortSignal): Promise<string> => {
      running += 1;
      expect(running).toBe(1);
      try {
        return await new Promise((resolve, reject) => {
          if (signal.aborted) reject(signal.reason);
          signal.addEventListener("abort", () => reject(signal.reason));
          setImmediate(() => resolve("done"));
        });
      } finally {
        running -= 1;
      }
    };
    const tries = Array.from({ length: 5 }, () => lock.run("k", FOREVER, task));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array(4).fill("rejected"),
      "fulfilled",
    ]);
  });

  it("leaves tasks of other keys alone", async () => {
    const lock = new TakeoverLock();
    const { promise, resolve } = Promise.withResolvers<string>();
    const one = lock.run("a", FOREVER, () => promise);
    await lock.run("b", FOREVER, () => Promise.resolve());
    resolve("done");
    expect(await one).toBe("done");
  });

  it("passes the caller's own abort on", async () => {
    const stop = new AbortController();
    const running = new TakeoverLock().run("k", stop.signal, untilAborted);
    const reason = new Error("the client went away");
    stop.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  it("is free again after a task that failed", async () => {
    const lock = new TakeoverLock();
    await expect(lock.run("k", FOREVER, () => Promise.reject(new Error("no")))).rejects.toThrow(
      "no",
    );
    const signal = await lock.run("k", FOREVER, (mine) => Promise.resolve(mine));
    expect(signal.aborted).toBe(false);
  });
});
