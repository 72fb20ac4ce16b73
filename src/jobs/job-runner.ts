import { JobStoreUnavailable } from "./errors.ts";
import type { JobRunnerOptions } from "./job-handler.ts";
import type { TakenJob } from "./job-queue.ts";
import { runJob } from "./run-job.ts";

const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 30_000;

/** Takes the jobs of one queue, has them done, and settles them. */
export class JobRunner<Payload> {
  readonly #options: JobRunnerOptions<Payload>;

  constructor(options: JobRunnerOptions<Payload>) {
    this.#options = options;
  }

  /**
   * Works until the signal aborts, and resolves when all handlers have ended and their jobs are given
   * back. A handler that succeeds nevertheless has done its job.
   * @throws what the queue throws but {@link JobStoreUnavailable}, as soon as what runs has ended.
   */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const broken = new AbortController();
    const stop = (): void => broken.abort(signal.reason);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    const loops = Array.from({ length: this.#options.concurrency }, async () => {
      try {
        await this.#loop(broken.signal);
      } catch (error) {
        if (broken.signal.aborted && error === broken.signal.reason) return;
        broken.abort(error);
        throw error;
      }
    });
    const ended = await Promise.allSettled(loops);
    signal.removeEventListener("abort", stop);
    const failed = ended.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #loop(signal: AbortSignal): Promise<void> {
    for (;;) {
      const taken = await this.#take(signal);
      if (taken !== undefined) await runJob(taken, this.#options, signal);
    }
  }

  async #take(signal: AbortSignal): Promise<TakenJob | undefined> {
    const { queue, name, clock, onEvent } = this.#options;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS)) {
      try {
        return await queue.take(name, { signal });
      } catch (error) {
        if (!(error instanceof JobStoreUnavailable)) throw error;
        onEvent({ kind: "store-failed", queue: name, error });
      }
      await clock.delay(pauseMs, { signal });
    }
  }
}
