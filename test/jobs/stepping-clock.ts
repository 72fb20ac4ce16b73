import type { Clock } from "../../src/lib/clock.ts";
import { FakeClock } from "../fakes/fake-clock.ts";

/** A fake clock whose date can be set apart from its monotonic time. */
export class SteppingClock implements Clock {
  readonly #time = new FakeClock();
  #offsetMs = 0;

  now(): Date {
    return new Date(this.#time.now().getTime() + this.#offsetMs);
  }

  monotonicMs(): number {
    return this.#time.monotonicMs();
  }

  delay(delayMs: number, options: { readonly signal: AbortSignal }): Promise<void> {
    return this.#time.delay(delayMs, options);
  }

  /** Moves the date alone, as an operator or a time server does. */
  stepDate(ms: number): void {
    this.#offsetMs += ms;
  }

  advance(ms: number): Promise<void> {
    return this.#time.advance(ms);
  }

  someoneWaits(delayMs: number): Promise<void> {
    return this.#time.someoneWaits(delayMs);
  }
}
