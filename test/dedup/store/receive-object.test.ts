import { describe, expect, it } from "vitest";
import { INCOMING, incomingData, incomingStartedAt } from "../../../src/content/layout.ts";
import { DiskRoom } from "../../../src/dedup/store/disk-room.ts";
import { receiveObject } from "../../../src/dedup/store/receive-object.ts";
import { purgeIncoming } from "../../../src/dedup/work/purge-incoming.ts";
import { InMemoryDriver } from "../../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm, chunks, collect, pattern } from "../../contracts/storage-subject.ts";
import { FailNth, intercepted } from "../../fakes/failing-driver.ts";
import { arriving, failureOf, keysBelow } from "../at-rest-store.ts";

const BYTES = pattern(300_000);
const KEY = "barge/packs/ab/abcd";

describe("receiveObject()", () => {
  it("shows an object only when it is published, and then all of it", async () => {
    const driver = new InMemoryDriver();
    {
      await using received = await receiveObject(driver, arriving(BYTES), calm());
      expect(received.sizeBytes).toBe(BYTES.length);
      expect(await driver.stat(KEY, calm())).toBeUndefined();
      expect(await received.publish(KEY, calm())).toMatchObject({ sizeBytes: BYTES.length });
    }
    expect(await keysBelow(driver, "")).toEqual([KEY]);
    expect((await collect(driver.read(KEY, calm()))).equals(BYTES)).toBe(true);
  });

  it("leaves nothing of what is not published, or fails on its way", async () => {
    const driver = new InMemoryDriver();
    await (await receiveObject(driver, arriving(BYTES), calm()))[Symbol.asyncDispose]();
    const failure = new Error("no more");
    expect(await failureOf(receiveObject(driver, failingWith(failure), calm()))).toBe(failure);
    expect(await keysBelow(driver, "")).toEqual([]);
    expect(await Array.fromAsync(driver.list(INCOMING, calm()))).toEqual([]);
  });

  it("leaves nothing, or all of it published, whichever call fails", async () => {
    for (let nth = 1; ; nth += 1) {
      const driver = new InMemoryDriver();
      const failing = new FailNth(nth);
      const broken = intercepted(driver, { before: failing.count });
      const work = async (): Promise<void> => {
        await using received = await receiveObject(broken, arriving(BYTES), calm());
        await received.publish(KEY, calm());
      };
      await failureOf(work());
      const left = (await keysBelow(driver, "")).filter((key) => !key.endsWith("startedat"));
      expect(left.length === 0 || left[0] === KEY).toBe(true);
      await purgeIncoming(driver, { ...calm(), olderThan: later() });
      expect(await Array.fromAsync(driver.list(INCOMING, calm()))).toEqual([]);
      if (failing.failed === undefined) break;
    }
  });
});

describe("purgeIncoming()", () => {
  const earlier = new Date(Date.now() - 3_600_000);

  it("removes what began and grew before the moment, and nothing else", async () => {
    const driver = new InMemoryDriver();
    await receiveObject(driver, arriving(BYTES), calm());
    await driver.write(KEY, BYTES, calm());
    await purgeIncoming(driver, { ...calm(), olderThan: earlier });
    expect(await keysBelow(driver, INCOMING)).toHaveLength(1);
    await purgeIncoming(driver, { ...calm(), olderThan: later() });
    expect(await keysBelow(driver, "")).toEqual([KEY]);
  });

  it("keeps what began long ago and still grows, or began lately and has nothing yet", async () => {
    const driver = new InMemoryDriver();
    const old = Buffer.from("2020-01-01T00:00:00.000Z");
    await driver.write(incomingStartedAt("growing"), old, calm());
    const begun = await driver.staging.create(incomingData("growing"), calm());
    await driver.staging.append(incomingData("growing"), chunks("more"), { ...calm(), at: begun });
    await driver.write(incomingStartedAt("new"), Buffer.from(new Date().toISOString()), calm());
    await purgeIncoming(driver, { ...calm(), olderThan: earlier });
    expect(await keysBelow(driver, INCOMING)).toHaveLength(2);
  });

  it("removes what does not say when it began, by when it last grew", async () => {
    const driver = new InMemoryDriver();
    await driver.write(incomingStartedAt("garbled"), Buffer.from("yesterday"), calm());
    await driver.write(incomingStartedAt("silent"), Buffer.from("yesterday"), calm());
    await driver.staging.create(incomingData("silent"), calm());
    await purgeIncoming(driver, { ...calm(), olderThan: earlier });
    expect(await driver.staging.stat(incomingData("silent"), calm())).toBeDefined();
    expect(await keysBelow(driver, INCOMING)).toEqual([incomingStartedAt("silent")]);
    await purgeIncoming(driver, { ...calm(), olderThan: later() });
    expect(await driver.staging.stat(incomingData("silent"), calm())).toBeUndefined();
  });
});

describe("DiskRoom", () => {
  it("has room for what leaves free what is to stay free, on every disk", async () => {
    expect(await new DiskRoom([import.meta.dirname], 0).hasFor(1)).toBe(true);
    expect(await new DiskRoom([import.meta.dirname], 0).hasFor(2 ** 60)).toBe(false);
    expect(await new DiskRoom([import.meta.dirname], 2 ** 60).hasFor(0)).toBe(false);
    expect(await new DiskRoom(["/proc", import.meta.dirname], 1).hasFor(0)).toBe(false);
  });
});

function later(): Date {
  return new Date(Date.now() + 60_000);
}

async function* failingWith(error: Error): AsyncGenerator<Uint8Array, void, undefined> {
  yield pattern(70_000);
  throw error;
}
