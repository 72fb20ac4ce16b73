import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedJobQueue } from "../../src/jobs/embedded/embedded-job-queue.ts";
import type { JobEvent } from "../../src/jobs/job-event.ts";
import type { Job, JobContext, JobRunnerOptions } from "../../src/jobs/job-handler.ts";
import type { JobQueue } from "../../src/jobs/job-queue.ts";
import { JobRunner } from "../../src/jobs/job-runner.ts";
import { calm, QUEUE } from "../contracts/job-queue-subject.ts";
import { FakeClock } from "../fakes/fake-clock.ts";

type Handler = (job: Job<unknown>, context: JobContext) => Promise<void>;

/** A queue, a clock that stands still, and a runner between them. */
export class RunnerBench implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly stop = new AbortController();
  readonly events: JobEvent[] = [];
  readonly queue: JobQueue;
  readonly #resources: AsyncDisposableStack;
  #onEvent: (event: JobEvent) => void = () => undefined;

  private constructor(resources: AsyncDisposableStack, clock: FakeClock, queue: JobQueue) {
    this.#resources = resources;
    this.clock = clock;
    this.queue = queue;
  }

  static async open(): Promise<RunnerBench> {
    const resources = new AsyncDisposableStack();
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-jobs-")));
    const path = join(folder.path, "jobs.sqlite");
    const clock = new FakeClock();
    const queue = resources.use(await openEmbeddedJobQueue({ ...calm(), path, clock }));
    return new RunnerBench(resources, clock, queue);
  }

  /** Begins to run jobs, one at a time unless told. */
  start(
    handle: Handler,
    options: Partial<JobRunnerOptions<unknown>> = {},
  ): { readonly running: Promise<void> } {
    const runner = new JobRunner<unknown>({
      queue: this.queue,
      clock: this.clock,
      name: QUEUE,
      concurrency: 1,
      parse: (payload) => payload,
      handle,
      onEvent: (event) => {
        this.events.push(event);
        this.#onEvent(event);
      },
      ...options,
    });
    const running = runner.run({ signal: this.stop.signal });
    running.catch(() => undefined); // looked at by the test, perhaps later
    return { running };
  }

  /** Resolves with so many further events of that kind. */
  next(kind: JobEvent["kind"], count = 1): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = count;
    this.#onEvent = (event) => {
      if (event.kind === kind) left -= 1;
      if (left === 0) resolve();
    };
    return promise;
  }

  get kinds(): readonly JobEvent["kind"][] {
    return this.events.map(({ kind }) => kind);
  }

  /** The queue, but with some of its calls done otherwise. */
  partly(replaced: Partial<JobQueue>): JobQueue {
    const { queue } = this;
    return {
      leaseMs: queue.leaseMs,
      add: (...given) => queue.add(...given),
      take: (...given) => queue.take(...given),
      beat: (...given) => queue.beat(...given),
      settle: (...given) => queue.settle(...given),
      change: (...given) => queue.change(...given),
      status: (...given) => queue.status(...given),
      list: (...given) => queue.list(...given),
      [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
      ...replaced,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.#resources.disposeAsync();
  }
}

/** A handler's work that goes on until it is told to stop. */
export function untilAborted({ signal }: JobContext): Promise<void> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

/** A handler that goes on until it is told to stop. */
export const KEEPS_ON: Handler = (_, context) => untilAborted(context);
