import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../src/lib/clock.ts";

interface Sleeper {
  readonly delayMs: number;
  readonly wakesAtMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until the test moves it. */
export class FakeClock implements Clock {
  #nowMs: number;
  #sleepers: readonly Sleeper[] = [];
  #waiting: readonly { readonly delayMs: number; readonly found: () => void }[] = [];

  constructor(start = new Date("2026-01-02T03:04:05.678Z")) {
    this.#nowMs = start.getTime();
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  delay(delayMs: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const sleeper = { delayMs, wakesAtMs: this.#nowMs + delayMs, wake: resolve };
      signal.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      });
      this.#sleepers = [...this.#sleepers, sleeper];
      for (const waiter of this.#waiting) if (waiter.delayMs === delayMs) waiter.found();
    });
  }

  /** The delays that somebody waits for, in ascending order. */
  get delaysMs(): readonly number[] {
    return this.#sleepers.map(({ delayMs }) => delayMs).toSorted((a, b) => a - b);
  }

  /** Resolves once somebody waits for exactly this delay. */
  async someoneWaits(delayMs: number): Promise<void> {
    if (this.#sleepers.some((sleeper) => sleeper.delayMs === delayMs)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = [...this.#waiting, { delayMs, found: resolve }];
    await promise;
  }

  /** Moves on by `ms` while the process is stopped: whoever should have woken meanwhile wakes only then. */
  async sleepThrough(ms: number): Promise<void> {
    this.#nowMs += ms;
    await this.advance(0);
  }

  /** Moves on by `ms`, waking sleepers in the order of their time and letting each do its work before the next. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#sleepers
        .filter(({ wakesAtMs }) => wakesAtMs <= endMs)
        .toSorted((a, b) => a.wakesAtMs - b.wakesAtMs);
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.wakesAtMs);
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      next.wake();
      await setImmediate();
    }
    this.#nowMs = endMs;
  }
}
