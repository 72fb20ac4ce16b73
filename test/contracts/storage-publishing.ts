import { Buffer } from "node:buffer";
import { expect } from "vitest";
import { ObjectNotFound, StagedOutOfOrder } from "../../src/storage/errors.ts";
import type { StagedInfo, StorageDriver } from "../../src/storage/storage-driver.ts";
import {
  calm,
  chunks,
  collect,
  inPieces,
  type Law,
  names,
  pattern,
  text,
} from "./storage-subject.ts";

const KEY = "docker/registry/v2/repositories/r/_uploads/0b0f5e3c/data";
const TO = "docker/registry/v2/blobs/sha256/ab/abcd/data";
const MIB = 1024 * 1024;

async function stage(driver: StorageDriver, bytes: string | Uint8Array): Promise<StagedInfo> {
  const at = await driver.staging.create(KEY, calm());
  return driver.staging.append(KEY, chunks(bytes), { ...calm(), at });
}

/** Laws of the end of a staged object: publish, discard, deletion with all around it. */
export function describeStoragePublishing(law: Law): void {
  law("publish() makes the staged object an object and ends it", async ({ driver }) => {
    const at = await stage(driver, "content");
    const info = await driver.staging.publish(KEY, TO, { ...calm(), at });
    expect(info).toMatchObject({ key: TO, sizeBytes: 7 });
    expect(await text(driver.read(TO, calm()))).toBe("content");
    expect(await driver.staging.stat(KEY, calm())).toBeUndefined();
    expect(await driver.stat(KEY, calm())).toBeUndefined();
    expect(await driver.stat(TO, calm())).toMatchObject({ key: TO, sizeBytes: 7 });
  });

  law("publish() of a large object of several parts keeps every byte", async ({ driver }) => {
    const whole = pattern(12 * MIB + 3);
    const empty = await driver.staging.create(KEY, calm());
    const at = await driver.staging.append(KEY, inPieces(whole, 65_536), { ...calm(), at: empty });
    const info = await driver.staging.publish(KEY, TO, { ...calm(), at });
    expect(info.sizeBytes).toBe(whole.byteLength);
    expect((await collect(driver.read(TO, calm()))).equals(whole)).toBe(true);
    const range = { startBytes: 5 * MIB - 10, lengthBytes: 20 };
    const part = await collect(driver.read(TO, { ...calm(), range }));
    expect(part.equals(whole.subarray(5 * MIB - 10, 5 * MIB + 10))).toBe(true);
  });

  law("publish() of an empty staged object makes an empty object", async ({ driver }) => {
    const at = await driver.staging.create(KEY, calm());
    await driver.staging.publish(KEY, TO, { ...calm(), at });
    expect((await driver.stat(TO, calm()))?.sizeBytes).toBe(0);
    expect(await text(driver.read(TO, calm()))).toBe("");
  });

  law("publish() after read() works with what was known before", async ({ driver }) => {
    const whole = pattern(7 * MIB);
    const at = await stage(driver, whole);
    expect((await collect(driver.staging.read(KEY, calm()))).equals(whole)).toBe(true);
    expect((await driver.staging.stat(KEY, calm()))?.version).toBe(at.version);
    await driver.staging.publish(KEY, TO, { ...calm(), at });
    expect((await collect(driver.read(TO, calm()))).equals(whole)).toBe(true);
  });

  law("publish() keeps an object of the same size as it is", async ({ driver }) => {
    await driver.write(TO, Buffer.from("as it was"), calm());
    const before = await driver.stat(TO, calm());
    const at = await stage(driver, "another 1");
    const info = await driver.staging.publish(KEY, TO, { ...calm(), at });
    expect(info).toEqual(before);
    expect(await text(driver.read(TO, calm()))).toBe("as it was");
    expect(await driver.staging.stat(KEY, calm())).toBeUndefined();
  });

  law("publish() replaces an object of another size", async ({ driver }) => {
    for (const damaged of ["", "cut of", "much longer than it should be"]) {
      await driver.write(TO, Buffer.from(damaged), calm());
      const at = await stage(driver, "cut off!");
      await driver.staging.publish(KEY, TO, { ...calm(), at });
      expect(await text(driver.read(TO, calm()))).toBe("cut off!");
      expect(await driver.staging.stat(KEY, calm())).toBeUndefined();
    }
  });

  law("publish() once more is done already", async ({ driver, reopen }) => {
    const at = await stage(driver, pattern(6 * MIB));
    const first = await driver.staging.publish(KEY, TO, { ...calm(), at });
    const other = await reopen();
    expect(await other.staging.publish(KEY, TO, { ...calm(), at })).toEqual(first);
  });

  law("publish() throws ObjectNotFound when neither is there", async ({ driver }) => {
    const at = await stage(driver, "x");
    await driver.staging.discard(KEY, calm());
    const publishing = driver.staging.publish(KEY, TO, { ...calm(), at });
    await expect(publishing).rejects.toBeInstanceOf(ObjectNotFound);
    expect(await driver.stat(TO, calm())).toBeUndefined();
  });

  law("publish() throws ObjectNotFound when only a damaged object is there", async ({ driver }) => {
    const at = await stage(driver, "content");
    await driver.staging.discard(KEY, calm());
    await driver.write(TO, Buffer.from("cont"), calm());
    const publishing = driver.staging.publish(KEY, TO, { ...calm(), at });
    await expect(publishing).rejects.toBeInstanceOf(ObjectNotFound);
  });

  law("publish() at another size or version publishes nothing", async ({ driver }) => {
    const older = await stage(driver, "one");
    const at = await driver.staging.append(KEY, chunks(" two"), { ...calm(), at: older });
    for (const wrong of [older, { ...at, version: "another" }, { ...at, sizeBytes: 3 }]) {
      const publishing = driver.staging.publish(KEY, TO, { ...calm(), at: wrong });
      await expect(publishing).rejects.toBeInstanceOf(StagedOutOfOrder);
    }
    expect(await driver.stat(TO, calm())).toBeUndefined();
    await driver.staging.publish(KEY, TO, { ...calm(), at });
    expect(await text(driver.read(TO, calm()))).toBe("one two");
  });

  law("publish() by two at once leaves one whole object", async ({ driver, reopen }) => {
    const other = await reopen();
    const bytes = pattern(6 * MIB);
    const mine = await stage(driver, bytes);
    const second = "docker/registry/v2/repositories/s/_uploads/7/data";
    const empty = await other.staging.create(second, calm());
    const theirs = await other.staging.append(second, chunks(bytes), { ...calm(), at: empty });
    await Promise.all([
      driver.staging.publish(KEY, TO, { ...calm(), at: mine }),
      other.staging.publish(second, TO, { ...calm(), at: theirs }),
    ]);
    expect((await collect(driver.read(TO, calm()))).equals(bytes)).toBe(true);
    expect(await driver.staging.stat(KEY, calm())).toBeUndefined();
    expect(await driver.staging.stat(second, calm())).toBeUndefined();
  });

  law("what was published can be staged and published anew", async ({ driver }) => {
    const first = await stage(driver, "one");
    await driver.staging.publish(KEY, TO, { ...calm(), at: first });
    const at = await stage(driver, "two!");
    expect(at.version).not.toBe(first.version);
    await driver.staging.publish(KEY, "b/y/data", { ...calm(), at });
    expect(await text(driver.read("b/y/data", calm()))).toBe("two!");
    expect(await text(driver.read(TO, calm()))).toBe("one");
  });

  law("discard() gives everything up, and once more does nothing", async ({ driver }) => {
    const at = await stage(driver, pattern(6 * MIB));
    await driver.write(
      "docker/registry/v2/repositories/r/_uploads/0b0f5e3c/startedat",
      Buffer.from("t"),
      calm(),
    );
    await driver.staging.discard(KEY, calm());
    await driver.staging.discard(KEY, calm());
    expect(await driver.staging.stat(KEY, calm())).toBeUndefined();
    const appending = driver.staging.append(KEY, chunks("x"), { ...calm(), at });
    await expect(appending).rejects.toBeInstanceOf(ObjectNotFound);
    const folder = "docker/registry/v2/repositories/r/_uploads/0b0f5e3c";
    expect(await names(driver.list(folder, calm()))).toEqual(["startedat"]);
  });

  law("deleteTree() takes staged objects along", async ({ driver }) => {
    await stage(driver, pattern(6 * MIB));
    const folder = "docker/registry/v2/repositories/r/_uploads/0b0f5e3c";
    await driver.write(`${folder}/startedat`, Buffer.from("t"), calm());
    await driver.deleteTree("docker/registry/v2/repositories/r", calm());
    expect(await driver.staging.stat(KEY, calm())).toBeUndefined();
    expect(await names(driver.list(folder, calm()))).toEqual([]);
    const again = await driver.staging.create(KEY, calm());
    expect(again.sizeBytes).toBe(0);
  });
}
