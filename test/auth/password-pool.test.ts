import { readdir, readFile } from "node:fs/promises";
import { getPriority } from "node:os";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { parseOptions } from "@node-rs/bcrypt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryUrl } from "../../src/app/entries.ts";
import { AuthUnavailable } from "../../src/auth/errors.ts";
import { PasswordPool } from "../../src/auth/passwords/password-pool.ts";
import { bcrypt } from "./htpasswd-lines.ts";

const HASH = bcrypt("secret");
/** Takes long enough for what happens meanwhile. */
const SLOW = HASH.replace("$04$", "$12$");

/** Those that were started in the test, as the process tells it. */
let started: Worker[];
const note = (worker: Worker): number => started.push(worker);
let pools: AsyncDisposableStack;
beforeEach(() => {
  started = [];
  pools = new AsyncDisposableStack();
  process.on("worker", note);
});
afterEach(async () => {
  process.off("worker", note);
  await pools.disposeAsync();
});

function open(limits: { readonly maxThreads?: number; readonly maxWaiting?: number } = {}) {
  const { maxThreads = 2, maxWaiting = 10 } = limits;
  return pools.use(
    new PasswordPool({ threadUrl: entryUrl("password-thread"), maxThreads, maxWaiting }),
  );
}

describe("PasswordPool", () => {
  it("tells right from wrong, for as many as come at once", async () => {
    const pool = open();
    const guesses = ["secret", "Secret", "", "secret ", "secret", "other"];
    const answers = await Promise.all(guesses.map((guess) => pool.verify(guess, HASH)));
    expect(answers).toEqual([true, false, false, false, true, false]);
    expect(started).toHaveLength(2);
  });

  it("starts no thread before it is needed, and no second one while the first is idle", async () => {
    const pool = open();
    expect(started).toHaveLength(0);
    await pool.verify("a", HASH);
    await pool.verify("b", HASH);
    expect(started).toHaveLength(1);
  });

  it("matches nothing with what is no hash, and goes on", async () => {
    const pool = open({ maxThreads: 1 });
    await expect(pool.verify("secret", "nonsense")).resolves.toBe(false);
    await expect(pool.verify("secret", HASH)).resolves.toBe(true);
    expect(started).toHaveLength(1);
  });

  it("makes hashes that it matches itself", async () => {
    const pool = open();
    const hash = await pool.hash("new one", 4);
    expect(parseOptions(hash)).toEqual({ version: "2y", cost: 4 });
    await expect(pool.verify("new one", hash)).resolves.toBe(true);
  });

  it("turns away whoever would wait behind too many", async () => {
    const pool = open({ maxThreads: 1, maxWaiting: 1 });
    const running = pool.verify("secret", HASH);
    const waiting = pool.verify("secret", HASH);
    await expect(pool.verify("secret", HASH)).rejects.toBeInstanceOf(AuthUnavailable);
    await expect(Promise.all([running, waiting])).resolves.toEqual([true, true]);
    await expect(pool.verify("secret", HASH)).resolves.toBe(true);
  });

  it("lets networks take turns, whoever came first", async () => {
    const pool = open({ maxThreads: 1 });
    const done: string[] = [];
    const check = async (name: string, address: string): Promise<void> => {
      await pool.verify("secret", HASH, { address });
      done.push(name);
    };
    await Promise.all([
      check("running", "192.0.2.1"),
      check("a1", "192.0.2.1"),
      check("a2", "192.0.2.1"),
      check("a3", "192.0.2.1"),
      check("b1", "2001:db8:1:1::1"),
      check("b2", "2001:db8:1:1::2"),
      check("c1", "2001:db8:1:2::1"),
      check("d1", "198.51.100.1"),
    ]);
    // b and c are networks of one site.
    expect(done).toEqual(["running", "a1", "b1", "d1", "a2", "c1", "a3", "b2"]);
  });

  it("turns the newest away of the network with the most, for one of another", async () => {
    const pool = open({ maxThreads: 1, maxWaiting: 3 });
    const check = async (address: string): Promise<boolean | string> =>
      await pool.verify("secret", HASH, { address }).catch((error: unknown) => String(error));
    const answers = await Promise.all([
      check("192.0.2.1"),
      check("192.0.2.1"),
      check("192.0.2.1"),
      check("192.0.2.1"),
      check("198.51.100.1"),
      check("203.0.113.1"),
      check("192.0.2.1"),
      check("198.51.100.1"),
    ]);
    const no = expect.stringContaining("too many passwords wait");
    expect(answers).toEqual([true, true, no, no, true, true, no, no]);
  });

  it("turns away the only one of a network only behind four times as many networks", async () => {
    const pool = open({ maxThreads: 1, maxWaiting: 2 });
    const running = pool.verify("secret", HASH, { address: "192.0.2.99" });
    const addresses = Array.from({ length: 9 }, (_, index) => `192.0.2.${index}`);
    const results = await Promise.allSettled(
      addresses.map((address) => pool.verify("secret", HASH, { address })),
    );
    expect(results.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 8 }, () => "fulfilled"),
      "rejected",
    ]);
    await running;
  });

  it("takes the urgent before those that wait, however many", async () => {
    const pool = open({ maxThreads: 1, maxWaiting: 2 });
    const done: string[] = [];
    const check = async (name: string, isUrgent: boolean): Promise<void> => {
      await pool.verify("secret", HASH, { isUrgent });
      done.push(name);
    };
    await Promise.all([
      check("running", false),
      check("second", false),
      check("third", false),
      check("urgent", true),
      check("urgent too", true),
    ]);
    expect(done).toEqual(["running", "urgent", "urgent too", "second", "third"]);
  });

  it("fails no other check when a thread dies at work", async () => {
    const pool = open({ maxThreads: 2 });
    const dying = pool.verify("secret", SLOW);
    const others = [1, 2, 3].map(() => pool.verify("secret", HASH));
    await nextTurn();
    await started[0]?.terminate();
    await expect(dying).rejects.toBeInstanceOf(AuthUnavailable);
    await expect(Promise.all(others)).resolves.toEqual([true, true, true]);
  });

  it("goes on with what waits when its only thread dies at work", async () => {
    const pool = open({ maxThreads: 1 });
    const dying = pool.verify("secret", SLOW);
    const waiting = pool.verify("secret", HASH);
    await nextTurn();
    await started[0]?.terminate();
    await expect(dying).rejects.toBeInstanceOf(AuthUnavailable);
    await expect(waiting).resolves.toBe(true);
    expect(started).toHaveLength(2);
  });

  it("fails no check when a thread dies idle", async () => {
    const pool = open({ maxThreads: 1 });
    await pool.verify("secret", HASH);
    await started[0]?.terminate();
    await expect(pool.verify("secret", HASH)).resolves.toBe(true);
  });

  it("fails every check while threads cannot start, and leaves none hanging", async () => {
    const threadUrl = new URL("data:text/javascript,throw new Error('cannot load')");
    const pool = pools.use(new PasswordPool({ threadUrl, maxThreads: 1, maxWaiting: 10 }));
    const results = await Promise.allSettled([1, 2, 3].map(() => pool.verify("secret", HASH)));
    expect(results.map((one) => one.status === "rejected" && one.reason)).toEqual(
      [1, 2, 3].map(() => expect.any(AuthUnavailable)),
    );
  });

  it("fails what runs and what waits when it is disposed, and whatever comes later", async () => {
    const pool = open({ maxThreads: 1 });
    const both = Promise.allSettled([pool.verify("secret", SLOW), pool.verify("secret", SLOW)]);
    await pool[Symbol.asyncDispose]();
    expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await expect(pool.verify("secret", HASH)).rejects.toBeInstanceOf(AuthUnavailable);
  });

  it.runIf(process.platform === "linux")("gives way to all else, and alone", async () => {
    const before = await nicenesses();
    await open({ maxThreads: 1 }).verify("secret", HASH);
    const after = await nicenesses();
    const added = [...after].filter(([id]) => !before.has(id)).map(([, nice]) => nice);
    const lowered = Math.max(10, getPriority());
    expect(added).toContain(lowered);
    for (const [id, nice] of before) expect(after.get(id) ?? nice).toBe(nice);
  });
});

/** Of the threads of this process, by their id; proc(5). */
async function nicenesses(): Promise<ReadonlyMap<string, number>> {
  const ids = await readdir("/proc/self/task");
  const found = await Promise.all(
    ids.map(async (id) => {
      const stat = await readFile(`/proc/self/task/${id}/stat`, "utf8").catch(() => "");
      return [id, Number(stat.slice(stat.lastIndexOf(")")).split(" ")[17])] as const;
    }),
  );
  return new Map(found.filter(([, nice]) => !Number.isNaN(nice)));
}
