import { describe, expect, it } from "vitest";
import { HOME, Lab } from "./attempts-lab.ts";

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

  it("lets many with the right password in where the account is new and others guess at it", async () => {
    const lab = new Lab();
    await lab.dry("alice");
    const held = new Held();
    const logins = Array.from({ length: 5 }, () => lab.limiter.run(attempt, held.check));
    await settled();
    expect(held.started).toBe(1);
    await held.finish("alice");
    expect(await Promise.all(logins)).toEqual(Array(5).fill("alice"));
  });

  it("lets one at a time of an IPv6 site guess where others guess, and no other once it was wrong", async () => {
    const lab = new Lab();
    await lab.dry("alice");
    const held = new Held();
    const guesses = Array.from({ length: 5 }, (_, at) =>
      lab.limiter.run({ account: "alice", address: `2001:db8:1:${at}::1` }, held.check),
    );
    const outcomes = Promise.allSettled(guesses);
    await settled();
    await held.finish(undefined);
    const statuses = (await outcomes).map(({ status }) => status);
    expect(held.started).toBe(1);
    expect(statuses).toEqual(["fulfilled", ...Array(4).fill("rejected")]);
  });
});
