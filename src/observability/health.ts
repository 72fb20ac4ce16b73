import { systemClock, type Clock } from "../lib/clock.ts";
import { errorText } from "../lib/error-text.ts";
import type { Logger } from "./logger.ts";
import { redactText } from "./redaction.ts";

/** One thing that must be well for the registry to serve. */
export interface HealthCheck {
  /** Shown to operators; unique. */
  readonly name: string;
  /** The pause before each run, the first one included. */
  readonly intervalMs: number;
  /** After how many failures in a row the check counts as bad; 0 is the same as 1. */
  readonly threshold: number;
  /** Rejects when things are bad. Ends by itself in bounded time, and at once when the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface Health extends Disposable {
  /** Begins the checks. Until each has run for the first time it counts as well. */
  start(): void;
  /** The checks that are bad, by name, with what is wrong. Empty when all is well. */
  failures(): Readonly<Record<string, string>>;
}

export interface HealthOptions {
  readonly checks: readonly HealthCheck[];
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Runs checks in the background. Disposing stops them; nothing is run before {@link Health.start}. */
export function createHealth({ checks, log, clock = systemClock }: HealthOptions): Health {
  const watches = checks.map((check) => new Watch(check, log));
  const stop = new AbortController();
  let isStarted = false;
  return {
    start() {
      if (isStarted) return;
      isStarted = true;
      for (const watch of watches) void watch.repeat(clock, stop.signal);
    },
    failures: () => {
      // Asked for every request, and then it is nearly always this.
      if (watches.every(({ failure }) => failure === undefined)) return NONE;
      return Object.fromEntries(
        watches.flatMap(({ name, failure }) => (failure === undefined ? [] : [[name, failure]])),
      );
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}

const NONE: Readonly<Record<string, string>> = Object.freeze({});

class Watch {
  readonly #check: HealthCheck;
  readonly #log: Logger;
  #failuresInARow = 0;
  #failure: string | undefined;

  constructor(check: HealthCheck, log: Logger) {
    this.#check = check;
    this.#log = log;
  }

  get name(): string {
    return this.#check.name;
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  /** Resolves once the signal aborts. */
  async repeat(clock: Clock, signal: AbortSignal): Promise<void> {
    while (await slept(clock, this.#check.intervalMs, signal)) {
      const failure = await failureOf(this.#check, signal);
      if (!signal.aborted) this.#note(failure);
    }
  }

  #note(failure: string | undefined): void {
    const wasBad = this.#failure !== undefined;
    this.#failuresInARow = failure === undefined ? 0 : this.#failuresInARow + 1;
    const isBad = this.#failuresInARow >= Math.max(1, this.#check.threshold);
    this.#failure = isBad ? failure : undefined;
    if (wasBad === isBad) return;
    const fields = { "health.check": this.name };
    if (isBad) this.#log.error("health check failed", { ...fields, "err.message": failure });
    else this.#log.info("health check is well again", fields);
  }
}

async function slept(clock: Clock, delayMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.delay(delayMs, { signal });
    return true;
  } catch {
    return false; // stopped
  }
}

async function failureOf(check: HealthCheck, signal: AbortSignal): Promise<string | undefined> {
  try {
    await check.run(signal);
    return undefined;
  } catch (error) {
    return redactText(errorText(error));
  }
}
