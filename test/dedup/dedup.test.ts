import { mkdir, mkdtempDisposable, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryUrl } from "../../src/app/entries.ts";
import { BlobUnknown, StoredBytesDamaged } from "../../src/content/errors.ts";
import { blobData, blobRecipe, layerLink } from "../../src/content/layout.ts";
import { Dedup, type DedupOptions } from "../../src/dedup/dedup.ts";
import { ALWAYS } from "../../src/lib/day-spans.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { APP } from "../content/images.ts";
import { calm, collect } from "../contracts/storage-subject.ts";
import { intercepted } from "../fakes/failing-driver.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import {
  damagePacks,
  gzipLayer,
  HOUR_MS,
  keysBelow,
  plainBlob,
  plant,
  PATIENTLY,
} from "./at-rest-store.ts";

const GATHER_MS = 250;

describe("Dedup", PATIENTLY, () => {
  let resources: AsyncDisposableStack;
  let store: InMemoryDriver;
  /** Tells of each change. */
  let driver: StorageDriver;
  let onChange: () => void;
  let clock: FakeClock;
  let log: RecordingLogger;
  let directory: string;
  let stopping: AbortController;
  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-dedup-")));
    directory = join(folder.path, "state");
    store = new InMemoryDriver();
    driver = intercepted(store, { after: () => onChange() });
    onChange = () => undefined;
    clock = new FakeClock(new Date());
    log = new RecordingLogger();
    stopping = new AbortController();
  });
  afterEach(() => resources.disposeAsync());

  function open(some: Partial<DedupOptions> = {}): Dedup {
    const dedup = new Dedup({
      driver,
      mode: "at-rest",
      stateDirectory: directory,
      coldMs: HOUR_MS,
      threads: 1,
      makingThreads: 2,
      hours: ALWAYS,
      diskFloorBytes: 0,
      threadUrl: entryUrl("dedup-thread"),
      mayWrite: true,
      log,
      clock,
      stopping: stopping.signal,
      ...some,
    });
    return resources.use(dedup);
  }

  async function push(blob: Buffer): Promise<Digest> {
    const digest = await plant(driver, blob);
    await driver.write(layerLink(APP, digest), Buffer.from(digest), calm());
    return digest;
  }

  async function until(key: string, isThere: boolean): Promise<void> {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        onChange = resolve;
      });
      if (((await store.stat(key, calm())) !== undefined) === isThere) return;
      await changed;
    }
  }

  function read(dedup: Dedup, digest: Digest, range?: { startBytes: number; lengthBytes: number }) {
    return collect(dedup.cold.read(digest, { ...calm(), ...(range && { range }) }));
  }

  it("indexes what is pushed, all that comes together at once", async () => {
    const dedup = open({ mode: "index" });
    dedup.start({ works: true });
    const digests = [await plant(driver, plainBlob(40)), await plant(driver, plainBlob(41))];
    for (const digest of digests) dedup.pushed(digest);
    expect(clock.delaysMs.filter((delayMs) => delayMs === GATHER_MS)).toHaveLength(1);
    await clock.advance(GATHER_MS);
    for (const digest of digests) await until(blobRecipe(digest), true);
    expect(await keysBelow(driver, "docker")).toHaveLength(2);
  });

  it("gives up the data of what is cold, and makes it again when it is pulled", async () => {
    const blob = gzipLayer(42);
    const digest = await push(blob);
    clock = new FakeClock(new Date(Date.now() + 2 * HOUR_MS));
    const dedup = open();
    dedup.start({ works: true });
    await until(blobData(digest), false);
    expect(await dedup.cold.sizeOf(digest, calm())).toBe(blob.length);
    const range = { startBytes: 1000, lengthBytes: 2000 };
    expect((await read(dedup, digest, range)).equals(blob.subarray(1000, 3000))).toBe(true);
    expect((await read(dedup, digest)).equals(blob)).toBe(true);
    await until(blobData(digest), true);
    const data = await collect(driver.read(blobData(digest), calm()));
    expect(data.equals(blob)).toBe(true);
  });

  it("reads cold blobs without a state directory, in any mode, and writes nothing it may not", async () => {
    const digest = await coldBlob();
    const keys = await keysBelow(driver, "");
    const none = { stateDirectory: undefined, mode: "off", mayWrite: false } as const;
    const dedup = open(none);
    dedup.start({ works: true });
    dedup.pushed(digest);
    expect((await read(dedup, digest)).equals(plainBlob(43))).toBe(true);
    await dedup[Symbol.asyncDispose]();
    expect(await keysBelow(driver, "")).toEqual(keys);
    expect(log.lines).toEqual([]);
  });

  it("takes no blob for there whose chunks it found damaged", async () => {
    const digest = await coldBlob();
    await damagePacks(driver);
    const dedup = open();
    await expect(read(dedup, digest)).rejects.toThrow(StoredBytesDamaged);
    expect(await dedup.cold.sizeOf(digest, calm())).toBeUndefined();
    await expect(read(dedup, digest)).rejects.toThrow(BlobUnknown);
  });

  it("ends in the middle of its work, and does it another time", async () => {
    const digest = await push(plainBlob(44));
    clock = new FakeClock(new Date(Date.now() + 2 * HOUR_MS));
    const dedup = open();
    dedup.start({ works: true });
    dedup.pushed(digest);
    await clock.advance(GATHER_MS);
    await dedup[Symbol.asyncDispose]();
    expect(clock.delaysMs).toEqual([]);
    expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
    const again = open();
    again.start({ works: true });
    await until(blobData(digest), false);
    expect((await read(again, digest)).equals(plainBlob(44))).toBe(true);
  });

  it("ends with who still reads, and leaves no spool behind", async () => {
    const digest = await coldBlob();
    const dedup = open();
    const reading = dedup.cold.read(digest, calm())[Symbol.asyncIterator]();
    const first = reading.next();
    stopping.abort(new Error("the server ends"));
    await first.catch(() => undefined);
    await dedup[Symbol.asyncDispose]();
    expect(await readdir(join(directory, "spool"))).toEqual([]);
    expect(await driver.stat(blobData(digest), calm())).toBeUndefined();
  });

  it("begins anew where the queue of jobs is damaged, and finds the work again", async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "jobs.sqlite"), "this is no queue of jobs".repeat(1000));
    const digest = await push(plainBlob(45));
    const dedup = open({ mode: "index" });
    dedup.start({ works: true });
    await until(blobRecipe(digest), true);
    expect(log.lines.map(({ message }) => message)).toContain(
      "the queue of jobs is damaged and begun anew",
    );
    expect(
      (await readdir(directory)).filter((name) => name.startsWith("jobs.sqlite.")).length,
    ).toBeGreaterThan(0);
  });

  it("leaves alone what is read again and again", async () => {
    const blob = plainBlob(46);
    const digest = await push(blob);
    clock = new FakeClock(new Date(Date.now() + 2 * HOUR_MS));
    const dedup = open();
    dedup.cold.used(digest);
    dedup.start({ works: true });
    const other = await push(plainBlob(47));
    dedup.pushed(other);
    await clock.advance(GATHER_MS);
    await until(blobData(other), false);
    await until(blobRecipe(digest), true);
    expect(await driver.stat(blobData(digest), calm())).toBeDefined();
  });

  /** Made by a Dedup of its own. */
  async function coldBlob(): Promise<Digest> {
    const digest = await push(plainBlob(43));
    const works = open({ clock: new FakeClock(new Date(Date.now() + 2 * HOUR_MS)) });
    works.start({ works: true });
    await until(blobData(digest), false);
    await works[Symbol.asyncDispose]();
    log.lines.length = 0;
    return digest;
  }
});
