/** An {@link AttemptLimiter} with a clock of its own, and what comes of attempts. */
import { AttemptLimiter } from "../../src/auth/attempts/attempts.ts";
import { TooManyAttempts } from "../../src/auth/errors.ts";
import { FakeClock } from "../fakes/fake-clock.ts";

/** Where attempts come from that name no other place. */
export const HOME = "192.0.2.1";

interface Limits {
  readonly perAddress?: number;
  readonly perAccount?: number;
}

/** What an attempt came to: wrong, right, or for how many seconds it was put off. */
export type Outcome = "wrong" | "right" | number;

export class Lab {
  readonly clock = new FakeClock();
  readonly limiter: AttemptLimiter;
  calls = 0;

  constructor({ perAddress = 30, perAccount = 10 }: Limits = {}) {
    this.limiter = new AttemptLimiter({ perAddress, perAccount, clock: this.clock });
  }

  async try(account: string, { address = HOME, isRight = false } = {}): Promise<Outcome> {
    try {
      const found = await this.limiter.run({ address, account }, () => {
        this.calls += 1;
        return Promise.resolve(isRight ? account : undefined);
      });
      return found === undefined ? "wrong" : "right";
    } catch (error) {
      if (error instanceof TooManyAttempts) return error.retryAfterSeconds;
      throw error;
    }
  }

  /** Wrong ones from many addresses, until few of one are let through. */
  async dry(account: string, network = "192.0.0"): Promise<void> {
    for (let count = 0; count < 60; count += 1) {
      await this.try(account, { address: `${network}.${count}` });
    }
  }

  /** Counts something that came from there. @returns 0, or for how many seconds that is put off. */
  miss(address = HOME): number {
    try {
      this.limiter.miss(address);
      return 0;
    } catch (error) {
      if (error instanceof TooManyAttempts) return error.retryAfterSeconds;
      throw error;
    }
  }

  /** Wrong ones one after the other until one is put off. @returns how many were let through. */
  async exhaust(account: string, address = HOME): Promise<number> {
    for (let count = 0; ; count += 1) {
      if ((await this.try(account, { address })) !== "wrong") return count;
    }
  }
}
