import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, it } from "vitest";
import { entryUrl } from "../../src/app/entries.ts";
import { createHashStaged } from "../../src/content/hash-staged.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { calm, chunks, pattern } from "../contracts/storage-subject.ts";

const BYTES = pattern(100_000);
const DIGEST = digestOf(BYTES);
const ALGORITHMS = ["sha256"] as const;
const KEY = "repositories/app/_uploads/1/data";

let resources: AsyncDisposableStack;
let driver: FilesystemDriver;
/** How many threads there are, and were at most. */
let threads: { now: number; most: number; all: number };

const note = (worker: Worker): void => {
  threads.now += 1;
  threads.all += 1;
  threads.most = Math.max(threads.most, threads.now);
  worker.once("exit", () => (threads.now -= 1));
};

beforeEach(async () => {
  threads = { now: 0, most: 0, all: 0 };
  process.on("worker", note);
  resources = new AsyncDisposableStack();
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-staged-")));
  driver = resources.use(await FilesystemDriver.open({ rootDirectory: path, maxThreads: 25 }));
  const at = await driver.staging.create(KEY, calm());
  await driver.staging.append(KEY, chunks(BYTES), { ...calm(), at });
});
afterEach(async () => {
  process.off("worker", note);
  await resources.disposeAsync();
});

it("hashing many files at once takes no more threads than there may be", async () => {
  const hash = createHashStaged(driver, entryUrl("hash-worker"), 2);
  const all = Array.from({ length: 9 }, () => hash(KEY, ALGORITHMS, calm()));
  for (const digests of await Promise.all(all)) expect(digests.get("sha256")).toBe(DIGEST);
  expect(threads).toMatchObject({ most: 2, all: 9 });
});

it("hashing many files at once has a bound of its own, too", async () => {
  const hash = createHashStaged(driver, entryUrl("hash-worker"));
  await Promise.all(Array.from({ length: 9 }, () => hash(KEY, ALGORITHMS, calm())));
  expect(threads.most).toBeGreaterThanOrEqual(2);
  expect(threads.most).toBeLessThanOrEqual(4);
});

it("whoever gives up waits no more, and neither do those behind", async () => {
  const hash = createHashStaged(driver, entryUrl("hash-worker"), 1);
  const [stopFirst, stopSecond] = [new AbortController(), new AbortController()];
  const isStarted = once(process, "worker");
  const ended: unknown[] = [];
  const end = (reason: unknown): number => ended.push(reason);
  const givenUp = Promise.all([
    hash(KEY, ALGORITHMS, { signal: stopFirst.signal }).catch(end),
    hash(KEY, ALGORITHMS, { signal: stopSecond.signal }).catch(end),
  ]);
  const third = hash(KEY, ALGORITHMS, calm());
  await isStarted;
  stopFirst.abort("worked enough, and waits for its thread to end");
  stopSecond.abort("waited enough");
  await givenUp;
  expect(ended).toEqual(["waited enough", "worked enough, and waits for its thread to end"]);
  expect((await third).get("sha256")).toBe(DIGEST);
  expect(threads).toMatchObject({ most: 1, all: 2 });
});
