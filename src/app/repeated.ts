import { type Clock, systemClock } from "../lib/clock.ts";
import type { LogFields } from "../observability/log-fields.ts";
import type { Logger } from "../observability/logger.ts";

const QUIET_MS = 60_000;

/** Warns of what may happen a thousand times in a second: the first time, then once a minute with the number of times. */
export class Repeated {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #told = new Map<string, { atMs: number; times: number }>();

  constructor(log: Logger, clock: Clock = systemClock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** @param message of a small number of different ones. */
  warn(message: string, fields: LogFields): void {
    const nowMs = this.#clock.monotonicMs();
    const told = this.#told.get(message);
    const times = (told?.times ?? 0) + 1;
    const isQuiet = told !== undefined && nowMs - told.atMs < QUIET_MS;
    this.#told.set(message, { atMs: isQuiet ? told.atMs : nowMs, times: isQuiet ? times : 0 });
    if (!isQuiet) this.#log.warn(message, { ...fields, times });
  }
}
