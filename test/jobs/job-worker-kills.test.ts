import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openEmbeddedJobQueue } from "../../src/jobs/embedded/embedded-job-queue.ts";
import type { JobQueue } from "../../src/jobs/job-queue.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { SeededRandom } from "../fixtures/seeded-random.ts";
import { stopChild } from "../fixtures/stop-child.ts";
import { calm, counts, QUEUE } from "../contracts/job-queue-subject.ts";

const WORKER = join(import.meta.dirname, "job-worker.ts");
const CONCURRENCY = 2;
const KILLS = 20;
const JOBS = 150;
const LEASE_MS = 1000;
const LONG_LEASE_MS = 30_000;

let resources: AsyncDisposableStack;
let path: string;
let log: string;
let queue: JobQueue;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-jobs-")));
  [path, log] = [join(folder.path, "jobs.sqlite"), join(folder.path, "log")];
  const clock = systemClock;
  queue = resources.use(await openEmbeddedJobQueue({ ...calm(), path, clock }));
});
afterEach(() => resources.disposeAsync());

interface Worker {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  /** Its code or the signal that ended it. */
  readonly end: Promise<number | NodeJS.Signals>;
}

/** Starts a worker that waits for {@link begin}. */
function startWorker(leaseMs: number): Worker {
  const child = spawn(process.execPath, [WORKER, path, log, String(leaseMs)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  resources.defer(() => stopChild(child, 1000));
  const end = once(child, "exit").then(([code, signal]) => code ?? signal);
  return { child, end };
}

function begin({ child }: Worker): void {
  child.stdin.write("\n");
}

/** Resolves once so many steps are told, of which there come no more for the moment. */
async function stepsBegun({ child }: Worker, steps: number): Promise<void> {
  let text = "";
  while (text.split(".").length <= steps) {
    const [bytes] = await once(child.stdout, "data");
    text += String(bytes);
  }
}

/** Kills a worker some turns of the event loop after so many of its steps. */
async function killAfter({ child, end }: Worker, steps: number, turns: number): Promise<unknown> {
  let left = steps;
  for await (const _ of createInterface({ input: child.stdout })) {
    left -= 1;
    if (left === 0) break;
  }
  for (let turn = 0; turn < turns; turn += 1) await setImmediate();
  child.kill("SIGKILL");
  return end;
}

/** How often each step of each job was done, by `<key> <step>`. @throws when a job began anew behind a checkpoint. */
async function stepsDone(): Promise<ReadonlyMap<string, number>> {
  const lines = (await readFile(log, "utf8")).trimEnd().split("\n");
  const done = new Map<string, number>();
  const latest = new Map<string, number>();
  for (const line of lines) {
    const [key = "", step] = line.split(" ");
    if (Number(step) < (latest.get(key) ?? 0)) throw new Error(`${key} went back to step ${step}`);
    latest.set(key, Number(step));
    done.set(line, (done.get(line) ?? 0) + 1);
  }
  return done;
}

function keysOf(count: number): readonly { readonly key: string }[] {
  return Array.from({ length: count }, (_, index) => ({ key: `job-${index}` }));
}

describe("workers on one file", () => {
  it("lose no job and at most a step each time that one is killed", async () => {
    const random = new SeededRandom(26);
    await queue.add(QUEUE, keysOf(JOBS), calm());
    const prepared = [startWorker(LEASE_MS), startWorker(LEASE_MS)];
    const ends: unknown[] = [];
    for (let worker = prepared.shift(); worker !== undefined; worker = prepared.shift()) {
      begin(worker);
      if (ends.length + prepared.length < KILLS) prepared.push(startWorker(LEASE_MS));
      const isLast = ends.length === KILLS;
      if (isLast) worker.child.stdout.resume();
      const end = isLast ? worker.end : killAfter(worker, 1 + random.below(10), random.below(30));
      ends.push(await end);
    }
    expect(ends).toEqual([...Array.from({ length: KILLS }, () => "SIGKILL"), 0]);
    expect(await counts(queue)).toEqual({});
    const done = await stepsDone();
    expect(done.size).toBe(JOBS * 3);
    const twice = [...done.values()].reduce((sum, times) => sum + times - 1, 0);
    expect(twice).toBeLessThanOrEqual(KILLS * CONCURRENCY);
  });

  it("share the jobs of a queue, none of which is done by two", async () => {
    const gates = Array.from({ length: 2 * CONCURRENCY }, (_, index) => ({ key: `gate-${index}` }));
    await queue.add(QUEUE, gates, calm());
    const workers = [startWorker(LONG_LEASE_MS), startWorker(LONG_LEASE_MS)];
    for (const worker of workers) begin(worker);
    await Promise.all(workers.map((worker) => stepsBegun(worker, CONCURRENCY)));
    await queue.add(QUEUE, keysOf(JOBS), calm());
    for (const { child } of workers) {
      child.stdin.end();
      child.stdout.resume();
    }
    await Promise.race(workers.map(({ end }) => end));
    for (const { child } of workers) child.kill("SIGTERM");
    expect(await Promise.all(workers.map(({ end }) => end))).toEqual([0, 0]);
    expect(await counts(queue)).toEqual({});
    const done = await stepsDone();
    expect(done.size).toBe((JOBS + gates.length) * 3);
    expect([...done.values()].every((times) => times === 1)).toBe(true);
  });
});
