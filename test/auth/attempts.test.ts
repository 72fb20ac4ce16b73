import { describe, expect, it } from "vitest";
import { AttemptLimiter } from "../../src/auth/attempts.ts";
import { TooManyAttempts } from "../../src/auth/errors.ts";
import { FakeClock } from "../fakes/fake-clock.ts";

const DAY_MS = 24 * 60 * 60_000;
const HOME = "192.0.2.1";

interface Limits {
  readonly perAddress?: number;
  readonly perAccount?: number;
}

/** What an attempt came to: wrong, right, or for how many seconds it was put off. */
type Outcome = "wrong" | "right" | number;

class Lab {
  readonly clock = new FakeClock();
  readonly limiter: AttemptLimiter;
  calls = 0;

  constructor({ perAddress = 30, perAccount = 10 }: Limits = {}) {
    this.limiter = new AttemptLimiter({ perAddress, perAccount, clock: this.clock });
  }

  async try(account: string, { address = HOME, isRight = false } = {}): Promise<Outcome> {
    try {
      const found = await this.limiter.run({ address, account }, () => {
        this.calls += 1;
        return Promise.resolve(isRight ? account : undefined);
      });
      return found === undefined ? "wrong" : "right";
    } catch (error) {
      if (error instanceof TooManyAttempts) return error.retryAfterSeconds;
      throw error;
    }
  }

  /** Wrong ones one after the other until one is put off. @returns how many were let through. */
  async exhaust(account: string, address = HOME): Promise<number> {
    for (let count = 0; ; count += 1) {
      if ((await this.try(account, { address })) !== "wrong") return count;
    }
  }
}

