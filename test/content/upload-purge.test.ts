import { describe, expect, it } from "vitest";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { repositoryFolder, uploadData, uploadFolder } from "../../src/content/layout.ts";
import { purgeUploads, schedulePurge } from "../../src/content/upload-purge.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { PlantedStore, repo, uploadId } from "../gc/planted-store.ts";

const signal = new AbortController().signal;
const FIRST = "0b8f9a52-7c1e-4a6b-9f3d-2f1e8d7c6b5a";
const SECOND = "1b8f9a52-7c1e-4a6b-9f3d-2f1e8d7c6b5a";
const OLD = "2026-11-01T00:00:00Z";
const LIMIT = new Date("2026-11-08T00:00:00Z");
const NEW = "2026-11-08T00:00:00Z";
const NAME = repo("shop/web");

function messagesOf(log: RecordingLogger): readonly string[] {
  return log.lines.map(({ message }) => message);
}

async function purge(
  driver: StorageDriver,
  { dryRun = false, log = new RecordingLogger() } = {},
): Promise<{ readonly purged: number; readonly failed: number }> {
  return purgeUploads({ driver, log, olderThan: LIMIT, dryRun, signal });
}

/** Says that every staged object last grew at this time. */
function grownAt(driver: StorageDriver, modifiedAt: Date): StorageDriver {
  const { staging } = driver;
  return partlyReplaced(driver, {
    staging: {
      create: (key, options) => staging.create(key, options),
      append: (key, bytes, options) => staging.append(key, bytes, options),
      read: (key, options) => staging.read(key, options),
      publish: (key, to, options) => staging.publish(key, to, options),
      discard: (key, options) => staging.discard(key, options),
      async stat(key, options) {
        const staged = await staging.stat(key, options);
        return staged && { ...staged, modifiedAt };
      },
    },
  });
}

describe("purgeUploads()", () => {
  it("removes an upload that began and last grew before the limit, with all it holds", async () => {
    const store = new PlantedStore(new InMemoryDriver());
    await store.upload("shop/web", FIRST, OLD);
    await store.put(`${uploadFolder(NAME, uploadId(FIRST))}/hashstates/sha256/0`, "state");
    const data = uploadData(NAME, uploadId(FIRST));
    await store.driver.staging.create(data, { signal });
    const driver = grownAt(store.driver, new Date(OLD));
    expect(await purge(driver)).toStrictEqual({ purged: 1, failed: 0 });
    expect(await store.keys()).toStrictEqual([]);
    expect(await store.driver.staging.stat(data, { signal })).toBeUndefined();
  });

  it("keeps an upload that began at the limit or later", async () => {
    const store = new PlantedStore(new InMemoryDriver());
    await store.upload("shop/web", FIRST, NEW);
    const before = await store.keys();
    expect(await purge(store.driver)).toStrictEqual({ purged: 0, failed: 0 });
    expect(await store.keys()).toStrictEqual(before);
  });

  it("keeps an upload that began long ago and still grows", async () => {
    const store = new PlantedStore(new InMemoryDriver());
    await store.upload("shop/web", FIRST, OLD);
    await store.driver.staging.create(uploadData(NAME, uploadId(FIRST)), { signal });
    const before = await store.keys();
    expect(await purge(grownAt(store.driver, LIMIT))).toStrictEqual({ purged: 0, failed: 0 });
    expect(await store.keys()).toStrictEqual(before);
  });

  it("keeps folders that are named by no UUID or do not say when they began", async () => {
    const store = new PlantedStore(new InMemoryDriver());
    await store.put(`${repositoryFolder(NAME)}/_uploads/by-hand/startedat`, OLD);
    await store.put(`${uploadFolder(NAME, uploadId(FIRST))}/hashstates/sha256/0`, "state");
    const before = await store.keys();
    expect(await purge(store.driver)).toStrictEqual({ purged: 0, failed: 0 });
    expect(await store.keys()).toStrictEqual(before);
  });

  it("goes on behind an upload whose start is unreadable, and says which it is", async () => {
    const store = new PlantedStore(new InMemoryDriver());
    await store.upload("shop/web", FIRST, "\0\0\0\0");
    await store.upload("shop/web", SECOND, OLD);
    const log = new RecordingLogger();
    expect(await purge(store.driver, { log })).toStrictEqual({ purged: 1, failed: 1 });
    expect(await store.keys()).toHaveLength(1);
    expect(log.lines.filter(({ level }) => level === "error")).toMatchObject([
      { fields: { "vars.name": "shop/web", "vars.uuid": FIRST } },
    ]);
  });

  it("goes on behind an upload that cannot be removed and a repository that cannot be listed", async () => {
    const store = new PlantedStore(new InMemoryDriver());
    await store.upload("a", FIRST, OLD);
    await store.upload("b", FIRST, OLD);
    await store.upload("b", SECOND, OLD);
    const stuck = uploadFolder(repo("b"), uploadId(FIRST));
    const driver = partlyReplaced(store.driver, {
      async deleteTree(prefix, options) {
        if (prefix === stuck) throw new Error("input/output error");
        await store.driver.deleteTree(prefix, options);
      },
      async *list(prefix, options) {
        if (prefix === `${repositoryFolder("a")}/_uploads`) throw new Error("input/output error");
        yield* store.driver.list(prefix, options);
      },
    });
    expect(await purge(driver)).toStrictEqual({ purged: 1, failed: 2 });
    expect(await store.keys()).toHaveLength(2);
  });

  it("logs a walk that fails instead of throwing", async () => {
    const driver = partlyReplaced(new InMemoryDriver(), {
      // oxlint-disable-next-line require-yield -- fails before anything is listed
      async *list() {
        throw new Error("input/output error");
      },
    });
    expect(await purge(driver)).toStrictEqual({ purged: 0, failed: 1 });
  });

  it("throws the signal's reason once it aborts", async () => {
    const store = new PlantedStore(new InMemoryDriver());
    await store.upload("shop/web", FIRST, OLD);
    const reason = new Error("stopping");
    const log = new RecordingLogger();
    const options = { driver: store.driver, log, olderThan: LIMIT, dryRun: false };
    const purging = purgeUploads({ ...options, signal: AbortSignal.abort(reason) });
    await expect(purging).rejects.toBe(reason);
  });

  it("only tells what it would remove in a dry run", async () => {
    const store = new PlantedStore(new InMemoryDriver());
    await store.upload("shop/web", FIRST, OLD);
    const log = new RecordingLogger();
    expect(await purge(store.driver, { dryRun: true, log })).toStrictEqual({
      purged: 1,
      failed: 0,
    });
    expect(await store.keys()).toHaveLength(1);
    expect(messagesOf(log)[0]).toBe(
      "PurgeUploads starting: olderThan=2026-11-08T00:00:00.000Z, actuallyDelete=false",
    );
  });
});

