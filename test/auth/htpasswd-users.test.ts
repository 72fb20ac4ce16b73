import { mkdir, mkdtempDisposable, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { parseOptions } from "@node-rs/bcrypt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryUrl } from "../../src/app/entries.ts";
import { AuthUnavailable } from "../../src/auth/errors.ts";
import { type HtpasswdUsers, openHtpasswdUsers } from "../../src/auth/htpasswd-users.ts";
import {
  type PasswordHashing,
  PasswordPool,
  type VerifyOptions,
} from "../../src/auth/password-pool.ts";
import { createLogger } from "../../src/observability/logger.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { LineCollector } from "../fakes/line-collector.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { bcrypt, htpasswdLine } from "./htpasswd-lines.ts";

interface Asked extends VerifyOptions {
  readonly password: string;
  readonly hash: string;
}

/** The real one, that notes what it is asked and can be held up. */
class WatchedPool implements PasswordHashing {
  readonly asked: Asked[] = [];
  gate: Promise<void> | undefined;
  readonly #pool: PasswordHashing;

  constructor(pool: PasswordHashing) {
    this.#pool = pool;
  }

  async verify(password: string, hash: string, options?: VerifyOptions): Promise<boolean> {
    this.asked.push({ password, hash, ...options });
    await this.gate;
    return await this.#pool.verify(password, hash, options);
  }

  async hash(password: string): Promise<string> {
    return await this.#pool.hash(password, 4);
  }
}

let resources: AsyncDisposableStack;
let folder: string;
let path: string;
let pool: WatchedPool;
let log: RecordingLogger;
let clock: FakeClock;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-users-"))).path;
  path = join(folder, "htpasswd");
  const threadUrl = entryUrl("password-thread");
  pool = new WatchedPool(
    resources.use(new PasswordPool({ threadUrl, maxThreads: 1, maxWaiting: 1000 })),
  );
  log = new RecordingLogger();
  // Compared with the times of files.
  clock = new FakeClock(new Date());
});
afterEach(async () => resources.disposeAsync());

async function open(text: string | undefined, provision = false): Promise<HtpasswdUsers> {
  if (text !== undefined) await writeFile(path, text);
  return await openHtpasswdUsers({ path, pool, log, provision, clock });
}

async function change(text: string): Promise<void> {
  await writeFile(path, text);
  await nextTurn();
}

function messages(level: string): readonly string[] {
  return log.lines.filter((line) => line.level === level).map(({ message }) => message);
}

describe("HtpasswdUsers.verify()", () => {
  it("knows each user by their own password only", async () => {
    const users = await open(htpasswdLine("alice", "a") + htpasswdLine("bob", "b", 5));
    expect(await users.verify("alice", "a")).toBe(true);
    expect(await users.verify("bob", "b")).toBe(true);
    expect(await users.verify("alice", "b")).toBe(false);
    expect(await users.verify("alice", "")).toBe(false);
    expect(await users.verify("Alice", "a")).toBe(false);
    expect(await users.verify("carol", "a")).toBe(false);
    expect(users.size).toBe(2);
  });

  it.each(["__proto__", "constructor", "toString"])("knows no user %s", async (name) => {
    const users = await open(htpasswdLine("alice", "a"));
    expect(await users.verify(name, "a")).toBe(false);
    expect(users.fingerprint(name)).toBeUndefined();
  });

  it("knows a user whom another file would take for a property of objects", async () => {
    const users = await open(htpasswdLine("__proto__", "a"));
    expect(await users.verify("__proto__", "a")).toBe(true);
  });

  it("takes 72 bytes of a longer password into account, as the reference does", async () => {
    const users = await open(htpasswdLine("alice", "p".repeat(80)));
    expect(await users.verify("alice", "p".repeat(80))).toBe(true);
    expect(await users.verify("alice", "p".repeat(71))).toBe(false);
  });

  it("hashes no password of more than 256 bytes", async () => {
    const users = await open(htpasswdLine("alice", "ä".repeat(129)));
    expect(await users.verify("alice", "ä".repeat(128))).toBe(true);
    expect(await users.verify("alice", "ä".repeat(129))).toBe(false);
    expect(await users.verify("alice", "ä".repeat(500_000))).toBe(false);
    expect(pool.asked).toHaveLength(1);
  });

  it("does not take a password twice with NUL between for the password", async () => {
    const users = await open(htpasswdLine("alice", "ab"));
    expect(await pool.verify("ab\0ab", bcrypt("ab"))).toBe(true);
    expect(await users.verify("alice", "ab\0ab")).toBe(false);
  });

  it("does not remember a password for more than a minute", async () => {
    const users = await open(htpasswdLine("alice", "a"));
    await users.verify("alice", "a");
    await clock.advance(59_999);
    expect(await users.verify("alice", "a")).toBe(true);
    expect(pool.asked).toHaveLength(1);
    await clock.advance(1);
    expect(await users.verify("alice", "a")).toBe(true);
    expect(pool.asked).toHaveLength(2);
  });

  it("puts first whoever knew the password within a day, and nobody else", async () => {
    const users = await open(htpasswdLine("alice", "a"));
    await users.verify("alice", "a");
    await clock.advance(60_000);
    await users.verify("alice", "a");
    await users.verify("alice", "wrong");
    await clock.advance(24 * 60 * 60_000);
    await users.verify("alice", "a");
    expect(pool.asked.map(({ isUrgent }) => isUrgent)).toEqual([false, true, false, false]);
  });

  it("checks a wrong password each time, of users that there are and of those that there are not", async () => {
    const users = await open(htpasswdLine("alice", "a"));
    await users.verify("alice", "a");
    for (let count = 0; count < 3; count += 1) {
      await users.verify("alice", "wrong");
      await users.verify("carol", "wrong");
      await users.verify("carol", "a");
    }
    expect(pool.asked).toHaveLength(10);
  });

  it("checks the same password once for all that bring it at the same time", async () => {
    const users = await open(htpasswdLine("alice", "a"));
    const results = await Promise.all(Array.from({ length: 20 }, () => users.verify("alice", "a")));
    expect(results).toEqual(Array(20).fill(true));
    expect(pool.asked).toHaveLength(1);
  });

  it("keeps concurrent checks of different users and passwords apart", async () => {
    const users = await open(htpasswdLine("alice", "a") + htpasswdLine("bob", "a"));
    const tries = [
      ["alice", "a"],
      ["bob", "a"],
      ["alice", "b"],
      ["carol", "a"],
    ] as const;
    const results = await Promise.all(tries.map(([name, text]) => users.verify(name, text)));
    expect(results).toEqual([true, true, false, false]);
    expect(pool.asked).toHaveLength(4);
  });
});

