/**
 * A worker process for tests of kills: `node job-worker.ts <queue file> <log file> <lease in ms>`. It
 * begins with the first byte on its standard input. Each job has three steps; a step appends
 * `<key> <step>` to the log, says so on standard output, and then tells its checkpoint. Jobs called
 * `gate-` something go on when standard input ends. The process ends when all jobs are done, or at SIGTERM.
 */
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { openEmbeddedJobQueue } from "../../src/jobs/embedded/embedded-job-queue.ts";
import type { Job, JobContext } from "../../src/jobs/job-handler.ts";
import { JobRunner } from "../../src/jobs/job-runner.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { calm, QUEUE } from "../contracts/job-queue-subject.ts";

const STEPS = 3;
const [, , path = "", log = "", leaseMs = ""] = process.argv;

const gate = once(process.stdin, "end");
await once(process.stdin, "data");

await using queue = await openEmbeddedJobQueue({
  ...calm(),
  path,
  clock: systemClock,
  leaseMs: Number(leaseMs),
  retry: { maxAttempts: 100, firstDelayMs: 5, maxDelayMs: 10 },
});

async function handle({ key, progress }: Job<unknown>, { tell }: JobContext): Promise<void> {
  for (let step = Number(progress?.checkpoint ?? 0); step < STEPS; step += 1) {
    appendFileSync(log, `${key} ${step}\n`);
    process.stdout.write(".\n");
    if (key.startsWith("gate-")) await gate;
    await tell({ checkpoint: step + 1 });
  }
}

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const runner = new JobRunner({
  queue,
  clock: systemClock,
  name: QUEUE,
  concurrency: 2,
  parse: (payload) => payload,
  handle,
  onEvent: ({ kind }) => {
    if (kind === "done") void stopWhenEmpty();
  },
});

async function stopWhenEmpty(): Promise<void> {
  const [status] = await queue.status(calm());
  const { waiting = 0, delayed = 0, running = 0 } = status?.counts ?? {};
  if (waiting + delayed + running === 0) stop.abort();
}

await stopWhenEmpty();
await runner.run({ signal: stop.signal });
process.stdin.destroy();
