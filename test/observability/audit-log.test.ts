import {
  appendFile,
  chmod,
  mkdir,
  mkdtempDisposable,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuditEntry } from "../../src/observability/audit-entry.ts";
import {
  type AuditFilter,
  type AuditLog,
  AuditLogUnavailable,
  openAuditLog,
} from "../../src/observability/audit-log.ts";
import { calm } from "../contracts/storage-subject.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const PUSH: AuditEntry = {
  at: new Date("2026-01-02T03:04:05.678Z"),
  actor: "alice",
  identity: "user",
  address: "192.0.2.7",
  action: "overwrite",
  repository: "team/app",
  reference: "latest",
  before: `sha256:${"1".repeat(64)}`,
  after: `sha256:${"2".repeat(64)}`,
  requestId: "11111111-2222-4333-8444-555555555555",
  outcome: "done",
  userAgent: "docker/28.0",
};

let resources: AsyncDisposableStack;
let path: string;
let log: RecordingLogger;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-audit-")));
  path = join(folder.path, "audit", "audit.jsonl");
  log = new RecordingLogger();
});
afterEach(() => resources.disposeAsync());

async function open(): Promise<AuditLog> {
  return resources.use(await openAuditLog({ path, log }));
}

function numbered(number: number): AuditEntry {
  return { ...PUSH, requestId: String(number) };
}

async function idsIn(audit: AuditLog, filter: AuditFilter = {}): Promise<readonly string[]> {
  const entries = await Array.fromAsync(audit.read(filter, calm()));
  return entries.map(({ requestId }) => requestId);
}

