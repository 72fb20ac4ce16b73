import { writeFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuthUnavailable } from "../../src/auth/errors.ts";
import { bcrypt, htpasswdLine } from "./htpasswd-lines.ts";
import { UsersSubject } from "./users-subject.ts";

let subject: UsersSubject;
beforeEach(async () => {
  subject = await UsersSubject.open();
});
afterEach(async () => subject[Symbol.asyncDispose]());

describe("HtpasswdUsers, when the file changes", () => {
  it("counts a new password from then on, and the old one no more, though it is remembered", async () => {
    const users = await subject.users(htpasswdLine("alice", "old"));
    expect(await users.verify("alice", "old")).toBe(true);
    await subject.change(htpasswdLine("alice", "new"));
    expect(await users.verify("alice", "old")).toBe(false);
    expect(await users.verify("alice", "new")).toBe(true);
  });

  it("sees a file that took the place of the old one, after a long time", async () => {
    const users = await subject.users(htpasswdLine("alice", "a"));
    expect(users.fingerprint("alice")).toBeDefined();
    await subject.clock.advance(3_600_000);
    await nextTurn();
    expect(users.fingerprint("alice")).toBeDefined();
    await writeFile(`${subject.path}.new`, htpasswdLine("bob", "b"));
    await rename(`${subject.path}.new`, subject.path);
    await nextTurn();
    expect(users.fingerprint("alice")).toBeUndefined();
    expect(users.fingerprint("bob")).toBeDefined();
  });

  it("sees each of many changes that follow one another faster than file times tell", async () => {
    const users = await subject.users(htpasswdLine("alice", "a"));
    const [first, second] = [htpasswdLine("alice", "a"), htpasswdLine("alice", "a")];
    const seen = new Set<string | undefined>();
    for (let count = 0; count < 100; count += 1) {
      writeFileSync(subject.path, count % 2 === 0 ? first : second);
      await nextTurn();
      const fingerprint = users.fingerprint("alice");
      writeFileSync(subject.path, count % 2 === 0 ? second : first);
      await nextTurn();
      expect(users.fingerprint("alice")).not.toBe(fingerprint);
      seen.add(fingerprint);
    }
    expect(seen.size).toBe(2);
  });

  it("does not let in whoever was taken out while their password was checked", async () => {
    const users = await subject.users(htpasswdLine("alice", "a"));
    const { promise, resolve } = Promise.withResolvers<void>();
    subject.pool.gate = promise;
    const answer = users.verify("alice", "a");
    await subject.change(htpasswdLine("bob", "b"));
    resolve();
    expect(await answer).toBe(false);
  });

  it("lets in whoever's hash was made anew while the password was checked", async () => {
    const users = await subject.users(htpasswdLine("alice", "a"));
    const { promise, resolve } = Promise.withResolvers<void>();
    subject.pool.gate = promise;
    const answer = users.verify("alice", "a");
    await subject.change(htpasswdLine("alice", "a", 5));
    resolve();
    expect(await answer).toBe(true);
  });

  it("knows nobody while it is missing, and says so once", async () => {
    const text = htpasswdLine("alice", "a");
    const users = await subject.users(text);
    await rm(subject.path);
    for (let count = 0; count < 3; count += 1) {
      await nextTurn();
      expect(users.fingerprint("alice")).toBeUndefined();
      expect(await users.verify("alice", "a")).toBe(false);
    }
    expect(subject.messages("error")).toEqual([expect.stringContaining("missing")]);
    await subject.change(text);
    expect(await users.verify("alice", "a")).toBe(true);
  });

  it.each([
    [
      "it is broken",
      async () => writeFile(subject.path, `${htpasswdLine("alice", "a")}nonsense\n`),
    ],
    [
      "a hash costs too much",
      async () => writeFile(subject.path, `bob:${bcrypt("b").replace("$04$", "$15$")}`),
    ],
    [
      "it cannot be read",
      async () => {
        await rm(subject.path);
        await mkdir(subject.path);
      },
    ],
  ])("takes no password for right or wrong while %s, and says so once", async (_, spoil) => {
    const users = await subject.users(htpasswdLine("alice", "a"));
    await users.verify("alice", "a");
    await spoil();
    for (let count = 0; count < 3; count += 1) {
      await nextTurn();
      await expect(users.verify("alice", "a")).rejects.toBeInstanceOf(AuthUnavailable);
      await expect(users.verify("carol", "a")).rejects.toBeInstanceOf(AuthUnavailable);
      expect(() => users.fingerprint("alice")).toThrow(AuthUnavailable);
    }
    expect(subject.messages("error")).toHaveLength(1);
    await rm(subject.path, { recursive: true });
    await subject.change(htpasswdLine("alice", "a"));
    expect(await users.verify("alice", "a")).toBe(true);
  });
});

describe("HtpasswdUsers.fingerprint()", () => {
  it("changes with the password and its hash, and with nothing else", async () => {
    const [alice, bob] = [htpasswdLine("alice", "a"), htpasswdLine("bob", "b")];
    const users = await subject.users(alice);
    const before = users.fingerprint("alice");
    await subject.change(`# more\n${bob}${alice}`);
    expect(users.fingerprint("alice")).toBe(before);
    expect(users.fingerprint("bob")).not.toBe(before);
    await subject.change(htpasswdLine("alice", "a") + bob);
    expect(users.fingerprint("alice")).not.toBe(before);
    await subject.change(alice);
    expect(users.fingerprint("alice")).toBe(before);
  });

  it("is the same in each process, and tells nothing of the hash", async () => {
    const text = htpasswdLine("alice", "a");
    const fingerprint = (await subject.users(text)).fingerprint("alice");
    expect((await subject.users(text)).fingerprint("alice")).toBe(fingerprint);
    expect(fingerprint).toMatch(/^[\w-]{22}$/);
    expect(text).not.toContain(fingerprint);
  });
});
