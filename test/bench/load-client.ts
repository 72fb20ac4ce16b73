import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Job, JobAnswer, JobResult } from "./load-job.ts";

const PROGRAM = fileURLToPath(new URL("load-child.ts", import.meta.url));
const JOB_TIMEOUT_MS = 120_000;
const DIED: JobAnswer = { kind: "failed", reason: "the process that makes the load has died" };

/** Makes load in a process of its own, one job at a time. */
export class LoadClient {
  readonly #child: ChildProcess;

  /** @param resources ends the process. */
  constructor(resources: AsyncDisposableStack) {
    this.#child = fork(PROGRAM, { execArgv: ["--disable-warning=ExperimentalWarning"] });
    resources.defer(async () => this.stop());
  }

  /** @throws {Error} when any request of the job failed, or it took over two minutes. */
  async run(job: Job): Promise<JobResult> {
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(new Error("took too long")), JOB_TIMEOUT_MS);
    try {
      const { signal } = over;
      const answered = Promise.race([
        once(this.#child, "message", { signal }),
        once(this.#child, "exit", { signal }).then(() => [DIED]),
      ]);
      this.#child.send(job);
      const [message]: unknown[] = await answered;
      return resultOf(message as JobAnswer);
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

function resultOf(answer: JobAnswer): JobResult {
  if (answer.kind === "failed") throw new Error(answer.reason);
  return answer.result;
}