describe("record()", () => {
  it("writes one line of JSON, which read() gives back", async () => {
    const audit = await open();
    audit.record(PUSH);
    const lines = (await readFile(path, "utf8")).split("\n");
    expect(lines.length).toBe(2);
    expect(JSON.parse(lines[0] ?? "")).toEqual({ ...PUSH, at: PUSH.at.toISOString() });
    expect(await Array.fromAsync(audit.read({}, calm()))).toEqual([PUSH]);
  });

  it("lets nobody else look into what it makes", async () => {
    await open();
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("adds to what is there, and several writers do not mix", async () => {
    const [one, other] = [await open(), await open()];
    for (let number = 0; number < 200; number += 1) {
      (number % 2 === 0 ? one : other).record(numbered(number));
    }
    expect((await idsIn(await open())).map(Number)).toEqual(
      Array.from({ length: 200 }, (_, at) => at),
    );
  });

  it("goes on in a new file when the old one was moved away, and in the same when it was cut", async () => {
    const audit = await open();
    audit.record(numbered(1));
    await rename(path, `${path}.1`);
    audit.record(numbered(2));
    expect(await readFile(`${path}.1`, "utf8")).toContain(`"requestId":"1"`);
    expect(await idsIn(audit)).toEqual(["2"]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await truncate(path);
    audit.record(numbered(3));
    expect(await idsIn(audit)).toEqual(["3"]);
    await rm(dirname(path), { recursive: true });
    audit.record(numbered(4));
    expect(await idsIn(audit)).toEqual(["4"]);
    await rename(path, `${path}.1`);
    await writeFile(path, "");
    audit.record(numbered(5));
    expect(await idsIn(audit)).toEqual(["5"]);
  });

  it("begins a line of its own behind one that a crash has cut off", async () => {
    const before = await open();
    before.record(numbered(1));
    await appendFile(path, `{"at":"2026-01-02T03:04:05.678Z","actor":"al`);
    expect(await idsIn(before)).toEqual(["1"]);
    const audit = await open();
    audit.record(numbered(2));
    expect(await idsIn(audit)).toEqual(["1", "2"]);
    expect((await readFile(path, "utf8")).split("\n").length).toBe(4);
  });

  it("never throws, counts what is lost, and says once that and until when lines are lost", async () => {
    const audit = await open();
    audit.record(numbered(1));
    await rm(path);
    await mkdir(path);
    for (let number = 2; number < 5; number += 1) audit.record(numbered(number));
    expect(audit.lostLines).toBe(3);
    expect(log.lines).toMatchObject([{ level: "error", fields: { "audit.path": path } }]);
    await rm(path, { recursive: true });
    audit.record(numbered(5));
    audit.record(numbered(6));
    expect(log.lines.slice(1)).toMatchObject([{ level: "warn", fields: { "audit.lost": 3 } }]);
    expect(await idsIn(audit)).toEqual(["5", "6"]);
    await rm(path);
    await mkdir(path);
    audit.record(numbered(7));
    expect(audit.lostLines).toBe(4);
    expect(log.lines.length).toBe(3);
  });

  it("keeps secrets out that clients put where none belong, and cuts what is long", async () => {
    const audit = await open();
    const canary = "canary7canary7canary7canary7";
    audit.record({
      ...PUSH,
      actor: `brg_${canary}`,
      userAgent: `x Bearer ${canary}.1 eyJ${canary}.eyJ${canary}.${canary} https://u:${canary}@h/?token=${canary}`,
      reference: `password=${canary}`,
      address: '\u001b[31m\n{"at":"\u202e',
    });
    audit.record({
      ...PUSH,
      actor: `${"a".repeat(250)} brg_${canary}`,
      userAgent: "u".repeat(99_999),
    });
    const text = await readFile(path, "utf8");
    expect(text).not.toContain("canary");
    expect(text.length).toBeLessThan(2_500);
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    const [first] = await Array.fromAsync(audit.read({}, calm()));
    expect(first?.address).toBe('\u001b[31m\n{"at":"\u202e');
  });
});

describe("record(), of refusals", () => {
  const MINUTE_MS = 60_000;
  const REFUSED = { ...PUSH, action: "login-failed", outcome: "refused" } as const;

  async function told(audit: AuditLog): Promise<readonly (number | undefined)[]> {
    const entries = await Array.fromAsync(audit.read({}, calm()));
    return entries.map(({ repeated }) => repeated);
  }

  function flood(audit: AuditLog, entry: AuditEntry, count: number): void {
    for (let number = 0; number < count; number += 1) audit.record(entry);
  }

  it("writes some of a minute, and at its end how many more there were", async () => {
    const clock = new FakeClock();
    const audit = resources.use(await openAuditLog({ path, log, clock }));
    flood(audit, REFUSED, 57);
    expect(await told(audit)).toEqual(Array(20).fill(undefined));
    await clock.advance(MINUTE_MS - 1);
    flood(audit, REFUSED, 3);
    expect(await told(audit)).toHaveLength(20);
    await clock.advance(1);
    expect(await told(audit)).toEqual([...Array(20).fill(undefined), 40]);
    const [last] = (await Array.fromAsync(audit.read({}, calm()))).slice(-1);
    expect(last).toMatchObject({ at: clock.now(), address: REFUSED.address, actor: "" });
  });

  it("begins anew with the next one, and waits for nothing while there are none", async () => {
    const clock = new FakeClock();
    const audit = resources.use(await openAuditLog({ path, log, clock }));
    expect(clock.delaysMs).toEqual([]);
    flood(audit, REFUSED, 21);
    expect(clock.delaysMs).toEqual([MINUTE_MS]);
    await clock.advance(MINUTE_MS);
    expect(clock.delaysMs).toEqual([]);
    flood(audit, REFUSED, 22);
    await clock.advance(MINUTE_MS);
    const twenty = Array(20).fill(undefined);
    expect(await told(audit)).toEqual([...twenty, 1, ...twenty, 2]);
  });

  it("tells what is left when it is closed", async () => {
    const clock = new FakeClock();
    const audit = await openAuditLog({ path, log, clock });
    flood(audit, REFUSED, 25);
    audit[Symbol.dispose]();
    expect(await told(audit)).toEqual([...Array(20).fill(undefined), 5]);
    expect(clock.delaysMs).toEqual([]);
  });

  it("leaves out nothing that was done, or done in part", async () => {
    const audit = resources.use(await openAuditLog({ path, log, clock: new FakeClock() }));
    flood(audit, REFUSED, 400);
    flood(audit, PUSH, 400);
    flood(audit, { ...PUSH, outcome: "failed" }, 400);
    expect(await told(audit)).toHaveLength(20 + 800);
  });
});

describe("openAuditLog()", () => {
  it("fails when the file cannot be made", async () => {
    await writeFile(dirname(path), "a file where a folder should be");
    await expect(open()).rejects.toBeInstanceOf(AuditLogUnavailable);
  });

  it("leaves the mode of a folder alone that is there", async () => {
    await mkdir(dirname(path), { mode: 0o755 });
    await chmod(dirname(path), 0o755);
    await open();
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o755);
  });
});

describe("read()", () => {
  it("finds by time, actor, repository and action, all of which must fit", async () => {
    const audit = await open();
    const [first, second] = ["2026-01-02T03:04:05.000Z", "2026-01-02T03:04:06.000Z"].map(
      (text) => new Date(text),
    );
    audit.record({ ...numbered(1), at: first ?? new Date() });
    audit.record({ ...numbered(2), at: second ?? new Date(), actor: "bob" });
    audit.record({
      ...numbered(3),
      at: second ?? new Date(),
      repository: undefined,
      action: "token",
    });
    expect(await idsIn(audit, { since: second })).toEqual(["2", "3"]);
    expect(await idsIn(audit, { until: second })).toEqual(["1"]);
    expect(await idsIn(audit, { actor: "bob" })).toEqual(["2"]);
    expect(await idsIn(audit, { repository: "team/app" })).toEqual(["1", "2"]);
    expect(await idsIn(audit, { action: "token" })).toEqual(["3"]);
    expect(await idsIn(audit, { action: "token", actor: "bob" })).toEqual([]);
  });

  it("passes over what is no entry, and finds one behind a cut-off beginning", async () => {
    const audit = await open();
    audit.record(numbered(1));
    const whole = (await readFile(path, "utf8")).trim();
    const unknown = whole.replace(`"overwrite"`, `"paint"`);
    const lines = ["", "no JSON", "{}", unknown, whole.slice(0, 99) + whole.replace(`"1"`, `"2"`)];
    await appendFile(path, `${lines.join("\n")}\n${"x".repeat(300_000)}\n${whole.slice(0, -1)}`);
    expect(await idsIn(audit)).toEqual(["1", "2"]);
  });

  it("takes members that a later version adds", async () => {
    const audit = await open();
    audit.record(PUSH);
    const line = (await readFile(path, "utf8")).replace(`"outcome"`, `"more":1,"outcome"`);
    await writeFile(path, line);
    expect(await Array.fromAsync(audit.read({}, calm()))).toEqual([PUSH]);
  });

  it("reads entries that lie across the pieces in which a file is read", async () => {
    const audit = await open();
    for (let number = 0; number < 2_000; number += 1) audit.record(numbered(number));
    expect((await stat(path)).size).toBeGreaterThan(300_000);
    expect((await idsIn(audit)).map(Number)).toEqual(Array.from({ length: 2_000 }, (_, at) => at));
  });

  it("gives nothing for a file that is not there, and ends with its signal", async () => {
    const audit = await open();
    audit.record(PUSH);
    const stopping = new AbortController();
    stopping.abort(new Error("enough"));
    const reading = Array.fromAsync(audit.read({}, { signal: stopping.signal }));
    await expect(reading).rejects.toThrow("enough");
    await rm(path);
    expect(await idsIn(audit)).toEqual([]);
  });
});
