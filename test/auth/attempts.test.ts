import { describe, expect, it } from "vitest";
import { HOME, Lab, type Outcome } from "./attempts-lab.ts";

const DAY_MS = 24 * 60 * 60_000;

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
    await lab.dry("alice");
    const outcomes: Outcome[] = [];
    for (let count = 0; count < 20; count += 1) {
      outcomes.push(await lab.try("alice", { address: `198.51.100.${count % 10}` }));
    }
    expect(outcomes).toEqual([...Array(10).fill("wrong"), ...Array(10).fill(30)]);
    expect(await lab.try("bob", { address: "198.51.100.9" })).toBe("wrong");
  });

  it("lets an account in where it is new, whatever happens to it elsewhere", async () => {
    const lab = new Lab();
    await lab.dry("alice");
    await lab.dry("alice", "203.0.113");
    expect(await lab.try("alice", { isRight: true, address: HOME })).toBe("right");
    expect(await lab.try("alice", { isRight: true, address: HOME })).toBe("right");
  });

  it("lets each network try once in half a minute then, and an IPv6 site counts as one", async () => {
    const lab = new Lab();
    await lab.dry("alice");
    expect(await lab.try("alice", { address: "2001:db8:1:1::1" })).toBe("wrong");
    expect(await lab.try("alice", { address: "2001:db8:1:2::1" })).toBe(30);
    expect(await lab.try("alice", { address: "2001:db8:2:2::1" })).toBe("wrong");
    await lab.clock.advance(29_999);
    expect(await lab.try("alice", { address: "2001:db8:1:2::1" })).toBe(1);
    await lab.clock.advance(1);
    await lab.dry("alice");
    expect(await lab.try("alice", { address: "2001:db8:1:2::1" })).toBe("wrong");
    expect(await lab.try("alice", { address: "2001:db8:1:1::1" })).toBe(30);
  });

  it("lets an account in where it was lately, whatever happens to it elsewhere", async () => {
    const lab = new Lab();
    await lab.try("alice", { isRight: true });
    for (let count = 0; count < 60; count += 1) {
      await lab.try("alice", { address: `198.51.100.${count}` });
    }
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

describe("miss()", () => {
  it("lets so many of an address through, and none of its networks' other addresses then", () => {
    const lab = new Lab({ perAddress: 3 });
    const outcomes = Array.from({ length: 5 }, () => lab.miss("2001:db8:1:2::1"));
    expect(outcomes).toEqual([0, 0, 0, 40, 40]);
    expect(lab.miss("2001:db8:1:2::2")).toBe(40);
    expect(lab.miss()).toBe(0);
  });

  it("keeps passwords from being tried there, but not where an account is known", async () => {
    const lab = new Lab({ perAddress: 3 });
    await lab.try("alice", { isRight: true });
    for (let count = 0; count < 5; count += 1) lab.miss();
    expect(await lab.try("bob", { isRight: true })).toBe(40);
    expect(await lab.try("alice", { isRight: true })).toBe("right");
    expect(await lab.try("bob", { address: "192.0.2.2" })).toBe("wrong");
  });

  it("makes no room among wrong passwords, however many it counts", async () => {
    const lab = new Lab({ perAddress: 1 });
    await lab.try("alice");
    for (let count = 0; count < 11_000; count += 1) lab.miss(`10.0.${count >> 8}.${count & 255}`);
    expect(await lab.try("bob")).toEqual(expect.any(Number));
  });
});