describe("AttemptLimiter", () => {
  it("hands on what the check finds, and takes only `undefined` for wrong", async () => {
    const { limiter } = new Lab({ perAccount: 1 });
    for (const found of [false, 0, "", "alice", undefined]) {
      const attempt = { address: HOME, account: "a" };
      expect(await limiter.run(attempt, () => Promise.resolve(found))).toBe(found);
    }
  });

  it("lets as many wrong ones through for an account as it is told, and asks no more then", async () => {
    const lab = new Lab();
    expect(await lab.exhaust("alice")).toBe(10);
    expect(await lab.try("alice", { isRight: true })).toEqual(expect.any(Number));
    expect(lab.calls).toBe(10);
  });

  it("lets as many through for an address, whatever the accounts", async () => {
    const lab = new Lab();
    for (let count = 0; count < 30; count += 1) {
      expect(await lab.try(`user-${count}`)).toBe("wrong");
    }
    expect(await lab.try("another")).toEqual(expect.any(Number));
    expect(await lab.try("another", { address: "192.0.2.2" })).toBe("wrong");
  });

  it("counts no successes", async () => {
    const lab = new Lab({ perAddress: 3, perAccount: 2 });
    for (let count = 0; count < 20; count += 1) {
      expect(await lab.try(`user-${count}`, { isRight: true })).toBe("right");
    }
    expect(await lab.try("alice")).toBe("wrong");
  });

  it("counts nothing when the check itself fails, and throws what it throws", async () => {
    const { limiter, ...lab } = new Lab({ perAccount: 1 });
    const failing = () =>
      limiter.run({ address: HOME, account: "a" }, () => Promise.reject(new Error("no threads")));
    for (let count = 0; count < 5; count += 1)
      await expect(failing()).rejects.toThrow("no threads");
    expect(lab.calls).toBe(0);
    await expect(
      limiter.run({ address: HOME, account: "a" }, () => Promise.resolve("a")),
    ).resolves.toBe("a");
  });

  it("forgets wrong ones of an account that then gets it right", async () => {
    const lab = new Lab({ perAccount: 3 });
    await lab.try("alice");
    await lab.try("alice");
    expect(await lab.try("alice", { isRight: true })).toBe("right");
    expect(await lab.exhaust("alice")).toBe(3);
  });

  it("does not forget those of an address for it: an attacker may have an account", async () => {
    const lab = new Lab({ perAddress: 6, perAccount: 3 });
    await lab.exhaust("alice");
    await lab.try("mallory", { isRight: true });
    expect(await lab.exhaust("bob")).toBe(3);
    expect(await lab.try("carol")).toEqual(expect.any(Number));
  });

  it("tells exactly how long to wait", async () => {
    const lab = new Lab();
    await lab.exhaust("alice");
    // One in six seconds is forgiven, and half as many once there are none left.
    expect(await lab.try("alice")).toBe(12);
    await lab.clock.advance(3_500);
    expect(await lab.try("alice")).toBe(9);
    await lab.clock.advance(8_499);
    expect(await lab.try("alice")).toBe(1);
    await lab.clock.advance(1);
    expect(await lab.try("alice", { isRight: true })).toBe("right");
  });

  it("takes twice as long each time, up to a limit, and starts anew after quiet", async () => {
    const lab = new Lab();
    await lab.exhaust("alice");
    const waits: Outcome[] = [];
    for (let count = 0; count < 7; count += 1) {
      const seconds = await lab.try("alice");
      waits.push(seconds);
      await lab.clock.advance(Number(seconds) * 1000);
      expect(await lab.try("alice")).toBe("wrong");
    }
    expect(waits).toEqual([12, 24, 48, 96, 192, 192, 192]);
    await lab.clock.advance(10 * 192_000);
    expect(await lab.exhaust("alice")).toBe(10);
    expect(await lab.try("alice")).toBe(12);
    await lab.clock.advance(DAY_MS);
    expect(await lab.exhaust("alice")).toBe(10);
  });

  it("never tells to wait for less than a second", async () => {
    const lab = new Lab({ perAccount: 600, perAddress: 600 });
    await lab.exhaust("alice");
    expect(await lab.try("alice")).toBe(1);
  });

  it("slows down guesses at one account from many addresses", async () => {
    const lab = new Lab();
    const outcomes: Outcome[] = [];
    for (let count = 0; count < 60; count += 1) {
      outcomes.push(await lab.try("alice", { address: `198.51.100.${count}` }));
    }
    expect(outcomes.indexOf(30)).toBe(50);
    expect(await lab.try("bob", { address: "198.51.100.59" })).toBe("wrong");
  });

  it("lets an account in where it was lately, whatever happens to it elsewhere", async () => {
    const lab = new Lab();
    await lab.try("alice", { isRight: true });
    for (let count = 0; count < 60; count += 1) {
      await lab.try("alice", { address: `198.51.100.${count}` });
    }
    expect(await lab.try("alice", { isRight: true, address: "203.0.113.9" })).toEqual(
      expect.any(Number),
    );
    expect(await lab.try("alice", { isRight: true })).toBe("right");
  });

  it("lets an account in where it was lately, whatever others do at that address", async () => {
    const lab = new Lab();
    await lab.try("alice", { isRight: true });
    for (let count = 0; count < 40; count += 1) await lab.try(`guess-${count}`);
    expect(await lab.try("bob", { isRight: true })).toEqual(expect.any(Number));
    expect(await lab.try("alice", { isRight: true })).toBe("right");
  });

  it("bounds the wrong ones where an account was lately, too", async () => {
    const lab = new Lab();
    await lab.try("alice", { isRight: true });
    expect(await lab.exhaust("alice")).toBe(10);
  });

  it("knows an account's addresses for a day", async () => {
    const lab = new Lab();
    await lab.try("alice", { isRight: true });
    await lab.clock.advance(DAY_MS);
    for (let count = 0; count < 40; count += 1) await lab.try(`guess-${count}`);
    expect(await lab.try("alice", { isRight: true })).toEqual(expect.any(Number));
  });

  it("counts the addresses of a network as one", async () => {
    const lab = new Lab({ perAddress: 2 });
    await lab.exhaust("alice", "2001:db8:1:2::1");
    expect(await lab.try("bob", { address: "2001:db8:1:2::2" })).toEqual(expect.any(Number));
    expect(await lab.try("bob", { address: "2001:db8:1:3::2" })).toBe("wrong");
  });

  it("forgets the oldest of very many addresses only", async () => {
    const lab = new Lab({ perAddress: 1, perAccount: 1 });
    await lab.try("a");
    for (let count = 0; count < 10_000; count += 1) {
      await lab.try(`user-${count}`, { address: `10.0.${count >> 8}.${count & 255}` });
    }
    expect(await lab.try("a", { address: "10.0.39.15" })).toEqual(expect.any(Number));
    expect(await lab.try("a")).toBe("wrong");
  });
});

