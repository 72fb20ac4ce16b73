import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Conversion, Converter } from "../../../src/dedup/convert/converter.ts";
import { ThreadRefused } from "../../../src/dedup/threads/dedup-worker.ts";
import {
  addDedupJobs,
  DEDUP_QUEUE,
  DedupJobs,
  type DedupJobsDeps,
} from "../../../src/dedup/work/dedup-jobs.ts";
import { openJobs } from "../../../src/dedup/work/open-jobs.ts";
import type { JobQueue } from "../../../src/jobs/job-queue.ts";
import { ALWAYS } from "../../../src/lib/day-spans.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import { calm } from "../../contracts/storage-subject.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { RecordingLogger } from "../../fakes/recording-logger.ts";

const A = digestOf(Buffer.from("a"));
const B = digestOf(Buffer.from("b"));
const MINUTE_MS = 60_000;
/** From 22:00 to 06:00. */
const NIGHT = [{ startMinute: 22 * 60, endMinute: 6 * 60 }];

type Step = (digest: Digest, options: { readonly signal: AbortSignal }) => Promise<Conversion>;

describe("DedupJobs", () => {
  let resources: AsyncDisposableStack;
  let clock: FakeClock;
  let queue: JobQueue;
  let log: RecordingLogger;
  let stop: AbortController;
  let running: Promise<void>;
  let told: string[];
  let heard: PromiseWithResolvers<void>;
  let index: Step;
  let cool: Step;

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-dedup-jobs-")));
    clock = new FakeClock(new Date(2026, 0, 5, 12, 0));
    log = new RecordingLogger();
    stop = new AbortController();
    const options = { directory: join(folder.path, "state"), clock, log };
    queue = resources.use(await openJobs({ ...options, ...calm() }));
    running = Promise.resolve();
    told = [];
    heard = Promise.withResolvers();
    index = async () => ({ kind: "indexed" });
    cool = async () => ({ kind: "cold", savedBytes: 1 });
  });
  afterEach(async () => {
    stop.abort(new Error("the test is over"));
    await running.catch(() => undefined);
    await resources.disposeAsync();
  });

  function start(some: Partial<DedupJobsDeps> = {}): void {
    const converter = {
      index: (digest: Digest, options: { signal: AbortSignal }) => index(digest, options),
      cool: (digest: Digest, options: { signal: AbortSignal }) => cool(digest, options),
    };
    const jobs = new DedupJobs({
      renewIndex: () => Promise.resolve(),
      queue,
      converter: converter as unknown as Converter,
      atRest: true,
      concurrency: 1,
      hours: ALWAYS,
      clock,
      log,
      onConversion: (digest, { kind }) => {
        told.push(`${digest === A ? "a" : "b"} ${kind}`);
        heard.resolve();
      },
      ...some,
    });
    running = jobs.run({ signal: stop.signal });
  }

  async function failedJobs(): Promise<readonly (string | undefined)[]> {
    const page = await queue.list(DEDUP_QUEUE, { ...calm(), state: "failed", limit: 10 });
    return page.jobs.map(({ lastError }) => lastError);
  }

  it("indexes blobs, and cools them where that is asked for", async () => {
    cool = async () => ({ kind: "as-it-was", reason: "it is in use" });
    expect(await addDedupJobs(queue, [A, B, A], calm())).toBe(2);
    start();
    await settled(queue);
    expect(told).toEqual(["a indexed", "a as-it-was", "b indexed", "b as-it-was"]);
  });

  it("cools nothing when blobs keep their data", async () => {
    cool = () => Promise.reject(new Error("it was not asked for"));
    await addDedupJobs(queue, [A], calm());
    start({ atRest: false });
    await settled(queue);
    expect(told).toEqual(["a indexed"]);
    expect(log.lines.filter(({ level }) => level !== "debug")).toEqual([]);
  });

  it("rests outside of its hours, and begins with them", async () => {
    await addDedupJobs(queue, [A], calm());
    start({ hours: NIGHT });
    await clock.someoneWaits(60 * MINUTE_MS);
    await clock.advance(9 * 60 * MINUTE_MS + 59 * MINUTE_MS);
    expect(told).toEqual([]);
    await clock.advance(MINUTE_MS);
    await heard.promise;
    await settled(queue);
    expect(told).toEqual(["a indexed", "a cold"]);
  });

  it("gives back what it is at when its hours are over, and goes on another day", async () => {
    clock = new FakeClock(new Date(2026, 0, 5, 5, 50));
    const began = Promise.withResolvers<void>();
    const given = Promise.withResolvers<void>();
    index = async (_, { signal }) => {
      began.resolve();
      return await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          given.resolve();
          reject(signal.reason);
        });
      });
    };
    await addDedupJobs(queue, [A], calm());
    start({ hours: NIGHT });
    await began.promise;
    await clock.someoneWaits(10 * MINUTE_MS);
    await clock.advance(10 * MINUTE_MS);
    await given.promise;
    await clock.someoneWaits(60 * MINUTE_MS);
    const page = await queue.list(DEDUP_QUEUE, { ...calm(), state: "waiting", limit: 10 });
    expect(page.jobs).toMatchObject([{ key: A, attempts: 0 }]);
    index = async () => ({ kind: "indexed" });
    await clock.advance(16 * 60 * MINUTE_MS);
    await heard.promise;
    expect(told[0]).toBe("a indexed");
  });

  it("gives up for good where the data is not the blob, at once", async () => {
    const fault = { kind: "wrong-bytes", text: "the data has another digest" } as const;
    index = () => Promise.reject(new ThreadRefused(fault));
    await addDedupJobs(queue, [A], calm());
    start();
    await settled(queue);
    expect(await failedJobs()).toEqual(["the data has another digest"]);
    expect(log.lines).toMatchObject([{ level: "error", fields: { digest: A, attempt: 1 } }]);
  });

  it("tries again what failed in a way that may pass", async () => {
    const failed = Promise.withResolvers<void>();
    index = async () => {
      index = async () => ({ kind: "indexed" });
      failed.resolve();
      throw new ThreadRefused({ kind: "unreadable", text: "the disk is busy" });
    };
    await addDedupJobs(queue, [A], calm());
    start();
    await failed.promise;
    await settled(queue, ["waiting", "running"]);
    expect(log.lines).toMatchObject([{ level: "warn", fields: { digest: A } }]);
    await clock.advance(60 * MINUTE_MS);
    await heard.promise;
    expect(told[0]).toBe("a indexed");
  });

  it("fails a job for good that names no blob", async () => {
    await queue.add(DEDUP_QUEUE, [{ key: "x", payload: "no digest" }], calm());
    start();
    await settled(queue);
    expect(await failedJobs()).toEqual([expect.stringContaining("not the digest of a blob")]);
  });

  it("ends when it is stopped, by day and by night", async () => {
    start({ hours: NIGHT });
    await clock.someoneWaits(60 * MINUTE_MS);
    stop.abort(new Error("the server ends"));
    await expect(running).resolves.toBeUndefined();
    expect(clock.delaysMs).toEqual([]);
  });
});

/** Resolves when no job is in one of those states. */
async function settled(
  queue: JobQueue,
  states: readonly ("waiting" | "running" | "delayed")[] = ["waiting", "running", "delayed"],
): Promise<void> {
  for (;;) {
    const [status] = await queue.status(calm());
    if (status === undefined || states.every((state) => status.counts[state] === 0)) return;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
