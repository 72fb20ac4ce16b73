import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { parseOptions } from "@node-rs/bcrypt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HtpasswdUsers, openHtpasswdUsers } from "../../src/auth/passwords/htpasswd-users.ts";
import { createLogger } from "../../src/observability/logger.ts";
import { LineCollector } from "../fakes/line-collector.ts";
import { bcrypt, htpasswdLine } from "./htpasswd-lines.ts";
import { UsersSubject } from "./users-subject.ts";

let subject: UsersSubject;
beforeEach(async () => {
  subject = await UsersSubject.open();
});
afterEach(async () => subject[Symbol.asyncDispose]());

describe("HtpasswdUsers.verify()", () => {
  it("knows each user by their own password only", async () => {
    const users = await subject.users(htpasswdLine("alice", "a") + htpasswdLine("bob", "b", 5));
    expect(await users.verify("alice", "a")).toBe(true);
    expect(await users.verify("bob", "b")).toBe(true);
    expect(await users.verify("alice", "b")).toBe(false);
    expect(await users.verify("alice", "")).toBe(false);
    expect(await users.verify("Alice", "a")).toBe(false);
    expect(await users.verify("carol", "a")).toBe(false);
    expect(users.size).toBe(2);
  });

  it.each(["__proto__", "constructor", "toString"])("knows no user %s", async (name) => {
    const users = await subject.users(htpasswdLine("alice", "a"));
    expect(await users.verify(name, "a")).toBe(false);
    expect(users.fingerprint(name)).toBeUndefined();
  });

  it("knows a user whom another file would take for a property of objects", async () => {
    const users = await subject.users(htpasswdLine("__proto__", "a"));
    expect(await users.verify("__proto__", "a")).toBe(true);
  });

  it("takes 72 bytes of a longer password into account, as the reference does", async () => {
    const users = await subject.users(htpasswdLine("alice", "p".repeat(80)));
    expect(await users.verify("alice", "p".repeat(80))).toBe(true);
    expect(await users.verify("alice", "p".repeat(71))).toBe(false);
  });

  it("hashes no password of more than 256 bytes", async () => {
    const users = await subject.users(htpasswdLine("alice", "ä".repeat(129)));
    expect(await users.verify("alice", "ä".repeat(128))).toBe(true);
    expect(await users.verify("alice", "ä".repeat(129))).toBe(false);
    expect(await users.verify("alice", "ä".repeat(500_000))).toBe(false);
    expect(subject.pool.asked).toHaveLength(1);
  });

  it("does not take a password twice with NUL between for the password", async () => {
    const users = await subject.users(htpasswdLine("alice", "ab"));
    expect(await subject.pool.verify("ab\0ab", bcrypt("ab"))).toBe(true);
    expect(await users.verify("alice", "ab\0ab")).toBe(false);
  });

  it("does not remember a password for more than a minute", async () => {
    const users = await subject.users(htpasswdLine("alice", "a"));
    await users.verify("alice", "a");
    await subject.clock.advance(59_999);
    expect(await users.verify("alice", "a")).toBe(true);
    expect(subject.pool.asked).toHaveLength(1);
    await subject.clock.advance(1);
    expect(await users.verify("alice", "a")).toBe(true);
    expect(subject.pool.asked).toHaveLength(2);
  });

  it("tells the pool from where it is asked, so that networks take turns", async () => {
    const users = await subject.users(htpasswdLine("alice", "a"));
    await users.verify("alice", "a", { address: "192.0.2.1" });
    await users.verify("nobody", "a", { address: "192.0.2.2" });
    expect(subject.pool.asked.map(({ address }) => address)).toEqual(["192.0.2.1", "192.0.2.2"]);
  });

  it("puts first whoever knew the password within a day, and nobody else", async () => {
    const users = await subject.users(htpasswdLine("alice", "a"));
    await users.verify("alice", "a");
    await subject.clock.advance(60_000);
    await users.verify("alice", "a");
    await users.verify("alice", "wrong");
    await subject.clock.advance(24 * 60 * 60_000);
    await users.verify("alice", "a");
    expect(subject.pool.asked.map(({ isUrgent }) => isUrgent)).toEqual([false, true, false, false]);
  });

  it("checks a wrong password each time, of users that there are and of those that there are not", async () => {
    const users = await subject.users(htpasswdLine("alice", "a"));
    await users.verify("alice", "a");
    for (let count = 0; count < 3; count += 1) {
      await users.verify("alice", "wrong");
      await users.verify("carol", "wrong");
      await users.verify("carol", "a");
    }
    expect(subject.pool.asked).toHaveLength(10);
  });

  it("checks the same password once for all that bring it at the same time", async () => {
    const users = await subject.users(htpasswdLine("alice", "a"));
    const results = await Promise.all(Array.from({ length: 20 }, () => users.verify("alice", "a")));
    expect(results).toEqual(Array(20).fill(true));
    expect(subject.pool.asked).toHaveLength(1);
  });

  it("keeps concurrent checks of different users and passwords apart", async () => {
    const users = await subject.users(htpasswdLine("alice", "a") + htpasswdLine("bob", "a"));
    const tries = [
      ["alice", "a"],
      ["bob", "a"],
      ["alice", "b"],
      ["carol", "a"],
    ] as const;
    const results = await Promise.all(tries.map(([name, text]) => users.verify(name, text)));
    expect(results).toEqual([true, true, false, false]);
    expect(subject.pool.asked).toHaveLength(4);
  });
});