/** Checks that run until the test ends them. */
class Held {
  readonly #running: PromiseWithResolvers<string | undefined>[] = [];
  most = 0;
  started = 0;

  check = (): Promise<string | undefined> => {
    const one = Promise.withResolvers<string | undefined>();
    this.#running.push(one);
    this.started += 1;
    this.most = Math.max(this.most, this.#running.length);
    return one.promise;
  };

  /** Ends the one that started first. */
  async finishOne(found: string | undefined): Promise<void> {
    this.#running.shift()?.resolve(found);
    await settled();
  }

  /** Ends those that run now and those that start by it, until none is left. */
  async finish(found: string | undefined): Promise<void> {
    while (this.#running.length > 0) await this.finishOne(found);
  }
}

/** After all that follows from what is resolved already. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("AttemptLimiter, for many at once", () => {
  const attempt = { address: HOME, account: "alice" };

  it("runs few of one address at a time, and not one more than may fail", async () => {
    const { limiter } = new Lab({ perAddress: 10, perAccount: 10 });
    const held = new Held();
    const all = Promise.allSettled(
      Array.from({ length: 40 }, () => limiter.run(attempt, held.check)),
    );
    await settled();
    expect(held.started).toBe(4);
    await held.finish(undefined);
    const results = await all;
    expect(held.most).toBe(4);
    expect(held.started).toBe(10);
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(30);
  });

  it("counts those that come when others are over with those that still run", async () => {
    const { limiter } = new Lab();
    const held = new Held();
    const run = (count: number) =>
      Array.from({ length: count }, () => limiter.run(attempt, held.check));
    const first = run(5);
    await settled();
    await held.finishOne(undefined);
    const all = Promise.all([...first, ...run(5)]);
    await settled();
    expect(held.started).toBe(5);
    await held.finish(undefined);
    expect(held.most).toBe(4);
    expect(await all).toHaveLength(10);
  });

  it("runs one at a time when only one more may fail", async () => {
    const { limiter } = new Lab({ perAccount: 10 });
    for (let count = 0; count < 9; count += 1) {
      await limiter.run(attempt, () => Promise.resolve(undefined));
    }
    const held = new Held();
    const all = Promise.all(Array.from({ length: 8 }, () => limiter.run(attempt, held.check)));
    await settled();
    expect(held.started).toBe(1);
    await held.finish("right");
    await expect(all).resolves.toEqual(Array(8).fill("right"));
  });

  it("turns nobody away who sends many right ones at once", async () => {
    const { limiter } = new Lab({ perAddress: 5, perAccount: 5 });
    const held = new Held();
    const all = Promise.all(Array.from({ length: 50 }, () => limiter.run(attempt, held.check)));
    await settled();
    await held.finish("right");
    expect(await all).toHaveLength(50);
    expect(held.most).toBe(4);
  });

  it("lets at most sixty wait for one address, and any number of addresses run", async () => {
    const { limiter } = new Lab();
    const held = new Held();
    const flood = Promise.allSettled(
      Array.from({ length: 100 }, () => limiter.run(attempt, held.check)),
    );
    await settled();
    const elsewhere = limiter.run({ ...attempt, address: "192.0.2.2" }, held.check);
    await settled();
    expect(held.started).toBe(5);
    await held.finish("right");
    expect((await flood).filter(({ status }) => status === "rejected")).toHaveLength(36);
    await expect(elsewhere).resolves.toBe("right");
  });

  it("does not let a flood at an address stand before an account that was there lately", async () => {
    const { limiter } = new Lab();
    await limiter.run(attempt, () => Promise.resolve("alice"));
    const held = new Held();
    const flood = Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        limiter.run({ address: HOME, account: `guess-${index}` }, held.check),
      ),
    );
    await settled();
    await expect(limiter.run(attempt, () => Promise.resolve("alice"))).resolves.toBe("alice");
    await held.finish(undefined);
    await flood;
  });

  it("goes on after checks that throw", async () => {
    const { limiter } = new Lab();
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () =>
        limiter.run(attempt, () => Promise.reject(new Error("no threads"))),
      ),
    );
    expect(results.map((one) => one.status === "rejected" && String(one.reason))).toEqual(
      Array(20).fill("Error: no threads"),
    );
    await expect(limiter.run(attempt, () => Promise.resolve("alice"))).resolves.toBe("alice");
  });
});
