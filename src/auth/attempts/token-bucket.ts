/** Pure rules of how many failures are too many, and for how long. */
export interface BucketRate {
  /** Failures that are free at first; at least 1. */
  readonly capacity: number;
  /** How many are forgiven in a minute. */
  readonly perMinute: number;
  /** Each time that the bucket runs dry, forgiving takes twice as long, up to so many times. 0: never. */
  readonly maxDoublings: number;
}

const MINUTE_MS = 60_000;
/** So that after exactly the time that somebody was told to wait nothing is missing. */
const ROUNDING = 1e-6;

/** Failures of one client. It is full when it is made; a full one need not be kept. */
export class TokenBucket {
  readonly #rate: BucketRate;
  #tokens: number;
  #doublings = 0;
  #countedAtMs: number;

  constructor(rate: BucketRate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.capacity;
    this.#countedAtMs = nowMs;
  }

  /** How many may fail now; a whole number. */
  freeAt(nowMs: number): number {
    this.#refill(nowMs);
    return Math.floor(this.#tokens + ROUNDING);
  }

  /** Until one may fail; 0 when it may now. */
  waitMs(nowMs: number): number {
    return this.freeAt(nowMs) >= 1 ? 0 : (1 - this.#tokens) / this.#tokensPerMs();
  }

  /** Below nothing it does not go: those that were under way together fail together. */
  fail(nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens = Math.max(0, this.#tokens - 1);
    if (this.freeAt(nowMs) >= 1) return;
    this.#doublings = Math.min(this.#doublings + 1, this.#rate.maxDoublings);
  }

  #refill(nowMs: number): void {
    const { capacity } = this.#rate;
    const tokens = this.#tokens + (nowMs - this.#countedAtMs) * this.#tokensPerMs();
    this.#countedAtMs = nowMs;
    this.#tokens = Math.min(capacity, tokens);
    if (this.#tokens === capacity) this.#doublings = 0;
  }

  #tokensPerMs(): number {
    return this.#rate.perMinute / MINUTE_MS / 2 ** this.#doublings;
  }
}
