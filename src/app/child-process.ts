/** One further process that serves, from its start to its end. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { entryUrl } from "./entries.ts";
import {
  type FromProcess,
  isFromProcess,
  type ProcessReport,
  type ToProcess,
} from "./process-messages.ts";

/** A serving process could not be started, or ended before it served. */
export class ProcessFailed extends Error {
  readonly kind = "ProcessFailed";
}

/** How a process ended: `exit code 1`, `SIGKILL`. */
export type EndOfProcess = string;

const REPORT_MS = 5_000;

/** Begins to load the program at once; {@link ServingChild.start} has it serve. */
export class ServingChild {
  /** Resolves when the process is no more. */
  readonly ended: Promise<EndOfProcess>;
  readonly #child: ChildProcess;
  readonly #listening = Promise.withResolvers<string>();
  readonly #reports = new Map<number, (report: ProcessReport) => void>();
  #lastReport = 0;
  #isServing = false;

  constructor() {
    // Log and access log go where those of the first process go.
    this.#child = fork(fileURLToPath(entryUrl("serving-process")), {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      serialization: "advanced",
    });
    // A process that cannot be made or ended: its end, or that it has none, tells the same.
    this.#child.on("error", () => undefined);
    this.#child.on("message", (message) => {
      if (isFromProcess(message)) this.#receive(message);
    });
    this.ended = this.#untilEnd();
    this.#listening.promise.catch(() => undefined);
  }

  /** `undefined` when it could not even be made. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it has started and not ended. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** @returns the instance id of the process, once it serves. @throws {ProcessFailed} */
  async start(message: ToProcess & { readonly kind: "start" }): Promise<string> {
    this.#send(message);
    return await this.#listening.promise;
  }

  /** @throws {ProcessFailed} when it does not answer within some seconds. */
  async report(): Promise<ProcessReport> {
    this.#lastReport += 1;
    const id = this.#lastReport;
    const { promise, resolve, reject } = Promise.withResolvers<ProcessReport>();
    this.#reports.set(id, resolve);
    const fail = (): void => reject(new ProcessFailed(`process ${this.pid} does not answer`));
    const timer = setTimeout(fail, REPORT_MS);
    this.#send({ kind: "report", id });
    try {
      return await Promise.race([promise, this.ended.then(fail).then(() => promise)]);
    } finally {
      clearTimeout(timer);
      this.#reports.delete(id);
    }
  }

  /** Lets it finish what runs. It ends some seconds after the time at the latest, unless it hangs. */
  stop(timeoutMs: number): void {
    this.#send({ kind: "stop", timeoutMs });
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #receive(message: FromProcess): void {
    switch (message.kind) {
      case "listening":
        this.#isServing = true;
        this.#listening.resolve(message.instanceId);
        break;
      case "failed":
        this.#listening.reject(new ProcessFailed(`a serving process: ${message.reason}`));
        break;
      case "report":
        this.#reports.get(message.id)?.(message.report);
    }
  }

  /** To one that is about to end a message may come too late; its end tells more than the error would. */
  #send(message: ToProcess): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  async #untilEnd(): Promise<EndOfProcess> {
    let end: EndOfProcess;
    try {
      const [code, signal] = await once(this.#child, "exit");
      end = signal === null ? `exit code ${code}` : String(signal);
    } catch (error) {
      end = error instanceof Error ? error.message : "unknown error";
    }
    this.#isServing = false;
    this.#listening.reject(new ProcessFailed(`a serving process ended at its start: ${end}`));
    return end;
  }
}