describe("HtpasswdUsers, for users that there are not", () => {
  const mixed = (): string =>
    [4, 4, 4, 6].map((cost, index) => htpasswdLine(`user-${index}`, "a", cost)).join("");

  async function costsOf(users: HtpasswdUsers, names: readonly string[]): Promise<number[]> {
    const before = subject.pool.asked.length;
    for (const name of names) await users.verify(name, "wrong");
    return subject.pool.asked.slice(before).map(({ hash }) => parseOptions(hash).cost);
  }

  const names = Array.from({ length: 200 }, (_, index) => `nobody-${index}`);

  it("compares with hashes that cost what those of the file cost, in their proportion", async () => {
    const costs = await costsOf(await subject.users(mixed()), names);
    const dear = costs.filter((cost) => cost === 6).length;
    expect(costs.filter((cost) => cost === 4)).toHaveLength(200 - dear);
    expect(dear).toBeGreaterThan(20);
    expect(dear).toBeLessThan(80);
  });

  it("compares the same name at the same cost, in each process and when users are added", async () => {
    const text = mixed();
    const costs = await costsOf(await subject.users(text), names);
    const other = await subject.users(text);
    expect(await costsOf(other, names)).toEqual(costs);
    await subject.change(text + mixed().replaceAll("user", "more"));
    expect(await costsOf(other, names)).toEqual(costs);
  });

  it("compares at a usual cost where there are no users", async () => {
    expect(await costsOf(await subject.users("# nobody\n"), ["alice"])).toEqual([10]);
  });
});

describe("openHtpasswdUsers()", () => {
  it("refuses to start with a file that it cannot use, and names file and line", async () => {
    await expect(subject.users("# users\nnonsense\n")).rejects.toMatchObject({
      kind: "HtpasswdUnusable",
      message: expect.stringMatching(/htpasswd: line 2: /),
    });
  });

  it("starts without a file, and says so", async () => {
    const users = await subject.users(undefined);
    expect(users.size).toBe(0);
    expect(subject.messages("error")).toEqual([expect.stringContaining("missing")]);
  });

  it("warns of lines that are of no use, not of thousands", async () => {
    await subject.users(
      htpasswdLine("alice", "a") + Array.from({ length: 50 }, (_, n) => `u${n}:x\n`).join(""),
    );
    expect(subject.messages("warn")).toHaveLength(21);
    expect(subject.messages("warn").at(-1)).toContain("30 more");
  });

  it("makes a missing file, folders and all, with a password that the log tells once", async () => {
    const path = join(subject.folder, "new", "folder", "htpasswd");
    const { pool, clock } = subject;
    const lines = new LineCollector();
    const written = createLogger({
      level: "info",
      formatter: "text",
      fields: {},
      destination: lines,
    });
    const users = await openHtpasswdUsers({ path, pool, log: written, provision: true, clock });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).toMatch(/^docker:\$2y\$\d\d\$\S{53}\n$/);
    const told = lines.lines.join("\n").match(/(?<=the password )[\w-]{43}(?!\S*\w)/g);
    expect(told).toHaveLength(1);
    expect(await users.verify("docker", told?.[0] ?? "")).toBe(true);
  });

  it("leaves a file alone that is there, also an empty one", async () => {
    const users = await subject.users("", { provision: true });
    expect(await readFile(subject.path, "utf8")).toBe("");
    expect(users.size).toBe(0);
  });

  it("makes one file when several start together", async () => {
    const all = await Promise.all(
      [1, 2, 3, 4].map(() => subject.users(undefined, { provision: true })),
    );
    await nextTurn();
    const told = subject.messages("warn").filter((message) => message.includes("password"));
    expect(told).toHaveLength(1);
    const password = /the password ([\w-]{43})/.exec(told[0] ?? "")?.[1] ?? "";
    for (const users of all) expect(await users.verify("docker", password)).toBe(true);
  });
});
