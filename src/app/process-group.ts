/**
 * The further processes that serve beside the first one: started, watched, replaced and ended by it.
 *
 * They share nothing but the port and the store. When the first one dies, the others see their channel
 * to it close, and end.
 */
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../observability/logger.ts";
import { type MetricsReport, outlasting } from "../observability/metrics.ts";
import { ServingChild } from "./child-process.ts";
import type { ProcessReport, ToProcess } from "./process-messages.ts";
import { restartDelayMs } from "./restart-delay.ts";

type StartMessage = ToProcess & { readonly kind: "start" };

export interface GroupOptions {
  /** How many, the first one not counted. */
  readonly further: number;
  readonly log: Logger;
  readonly clock: Clock;
}

/** What is known of all further processes. */
export interface GroupReport {
  readonly reports: readonly ProcessReport[];
  /** What processes had counted that are no more. */
  readonly outlasting: readonly MetricsReport[];
  /** Processes that are there but do not answer. */
  readonly silentPids: readonly number[];
}

/** What a place in the group has to tell. */
interface Slot {
  child: ServingChild;
  /** By the process that is there now, when it was last asked. */
  counted: MetricsReport;
}

/** Longer than a process needs to end by itself: requests, then changes of the store, then webhooks. */
const END_MS = 20_000;

/** Disposing it kills what still runs. */
export class ProcessGroup implements Disposable {
  readonly #options: GroupOptions;
  readonly #slots: readonly Slot[];
  readonly #stopped = new AbortController();
  readonly #outlasting: MetricsReport[] = [];
  readonly #killAll = (): void => {
    for (const { child } of this.#slots) child.kill();
  };

  /** The processes begin to load the program. */
  constructor(options: GroupOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.further }, () => ({
      child: new ServingChild(),
      counted: [],
    }));
    // However this process ends while it still can do anything, it leaves none behind.
    process.on("exit", this.#killAll);
  }

  /** Resolves when all of them serve. @throws {ProcessFailed} */
  async start(message: StartMessage): Promise<void> {
    await Promise.all(this.#slots.map(async (slot) => this.#start(slot, message)));
    for (const slot of this.#slots) void this.#keep(slot, message);
  }

  async report(): Promise<GroupReport> {
    const asked = this.#slots.filter(({ child }) => child.isServing);
    const answers = await Promise.all(asked.map(async (slot) => reportOf(slot)));
    return {
      reports: answers.filter((answer) => answer !== undefined),
      outlasting: this.#outlasting,
      silentPids: asked
        .filter(({ child }, index) => answers[index] === undefined && child.isServing)
        .flatMap(({ child }) => child.pid ?? []),
    };
  }

  /** Resolves when all have ended; those that do not within the time and some seconds are killed. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopped.abort();
    for (const { child } of this.#slots) child.stop(timeoutMs);
    const timer = setTimeout(() => {
      this.#options.log.error("serving processes did not end and are killed");
      this.#killAll();
    }, timeoutMs + END_MS);
    await Promise.all(this.#slots.map(({ child }) => child.ended));
    clearTimeout(timer);
  }

  [Symbol.dispose](): void {
    this.#stopped.abort();
    this.#killAll();
    process.off("exit", this.#killAll);
  }

  async #start({ child }: Slot, message: StartMessage): Promise<void> {
    const instanceId = await child.start(message);
    this.#options.log.info("another process serves", {
      "process.pid": child.pid,
      "process.instance.id": instanceId,
    });
  }

  /** Puts another process in the place of one that has ended, until all are to stop. */
  async #keep(slot: Slot, message: StartMessage): Promise<void> {
    const { log, clock } = this.#options;
    let shortLives = 0;
    for (;;) {
      const startedMs = clock.monotonicMs();
      const end = await slot.child.ended;
      if (this.#isStopped()) return;
      if (slot.counted.length > 0) this.#outlasting.push(slot.counted);
      slot.counted = [];
      const next = restartDelayMs(clock.monotonicMs() - startedMs, shortLives);
      ({ shortLives } = next);
      log.error("a serving process has ended; another will take its place", {
        "process.pid": slot.child.pid,
        "process.end": end,
        delay: `${next.delayMs}ms`,
      });
      await this.#pause(next.delayMs);
      if (this.#isStopped()) return;
      await this.#replace(slot, message);
    }
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  /** Ends early when all are to stop. */
  async #pause(delayMs: number): Promise<void> {
    const { signal } = this.#stopped;
    await this.#options.clock.delay(delayMs, { signal }).catch(() => undefined);
  }

  async #replace(slot: Slot, message: StartMessage): Promise<void> {
    slot.child = new ServingChild();
    try {
      await this.#start(slot, message);
    } catch (error) {
      this.#options.log.error("a serving process could not be started", { err: error });
      slot.child.kill();
    }
  }
}

/** @returns `undefined` when the process does not answer. */
async function reportOf(slot: Slot): Promise<ProcessReport | undefined> {
  try {
    const report = await slot.child.report();
    slot.counted = outlasting(report.metrics);
    return report;
  } catch {
    return undefined;
  }
}
