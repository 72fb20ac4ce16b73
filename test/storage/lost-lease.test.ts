import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/lib/clock.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { type HeldStore, StoreInUse, StoreLost } from "../../src/storage/store-holder.ts";
import { holdStore } from "../../src/storage/store-lock.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import {
  advance,
  leaveRecord,
  recordTexts,
  recordsOf,
  sharedDriver,
  sharedStore,
} from "./shared-store.ts";

const signal = new AbortController().signal;

/** A server whose record cannot be written while `isCutOff`. */
async function cutOffServer(
  driver: StorageDriver,
  clock: Clock,
): Promise<{ readonly held: HeldStore; readonly line: { isCutOff: boolean } }> {
  const line = { isCutOff: false };
  const breaking = partlyReplaced(driver, {
    async write(key, bytes, options) {
      if (line.isCutOff) throw new Error("no answer");
      await driver.write(key, bytes, options);
    },
  });
  const log = new RecordingLogger();
  return { held: await holdStore({ driver: breaking, role: "server", log, clock, signal }), line };
}

describe("a server on a shared object store", () => {
  it("loses it when its record did not change for a minute and a collector is there, and writes no record again", async () => {
    const { clock, driver, hold } = sharedStore();
    const { held, line } = await cutOffServer(driver, clock);
    await using server = held;
    line.isCutOff = true;
    const holding = hold("collector");
    await advance(clock, 40_000);
    expect(server.lost.aborted).toBe(false);
    await advance(clock, 20_000);
    const collector = await holding;
    line.isCutOff = false;
    await advance(clock, 20_000);
    expect(server.lost.reason).toBeInstanceOf(StoreLost);
    expect(server.lost.reason).toMatchObject({
      message:
        "another process may be collecting garbage: stopping so that nothing is lost; start again when it has ended",
    });
    await collector[Symbol.asyncDispose]();
    await advance(clock, 60_000);
    expect(await recordsOf(driver)).toStrictEqual([]);
  });

  it("loses it when it was stopped for a minute and a collector began meanwhile", async () => {
    const { clock, driver, hold } = sharedStore();
    await using server = await hold("server");
    const [before] = await recordTexts(driver);
    await leaveRecord(driver, "collectors");
    await clock.sleepThrough(60_000);
    expect(server.lost.aborted).toBe(true);
    expect(await recordTexts(driver)).toContain(before);
  });

  it.each<[string, Pick<Clock, "now"> | Pick<Clock, "monotonicMs">]>([
    ["when the date was set back", { now: () => new Date(0) }],
    ["when the machine slept", { monotonicMs: () => 0 }],
  ])("loses it also %s", async (_, still) => {
    const driver = sharedDriver();
    const moving = new FakeClock();
    const clock: Clock = {
      now: () => moving.now(),
      monotonicMs: () => moving.monotonicMs(),
      delay: (delayMs, options) => moving.delay(delayMs, options),
      ...still,
    };
    const { held } = await cutOffServer(driver, clock);
    await using server = held;
    await leaveRecord(driver, "collectors");
    await moving.sleepThrough(60_000);
    expect(server.lost.aborted).toBe(true);
  });

  it("loses it when it was stopped between looking for a collector and writing its record", async () => {
    const driver = sharedDriver();
    const clock = new FakeClock();
    let stopFor = async (): Promise<void> => {};
    const stopping = partlyReplaced(driver, {
      async write(key, bytes, options) {
        await stopFor();
        await driver.write(key, bytes, options);
      },
    });
    const log = new RecordingLogger();
    await using server = await holdStore({ driver: stopping, role: "server", log, clock, signal });
    stopFor = async () => {
      await clock.sleepThrough(60_000);
      await leaveRecord(driver, "collectors");
    };
    await advance(clock, 20_000);
    expect(server.lost.aborted).toBe(true);
  });

  it("keeps it when it was stopped and there is no collector, or a collector is there and it was never stopped", async () => {
    const { clock, driver, hold } = sharedStore();
    await using server = await hold("server");
    const [before] = await recordTexts(driver);
    await clock.sleepThrough(600_000);
    expect(await recordTexts(driver)).not.toContain(before);
    await leaveRecord(driver, "collectors");
    await advance(clock, 200_000);
    expect(server.lost.aborted).toBe(false);
  });

  it("does not write its record before it could look for a collector", async () => {
    const driver = sharedDriver();
    const clock = new FakeClock();
    let isCutOff = false;
    const unlisted = partlyReplaced(driver, {
      async *list(prefix, options) {
        if (isCutOff) throw new Error("no answer");
        yield* driver.list(prefix, options);
      },
    });
    const log = new RecordingLogger();
    await using server = await holdStore({ driver: unlisted, role: "server", log, clock, signal });
    const before = await recordTexts(driver);
    isCutOff = true;
    await clock.sleepThrough(60_000);
    expect(await recordTexts(driver)).toStrictEqual(before);
    isCutOff = false;
    await advance(clock, 20_000);
    expect(await recordTexts(driver)).not.toStrictEqual(before);
    expect(server.lost.aborted).toBe(false);
  });
});

describe("a collector on a shared object store", () => {
  it("is not alone any more when a record of a server is there", async () => {
    const { driver, hold } = sharedStore();
    await using collector = await hold("collector");
    await collector.stillAlone({ signal });
    await leaveRecord(driver, "servers");
    await expect(collector.stillAlone({ signal })).rejects.toThrow(StoreInUse);
    await expect(collector.stillAlone({ signal })).rejects.toThrow("pid 1 on host gone");
  });

  it("is not disturbed by another collector that is about to give up", async () => {
    const { driver, hold } = sharedStore();
    await using collector = await hold("collector");
    await leaveRecord(driver, "collectors");
    await collector.stillAlone({ signal });
  });

  it("loses the store when it was stopped for a minute: a server may have come and gone", async () => {
    const { clock, hold } = sharedStore();
    await using collector = await hold("collector");
    await clock.sleepThrough(60_000);
    expect(collector.lost.aborted).toBe(true);
    await expect(collector.stillAlone({ signal })).rejects.toThrow(StoreLost);
  });

  it("loses the store when it was stopped while it looked for servers", async () => {
    const driver = sharedDriver();
    const moving = new FakeClock();
    let stoppedMs = 0;
    const clock: Clock = {
      now: () => moving.now(),
      monotonicMs: () => moving.monotonicMs() + stoppedMs,
      delay: (delayMs, options) => moving.delay(delayMs, options),
    };
    const log = new RecordingLogger();
    await using collector = await holdStore({ driver, role: "collector", log, clock, signal });
    stoppedMs = 60_000;
    await expect(collector.stillAlone({ signal })).rejects.toThrow(
      /for a minute .*; run it again$/,
    );
  });
});