describe("HtpasswdUsers, for users that there are not", () => {
  const mixed = (): string =>
    [4, 4, 4, 6].map((cost, index) => htpasswdLine(`user-${index}`, "a", cost)).join("");

  async function costsOf(users: HtpasswdUsers, names: readonly string[]): Promise<number[]> {
    const before = pool.asked.length;
    for (const name of names) await users.verify(name, "wrong");
    return pool.asked.slice(before).map(({ hash }) => parseOptions(hash).cost);
  }

  const names = Array.from({ length: 200 }, (_, index) => `nobody-${index}`);

  it("compares with hashes that cost what those of the file cost, in their proportion", async () => {
    const costs = await costsOf(await open(mixed()), names);
    const dear = costs.filter((cost) => cost === 6).length;
    expect(costs.filter((cost) => cost === 4)).toHaveLength(200 - dear);
    expect(dear).toBeGreaterThan(20);
    expect(dear).toBeLessThan(80);
  });

  it("compares the same name at the same cost, in each process and when users are added", async () => {
    const text = mixed();
    const costs = await costsOf(await open(text), names);
    const other = await open(text);
    expect(await costsOf(other, names)).toEqual(costs);
    await change(text + mixed().replaceAll("user", "more"));
    expect(await costsOf(other, names)).toEqual(costs);
  });

  it("compares at a usual cost where there are no users", async () => {
    expect(await costsOf(await open("# nobody\n"), ["alice"])).toEqual([10]);
  });
});

