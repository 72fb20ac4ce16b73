/** How often somebody may try a password. */
import { BoundedMap } from "../lib/bounded-map.ts";
import type { Clock } from "../lib/clock.ts";
import { networkOf } from "../lib/network-of-address.ts";
import { CheckLine } from "./check-line.ts";
import { TooManyAttempts } from "./errors.ts";
import { type BucketRate, TokenBucket } from "./token-bucket.ts";

export interface AttemptLimiterOptions {
  /** Wrong passwords in a minute from one address; at least 1. */
  readonly perAddress: number;
  /** From one address for one account; at least 1. */
  readonly perAccount: number;
  readonly clock: Clock;
}

/** Who tries. */
export interface Attempt {
  /** Without a port. The addresses of an IPv6 /64 count as one. */
  readonly address: string;
  /** The name that is given, whether there is such an account or not. */
  readonly account: string;
}

const TRUSTED_FOR_MS = 24 * 60 * 60_000;
/** Of each kind. One entry is made for each failure, and checks are slow. */
const MAX_ENTRIES = 10_000;
const MAX_DOUBLINGS = 5;
/** The account's own bucket, over all addresses, holds so many times `perAccount`, and fills up as many times slower. */
const ALL_ADDRESSES = 5;

/**
 * Counts failures only, in three kinds of buckets: by address, by account and address, and by account over all
 * addresses. From where an account logged in within the last day, only the second kind counts: what others do at
 * the same address, or to the same account from elsewhere, shuts nobody out who is known there.
 */
export class AttemptLimiter {
  readonly #clock: Clock;
  readonly #addresses: Buckets;
  readonly #pairs: Buckets;
  readonly #accounts: Buckets;
  readonly #succeededAtMs = new BoundedMap<string, number>(MAX_ENTRIES);
  readonly #lines = new Map<string, CheckLine>();

  constructor({ perAddress, perAccount, clock }: AttemptLimiterOptions) {
    this.#clock = clock;
    this.#addresses = new Buckets(byMinute(perAddress));
    this.#pairs = new Buckets(byMinute(perAccount));
    this.#accounts = new Buckets({
      capacity: perAccount * ALL_ADDRESSES,
      perMinute: perAccount / ALL_ADDRESSES,
      maxDoublings: 0,
    });
  }

  /**
   * Runs the check, unless there were too many wrong ones. Few run at a time for one address, and never more than
   * may still fail; others wait for them.
   * @param check finds `undefined` when what was shown is wrong. When it throws nothing is counted.
   * @throws {TooManyAttempts} without calling `check`.
   */
  async run<Result>(
    attempt: Attempt,
    check: () => Promise<Result | undefined>,
  ): Promise<Result | undefined> {
    const keys = keysOf(attempt);
    const lineKey = this.#isTrusted(keys) ? keys.pair : keys.address;
    const line = this.#lines.get(lineKey) ?? new CheckLine();
    this.#lines.set(lineKey, line);
    try {
      using turn = await line.take(() => this.#free(keys));
      void turn;
      const result = await check();
      if (result === undefined) this.#fail(keys);
      else this.#succeed(keys);
      return result;
    } finally {
      if (line.isEmpty) this.#lines.delete(lineKey);
    }
  }

  /** @throws {TooManyAttempts} when it would be none. */
  #free(keys: Keys): number {
    const nowMs = this.#clock.monotonicMs();
    const counted = this.#bucketsFor(keys).flatMap(([buckets, key]) => buckets.get(key) ?? []);
    const waitMs = Math.max(0, ...counted.map((bucket) => bucket.waitMs(nowMs)));
    if (waitMs > 0) throw new TooManyAttempts(Math.max(1, Math.ceil(waitMs / 1000)));
    return Math.min(...counted.map((bucket) => bucket.freeAt(nowMs)), this.#leastCapacity(keys));
  }

  #leastCapacity(keys: Keys): number {
    return Math.min(...this.#bucketsFor(keys).map(([{ rate }]) => rate.capacity));
  }

  #fail(keys: Keys): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [buckets, key] of this.#bucketsFor(keys)) buckets.fail(key, nowMs);
  }

  #succeed({ pair }: Keys): void {
    this.#succeededAtMs.set(pair, this.#clock.monotonicMs());
    this.#pairs.delete(pair);
  }

  #bucketsFor(keys: Keys): readonly (readonly [Buckets, string])[] {
    const own = [this.#pairs, keys.pair] as const;
    if (this.#isTrusted(keys)) return [own];
    return [own, [this.#addresses, keys.address], [this.#accounts, keys.account]];
  }

  #isTrusted({ pair }: Keys): boolean {
    const atMs = this.#succeededAtMs.get(pair);
    return atMs !== undefined && this.#clock.monotonicMs() - atMs < TRUSTED_FOR_MS;
  }
}

interface Keys extends Attempt {
  /** Account and address together. */
  readonly pair: string;
}

function keysOf({ address, account }: Attempt): Keys {
  const network = networkOf(address);
  return { address: network, account, pair: `${network}\0${account}` };
}

function byMinute(count: number): BucketRate {
  return { capacity: count, perMinute: count, maxDoublings: MAX_DOUBLINGS };
}

/** Only those that something failed for lately are kept. */
class Buckets {
  readonly rate: BucketRate;
  readonly #buckets = new BoundedMap<string, TokenBucket>(MAX_ENTRIES);

  constructor(rate: BucketRate) {
    this.rate = rate;
  }

  get(key: string): TokenBucket | undefined {
    return this.#buckets.get(key);
  }

  fail(key: string, nowMs: number): void {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.rate, nowMs);
    bucket.fail(nowMs);
    this.#buckets.set(key, bucket);
  }

  delete(key: string): void {
    this.#buckets.delete(key);
  }
}
