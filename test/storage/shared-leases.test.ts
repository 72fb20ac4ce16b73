import { describe, expect, it } from "vitest";
import { StoreInUse } from "../../src/storage/store-holder.ts";
import { holdStore } from "../../src/storage/store-lock.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import {
  advance,
  leaveRecord,
  recordsOf,
  recordTexts,
  settled,
  sharedDriver,
  sharedStore,
} from "./shared-store.ts";

const signal = new AbortController().signal;

describe("holdStore() on a shared object store", () => {
  it("lets many servers hold it, and leaves no record behind", async () => {
    const { driver, hold } = sharedStore();
    const servers = [await hold("server"), await hold("server")];
    expect(await recordsOf(driver)).toHaveLength(2);
    for (const server of servers) await server[Symbol.asyncDispose]();
    expect(await recordsOf(driver)).toStrictEqual([]);
  });

  it("lets a collector begin at once when there is no record", async () => {
    const { driver, hold } = sharedStore();
    const collector = await hold("collector");
    await collector[Symbol.asyncDispose]();
    expect(await recordsOf(driver)).toStrictEqual([]);
  });

  it("refuses a collector as soon as a server's record changes, and takes its own away", async () => {
    const { clock, driver, hold } = sharedStore();
    await using _server = await hold("server");
    const refused = settled(hold("collector"));
    await advance(clock, 20_000);
    expect(await refused).toBeInstanceOf(StoreInUse);
    expect(await recordsOf(driver)).toHaveLength(1);
  });

  it("refuses a collector when a server begins while it watches a dead one", async () => {
    const { clock, driver, hold } = sharedStore();
    await leaveRecord(driver, "servers");
    const refused = settled(hold("collector"));
    await advance(clock, 10_000);
    await using _server = await startedWhileWatched(clock, hold("server"));
    expect(await refused).toBeInstanceOf(StoreInUse);
  });

  it("lets a collector begin when the records of servers do not change for a minute, and removes them", async () => {
    const { clock, driver, hold } = sharedStore();
    await leaveRecord(driver, "servers");
    await leaveRecord(driver, "collectors");
    const holding = hold("collector");
    await advance(clock, 50_000);
    expect(await recordsOf(driver)).toHaveLength(3);
    await advance(clock, 10_000);
    await using _collector = await holding;
    expect(await recordsOf(driver)).toHaveLength(1);
  });

  it("lets a server begin after a minute when a collector died, and refuses it while one lives", async () => {
    const { clock, driver, hold } = sharedStore();
    await leaveRecord(driver, "collectors");
    const holding = hold("server");
    await advance(clock, 60_000);
    const server = await holding;
    await server[Symbol.asyncDispose]();
    await using _collector = await hold("collector");
    const refused = settled(hold("server"));
    await advance(clock, 60_000);
    expect(await refused).toBeInstanceOf(StoreInUse);
  });

  it("lets the server begin when both begin at the same moment", async () => {
    const { clock, hold } = sharedStore();
    const collector = settled(hold("collector"));
    const holding = hold("server");
    await advance(clock, 60_000);
    expect(await collector).toBeInstanceOf(StoreInUse);
    await using _server = await holding;
  });

  it("goes on when a record cannot be refreshed, and says so", async () => {
    const recorder = new RecordingLogger();
    const driver = sharedDriver();
    const clock = new FakeClock();
    let isBroken = false;
    const breaking = partlyReplaced(driver, {
      async write(key, bytes, options) {
        if (isBroken) throw new Error("no answer");
        await driver.write(key, bytes, options);
      },
    });
    await using _server = await holdStore({
      driver: breaking,
      role: "server",
      log: recorder,
      clock,
      signal,
    });
    const [before] = await recordTexts(driver);
    isBroken = true;
    await advance(clock, 20_000);
    expect(recorder.lines).toMatchObject([{ level: "warn" }]);
    isBroken = false;
    await advance(clock, 20_000);
    const [after] = await recordTexts(driver);
    expect(after).not.toBe(before);
  });
});

async function startedWhileWatched(
  clock: FakeClock,
  holding: Promise<AsyncDisposable>,
): Promise<AsyncDisposable> {
  await advance(clock, 60_000);
  return await holding;
}