describe("HtpasswdUsers, when the file changes", () => {
  it("counts a new password from then on, and the old one no more, though it is remembered", async () => {
    const users = await open(htpasswdLine("alice", "old"));
    expect(await users.verify("alice", "old")).toBe(true);
    await change(htpasswdLine("alice", "new"));
    expect(await users.verify("alice", "old")).toBe(false);
    expect(await users.verify("alice", "new")).toBe(true);
  });

  it("sees a file that took the place of the old one, after a long time", async () => {
    const users = await open(htpasswdLine("alice", "a"));
    expect(users.fingerprint("alice")).toBeDefined();
    await clock.advance(3_600_000);
    await nextTurn();
    expect(users.fingerprint("alice")).toBeDefined();
    await writeFile(`${path}.new`, htpasswdLine("bob", "b"));
    await rename(`${path}.new`, path);
    await nextTurn();
    expect(users.fingerprint("alice")).toBeUndefined();
    expect(users.fingerprint("bob")).toBeDefined();
  });

  it("sees each of many changes that follow one another faster than file times tell", async () => {
    const users = await open(htpasswdLine("alice", "a"));
    const [first, second] = [htpasswdLine("alice", "a"), htpasswdLine("alice", "a")];
    const seen = new Set<string | undefined>();
    for (let count = 0; count < 100; count += 1) {
      await change(count % 2 === 0 ? first : second);
      const fingerprint = users.fingerprint("alice");
      await change(count % 2 === 0 ? second : first);
      expect(users.fingerprint("alice")).not.toBe(fingerprint);
      seen.add(fingerprint);
    }
    expect(seen.size).toBe(2);
  });

  it("does not let in whoever was taken out while their password was checked", async () => {
    const users = await open(htpasswdLine("alice", "a"));
    const { promise, resolve } = Promise.withResolvers<void>();
    pool.gate = promise;
    const answer = users.verify("alice", "a");
    await change(htpasswdLine("bob", "b"));
    resolve();
    expect(await answer).toBe(false);
  });

  it("lets in whoever's hash was made anew while the password was checked", async () => {
    const users = await open(htpasswdLine("alice", "a"));
    const { promise, resolve } = Promise.withResolvers<void>();
    pool.gate = promise;
    const answer = users.verify("alice", "a");
    await change(htpasswdLine("alice", "a", 5));
    resolve();
    expect(await answer).toBe(true);
  });

  it("knows nobody while it is missing, and says so once", async () => {
    const text = htpasswdLine("alice", "a");
    const users = await open(text);
    await rm(path);
    for (let count = 0; count < 3; count += 1) {
      await nextTurn();
      expect(users.fingerprint("alice")).toBeUndefined();
      expect(await users.verify("alice", "a")).toBe(false);
    }
    expect(messages("error")).toEqual([expect.stringContaining("missing")]);
    await change(text);
    expect(await users.verify("alice", "a")).toBe(true);
  });

  it.each([
    ["it is broken", async () => writeFile(path, `${htpasswdLine("alice", "a")}nonsense\n`)],
    [
      "a hash costs too much",
      async () => writeFile(path, `bob:${bcrypt("b").replace("$04$", "$15$")}`),
    ],
    [
      "it cannot be read",
      async () => {
        await rm(path);
        await mkdir(path);
      },
    ],
  ])("takes no password for right or wrong while %s, and says so once", async (_, spoil) => {
    const users = await open(htpasswdLine("alice", "a"));
    await users.verify("alice", "a");
    await spoil();
    for (let count = 0; count < 3; count += 1) {
      await nextTurn();
      await expect(users.verify("alice", "a")).rejects.toBeInstanceOf(AuthUnavailable);
      await expect(users.verify("carol", "a")).rejects.toBeInstanceOf(AuthUnavailable);
      expect(users.fingerprint("alice")).toBeUndefined();
    }
    expect(messages("error")).toHaveLength(1);
    await rm(path, { recursive: true });
    await change(htpasswdLine("alice", "a"));
    expect(await users.verify("alice", "a")).toBe(true);
  });
});

describe("HtpasswdUsers.fingerprint()", () => {
  it("changes with the password and its hash, and with nothing else", async () => {
    const [alice, bob] = [htpasswdLine("alice", "a"), htpasswdLine("bob", "b")];
    const users = await open(alice);
    const before = users.fingerprint("alice");
    await change(`# more\n${bob}${alice}`);
    expect(users.fingerprint("alice")).toBe(before);
    expect(users.fingerprint("bob")).not.toBe(before);
    await change(htpasswdLine("alice", "a") + bob);
    expect(users.fingerprint("alice")).not.toBe(before);
    await change(alice);
    expect(users.fingerprint("alice")).toBe(before);
  });

  it("is the same in each process, and tells nothing of the hash", async () => {
    const text = htpasswdLine("alice", "a");
    const fingerprint = (await open(text)).fingerprint("alice");
    expect((await open(text)).fingerprint("alice")).toBe(fingerprint);
    expect(fingerprint).toMatch(/^[\w-]{22}$/);
    expect(text).not.toContain(fingerprint);
  });
});

describe("openHtpasswdUsers()", () => {
  it("refuses to start with a file that it cannot use, and names file and line", async () => {
    await expect(open("# users\nnonsense\n")).rejects.toMatchObject({
      kind: "HtpasswdUnusable",
      message: expect.stringMatching(/htpasswd: line 2: /),
    });
  });

  it("starts without a file, and says so", async () => {
    const users = await open(undefined);
    expect(users.size).toBe(0);
    expect(messages("error")).toEqual([expect.stringContaining("missing")]);
  });

  it("warns of lines that are of no use, not of thousands", async () => {
    await open(
      htpasswdLine("alice", "a") + Array.from({ length: 50 }, (_, n) => `u${n}:x\n`).join(""),
    );
    expect(messages("warn")).toHaveLength(21);
    expect(messages("warn").at(-1)).toContain("30 more");
  });

  it("makes a missing file, folders and all, with a password that the log tells once", async () => {
    path = join(folder, "new", "folder", "htpasswd");
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
    const users = await open("", true);
    expect(await readFile(path, "utf8")).toBe("");
    expect(users.size).toBe(0);
  });

  it("makes one file when several start together", async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => open(undefined, true)));
    await nextTurn();
    const told = messages("warn").filter((message) => message.includes("password"));
    expect(told).toHaveLength(1);
    const password = /the password ([\w-]{43})/.exec(told[0] ?? "")?.[1] ?? "";
    for (const users of all) expect(await users.verify("docker", password)).toBe(true);
  });
});
