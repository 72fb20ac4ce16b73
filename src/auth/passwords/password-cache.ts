/** Remembers for a short while which passwords were right, in a form that tells none of them. */
import { createHmac, randomBytes } from "node:crypto";
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Clock } from "../../lib/clock.ts";

const LIFETIME_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;
const MAX_ENTRIES = 10_000;

/** What was checked. */
export interface CheckedPassword {
  readonly name: string;
  readonly password: string;
  /** That the password was compared with. */
  readonly hash: string;
}

/** What is found stays found for a minute from the check on, however often it is asked for. */
export class PasswordCache {
  readonly #secret = randomBytes(32);
  readonly #clock: Clock;
  readonly #rightAtMs = new BoundedMap<string, number>(MAX_ENTRIES);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For the other methods, and to find the same check again. It tells nothing of the password. */
  keyOf({ name, password, hash }: CheckedPassword): string {
    const hmac = createHmac("sha256", this.#secret);
    // Neither name nor hash can hold the NUL that ends it.
    return hmac.update(`${name}\0${hash}\0${password}`).digest("base64");
  }

  /** Whether it needs no check now. */
  has(key: string): boolean {
    return this.#isYounger(key, LIFETIME_MS);
  }

  /** Whether it was right within a day: whoever brings it is no attacker, but it must be checked. */
  wasRight(key: string): boolean {
    return this.#isYounger(key, DAY_MS);
  }

  add(key: string): void {
    this.#rightAtMs.set(key, this.#clock.monotonicMs());
  }

  #isYounger(key: string, ageMs: number): boolean {
    const rightAtMs = this.#rightAtMs.get(key);
    return rightAtMs !== undefined && this.#clock.monotonicMs() - rightAtMs < ageMs;
  }
}
