import { mkdtempDisposable, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Spool } from "../../../src/dedup/cold/spool.ts";
import { collect, pattern } from "../../contracts/storage-subject.ts";

describe("Spool", () => {
  let directory: string;
  let spool: Spool;
  let isReleased: boolean;
  let resources: AsyncDisposableStack;

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    directory = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-spool-"))).path;
    spool = await Spool.open(directory);
    isReleased = false;
    resources.defer(() => (isReleased ? undefined : spool.release()));
  });
  afterEach(() => resources.disposeAsync());

  it("leaves no name in its directory, neither open nor closed", async () => {
    expect(await readdir(directory)).toEqual([]);
    await spool.write(pattern(1000), 1000);
    await spool.release();
    isReleased = true;
    expect(await readdir(directory)).toEqual([]);
  });

  it("gives a reader what is written, before and after it waits for more", async () => {
    const bytes = pattern(1_000_000);
    await spool.write(bytes.subarray(0, 300_000), 300_000);
    const reading = spool.read({ startBytes: 0 });
    const first = await reading.next();
    const rest = collect(reading);
    await spool.write(bytes.subarray(300_000), 1_000_000);
    spool.end();
    expect(Buffer.concat([first.value ?? Buffer.of(), await rest]).equals(bytes)).toBe(true);
  });

  it("gives several readers all bytes, each in its own time, and never waits for them", async () => {
    const bytes = pattern(2_000_000);
    const slow = spool.read({ startBytes: 0 });
    const begun = slow.next();
    const quick = collect(spool.read({ startBytes: 0 }));
    for (let at = 0; at < bytes.length; at += 100_000) {
      await spool.write(bytes.subarray(at, at + 100_000), at + 100_000);
    }
    spool.end();
    expect((await quick).equals(bytes)).toBe(true);
    const rest = await collect(slow);
    const { value } = await begun;
    expect(Buffer.concat([value ?? Buffer.of(), rest]).equals(bytes)).toBe(true);
  });

  it("gives a stretch, from a byte on that need not be written yet", async () => {
    const bytes = pattern(500_000);
    const stretch = collect(spool.read({ startBytes: 400_000, lengthBytes: 50_000 }));
    await spool.write(bytes, bytes.length);
    expect((await stretch).equals(bytes.subarray(400_000, 450_000))).toBe(true);
  });

  it("gives no more than is shown until the end is told", async () => {
    const bytes = pattern(1000);
    await spool.write(bytes, 600);
    expect(spool.shownBytes).toBe(600);
    const reading = spool.read({ startBytes: 0 });
    expect((await reading.next()).value?.length).toBe(600);
    let hasMore = false;
    const more = reading.next().then((result) => {
      hasMore = true;
      return result;
    });
    await setImmediate();
    expect(hasMore).toBe(false);
    spool.end();
    expect((await more).value).toEqual(bytes.subarray(600));
  });

  it("shows no more than is written, and never less than before", async () => {
    await spool.write(pattern(100), 1000);
    expect(spool.shownBytes).toBe(100);
    await spool.write(pattern(100), 0);
    expect(spool.shownBytes).toBe(100);
  });

  it("throws what it failed with after what is shown, also to whoever waits", async () => {
    const failure = new Error("the chunk is damaged");
    const bytes = pattern(1000);
    await spool.write(bytes, 1000);
    const reading = spool.read({ startBytes: 0 });
    await reading.next();
    const waiting = reading.next();
    spool.fail(failure);
    await expect(waiting).rejects.toBe(failure);
    const late = spool.read({ startBytes: 0 });
    expect((await late.next()).value).toEqual(bytes);
    await expect(late.next()).rejects.toBe(failure);
    expect(spool.isWhole).toBe(false);
  });

  it("is whole only at its end", async () => {
    await spool.write(pattern(10), 10);
    expect(spool.isWhole).toBe(false);
    spool.end();
    expect(spool.isWhole).toBe(true);
  });

  it("is closed with its last share, and then has none to give", async () => {
    const bytes = pattern(1000);
    await spool.write(bytes, 1000);
    spool.end();
    expect(spool.tryShare()).toBe(true);
    await spool.release();
    expect((await collect(spool.read({ startBytes: 0 }))).equals(bytes)).toBe(true);
    await spool.release();
    isReleased = true;
    expect(spool.tryShare()).toBe(false);
    await expect(collect(spool.read({ startBytes: 0 }))).rejects.toThrow("closed");
  });
});
