import type { Clock } from "../../lib/clock.ts";
import type { CallOptions } from "../job-queue.ts";

interface Rest extends CallOptions {
  /** What {@link Bell.rings} said before the look that found nothing. */
  readonly heard: number;
  readonly delayMs: number;
  readonly clock: Clock;
}

/** Wakes those in this process who wait for something to happen in a queue. */
export class Bell {
  readonly #sleepers = new Map<string, Set<AbortController>>();
  #rings = 0;

  /** Counts what was rung so far, for whatever queue: whoever looks afterwards misses no ring. */
  get rings(): number {
    return this.#rings;
  }

  ring(queue: string): void {
    this.#rings += 1;
    for (const sleeper of this.#sleepers.get(queue) ?? []) sleeper.abort();
  }

  ringAll(): void {
    for (const queue of this.#sleepers.keys()) this.ring(queue);
    this.#rings += 1;
  }

  /** Resolves at the next ring, at once if there was one, or when the time is over. @throws the signal's reason. */
  async rest(queue: string, { heard, delayMs, clock, signal }: Rest): Promise<void> {
    signal.throwIfAborted();
    if (heard !== this.#rings) return;
    const sleeper = new AbortController();
    const wake = (): void => sleeper.abort();
    this.#sleepersOf(queue).add(sleeper);
    signal.addEventListener("abort", wake);
    try {
      await clock.delay(delayMs, { signal: sleeper.signal });
    } catch (error) {
      if (!sleeper.signal.aborted) throw error;
    } finally {
      signal.removeEventListener("abort", wake);
      this.#sleepersOf(queue).delete(sleeper);
    }
    signal.throwIfAborted();
  }

  #sleepersOf(queue: string): Set<AbortController> {
    const sleepers = this.#sleepers.get(queue) ?? new Set();
    this.#sleepers.set(queue, sleepers);
    return sleepers;
  }
}
