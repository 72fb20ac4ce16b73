import { Buffer } from "node:buffer";
import { expect } from "vitest";
import { InvalidKey } from "../../src/storage/errors.ts";
import {
  hasQuickStat,
  isSameVersion,
  type QuickInfo,
  type StorageDriver,
} from "../../src/storage/storage-driver.ts";
import { calm, chunks, type Law } from "./storage-subject.ts";

/** Laws of the quick look; a driver without that power fulfils them by not having it. */
export function describeStorageLooks(law: Law): void {
  law("quickStat() tells the size that stat() tells", async ({ driver }) => {
    if (!hasQuickStat(driver)) return;
    await driver.write("a/b", Buffer.from("12345"), calm());
    await driver.write("a/empty", new Uint8Array(), calm());
    expect(driver.quickStat("a/b")?.sizeBytes).toBe(5);
    expect(driver.quickStat("a/empty")?.sizeBytes).toBe(0);
  });

  law("quickStat() finds objects and nothing else", async ({ driver }) => {
    if (!hasQuickStat(driver)) return;
    await driver.write("a/b", Buffer.from("12345"), calm());
    const staged = "r/_uploads/1/data";
    const at = await driver.staging.create(staged, calm());
    await driver.staging.append(staged, chunks("bytes"), { ...calm(), at });
    for (const key of ["a", "a/c", "a/b/c", staged]) {
      expect([key, driver.quickStat(key)]).toEqual([key, undefined]);
    }
    expect(() => driver.quickStat("a/../b")).toThrow(InvalidKey);
  });

  law("quickStat() tells the same version while nothing happens", async ({ driver }) => {
    if (!hasQuickStat(driver)) return;
    await driver.write("a", Buffer.from("one"), calm());
    await driver.write("b", Buffer.from("one"), calm());
    const [before, after] = [lookAt(driver, "a"), lookAt(driver, "a")];
    expect(isSameVersion(before, after)).toBe(true);
    expect(isSameVersion(before, lookAt(driver, "b"))).toBe(false);
  });

  law("quickStat() tells of a change at once, whoever made it", async ({ driver, reopen }) => {
    if (!hasQuickStat(driver)) return;
    const other = await reopen();
    const looks: QuickInfo[] = [];
    for (const writer of [driver, other, driver, other]) {
      await writer.write("a", Buffer.from("same"), calm());
      const look = lookAt(driver, "a");
      expect(looks.some((earlier) => isSameVersion(earlier, look))).toBe(false);
      looks.push(look);
    }
    await other.delete("a", calm());
    expect(driver.quickStat("a")).toBe(undefined);
  });

  law("quickStat() tells of what was published in place of another object", async ({ driver }) => {
    if (!hasQuickStat(driver)) return;
    const staged = "r/_uploads/1/data";
    await driver.write("a", Buffer.from("damaged"), calm());
    const damaged = lookAt(driver, "a");
    const created = await driver.staging.create(staged, calm());
    const options = { ...calm(), at: created };
    const at = await driver.staging.append(staged, chunks("sound"), options);
    await driver.staging.publish(staged, "a", { ...calm(), at });
    expect(isSameVersion(damaged, lookAt(driver, "a"))).toBe(false);
  });
}

function lookAt(driver: StorageDriver, key: string): QuickInfo {
  const look = hasQuickStat(driver) ? driver.quickStat(key) : undefined;
  if (look === undefined) throw new Error(`there is no ${key}`);
  return look;
}
