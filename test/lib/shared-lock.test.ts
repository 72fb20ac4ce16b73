import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { SharedLock } from "../../src/lib/shared-lock.ts";

/** A task that says when it begins and ends when it is told to. */
function held(seen: string[], name: string): { task: () => Promise<string>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const task = async (): Promise<string> => {
    seen.push(`${name} begins`);
    await promise;
    seen.push(`${name} ends`);
    return name;
  };
  return { task, end: resolve };
}

it("runs those that share beside one another, and alone what excludes them", async () => {
  const lock = new SharedLock();
  const seen: string[] = [];
  const [first, second] = [held(seen, "first"), held(seen, "second")];
  const [alone, later] = [held(seen, "alone"), held(seen, "later")];
  const running = [lock.share("key", first.task), lock.share("key", second.task)];
  running.push(lock.exclude("key", alone.task));
  await setImmediate();
  running.push(lock.share("key", later.task));
  for (const one of [first, second, alone, later]) {
    await setImmediate();
    one.end();
  }
  expect(await Promise.all(running)).toEqual(["first", "second", "alone", "later"]);
  expect(seen.join(", ")).toBe(
    "first begins, second begins, first ends, second ends, alone begins, alone ends, later begins, later ends",
  );
});

it("keeps keys apart, and goes on after a task that fails", async () => {
  const lock = new SharedLock();
  const seen: string[] = [];
  const holder = held(seen, "holder");
  const holding = lock.exclude("one", holder.task);
  expect(await lock.share("other", async () => "free")).toBe("free");
  const failing = lock.share("other", async () => {
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await lock.exclude("other", async () => "free")).toBe("free");
  holder.end();
  await holding;
  expect(await lock.share("one", async () => "free")).toBe("free");
});