describe("schedulePurge()", () => {
  const ageMs = 7 * 24 * 3_600_000;
  const intervalMs = 24 * 3_600_000;
  const firstDelayMs = 34 * 60_000;

  it("purges after the first delay and then in each interval, until it is disposed", async () => {
    const store = new PlantedStore(new InMemoryDriver());
    const clock = new FakeClock(new Date("2026-11-21T00:00:00Z"));
    const log = new RecordingLogger();
    const schedule = schedulePurge({
      driver: store.driver,
      log,
      clock,
      ageMs,
      intervalMs,
      firstDelayMs,
      dryRun: false,
    });
    await store.upload("shop/web", FIRST, OLD);
    await clock.someoneWaits(firstDelayMs);
    expect(messagesOf(log)).toStrictEqual(["Starting upload purge in 34m0s"]);
    await clock.advance(firstDelayMs);
    await clock.someoneWaits(intervalMs);
    expect(await store.keys()).toStrictEqual([]);
    expect(messagesOf(log)).toContain(
      "PurgeUploads starting: olderThan=2026-11-14T00:34:00.000Z, actuallyDelete=true",
    );
    expect(messagesOf(log).at(-1)).toBe("Starting upload purge in 24h0m0s");

    await store.upload("shop/web", SECOND, OLD);
    await clock.advance(intervalMs);
    await clock.someoneWaits(intervalMs);
    expect(await store.keys()).toStrictEqual([]);

    await schedule[Symbol.asyncDispose]();
    expect(clock.delaysMs).toStrictEqual([]);
    expect(log.lines.every(({ level }) => level === "info")).toBe(true);
  });

  it("stops at once when it is disposed during a purge, and waits for what runs", async () => {
    const store = new PlantedStore(new InMemoryDriver());
    await store.upload("shop/web", FIRST, OLD);
    const clock = new FakeClock(new Date("2026-11-21T00:00:00Z"));
    const log = new RecordingLogger();
    const { promise: deleting, resolve: begin } = Promise.withResolvers<AbortSignal>();
    const driver = partlyReplaced(store.driver, {
      async deleteTree(_prefix, options) {
        begin(options.signal);
        await new Promise((_, reject) => {
          options.signal.addEventListener("abort", () => reject(options.signal.reason));
        });
      },
    });
    const timing = { ageMs, intervalMs, firstDelayMs, dryRun: false };
    const schedule = schedulePurge({ driver, log, clock, ...timing });
    await clock.someoneWaits(firstDelayMs);
    await clock.advance(firstDelayMs);
    const seen = await deleting;
    await schedule[Symbol.asyncDispose]();
    expect(seen.aborted).toBe(true);
    expect(clock.delaysMs).toStrictEqual([]);
    expect(log.lines.some(({ level }) => level === "error")).toBe(false);
  });
});
