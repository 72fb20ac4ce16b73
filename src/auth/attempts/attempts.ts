/** How often somebody may try a password. */
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Clock } from "../../lib/clock.ts";
import { networkOf, siteOf } from "../../lib/network-of-address.ts";
import { CheckLine } from "./check-line.ts";
import { TooManyAttempts } from "../errors.ts";
import { type BucketRate, TokenBucket } from "./token-bucket.ts";

export interface AttemptLimiterOptions {
  /** Wrong passwords in a minute from one address, and as many that are no credentials at all; at least 1. */
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
/** While the account's own bucket is dry: one attempt of a network each half minute. */
const TRICKLE: BucketRate = { capacity: 1, perMinute: 2, maxDoublings: 0 };

/**
 * Counts failures only, in three kinds of buckets: by address, by account and address, and by account over all
 * addresses. From where an account logged in within the last day, only the second kind counts: what others do at
 * the same address, or to the same account from elsewhere, shuts nobody out who is known there.
 *
 * Nor is anybody shut out elsewhere: while the account's bucket over all addresses is dry, each network may still try once in
 * 30 seconds, or anybody could keep a user out wherever they are new. A botnet has that as well: two guesses a
 * minute at one account from each of its IPv4 addresses and IPv6 /48s, where it had ten before, and all of them
 * together as many as there is time to check. Only good passwords help against many.
 */
export class AttemptLimiter {
  readonly #clock: Clock;
  readonly #addresses: Buckets;
  readonly #pairs: Buckets;
  readonly #accounts: Buckets;
  readonly #trickles = new Buckets(TRICKLE);
  /** Apart from wrong passwords: these cost nothing to make, and must not make room among those. */
  readonly #misses: Buckets;
  readonly #succeededAtMs = new BoundedMap<string, number>(MAX_ENTRIES);
  readonly #lines = new Map<string, CheckLine>();

  constructor({ perAddress, perAccount, clock }: AttemptLimiterOptions) {
    this.#clock = clock;
    this.#addresses = new Buckets(byMinute(perAddress));
    this.#misses = new Buckets(byMinute(perAddress));
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
    const lineKey = this.#lineKey(keys);
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

  /**
   * Counts what came from an address and could not even be tried: credentials out of shape, a forged token. As
   * many as wrong passwords are let through, and whoever sends more may try no password there either.
   * @throws {TooManyAttempts} when there were too many before.
   */
  miss(address: string): void {
    const network = networkOf(address);
    const nowMs = this.#clock.monotonicMs();
    refuseUnlessFree(this.#misses.room(network, nowMs));
    this.#misses.fail(network, nowMs);
  }

  /** @throws {TooManyAttempts} when it would be none. */
  #free(keys: Keys): number {
    const room = least(this.#roomsFor(keys, this.#clock.monotonicMs()));
    refuseUnlessFree(room);
    return room.free;
  }

  #roomsFor({ pair, address, account, trickle }: Keys, nowMs: number): readonly Room[] {
    const own = this.#pairs.room(pair, nowMs);
    if (this.#isTrusted(pair)) return [own];
    const everywhere = this.#accounts.room(account, nowMs);
    return [
      own,
      this.#addresses.room(address, nowMs),
      this.#misses.room(address, nowMs),
      everywhere.free > 0 ? everywhere : this.#trickles.room(trickle, nowMs),
    ];
  }

  #fail({ pair, address, account, trickle }: Keys): void {
    const nowMs = this.#clock.monotonicMs();
    this.#pairs.fail(pair, nowMs);
    if (this.#isTrusted(pair)) return;
    this.#addresses.fail(address, nowMs);
    if (this.#isDry(account)) this.#trickles.fail(trickle, nowMs);
    else this.#accounts.fail(account, nowMs);
  }

  /** Who stands in one line. Those who share a trickle must see each other: its one attempt may fail but once. */
  #lineKey({ pair, address, account, trickle }: Keys): string {
    if (this.#isTrusted(pair)) return pair;
    return this.#isDry(account) ? trickle : address;
  }

  #isDry(account: string): boolean {
    return this.#accounts.room(account, this.#clock.monotonicMs()).free === 0;
  }

  #succeed({ pair }: Keys): void {
    this.#succeededAtMs.set(pair, this.#clock.monotonicMs());
    this.#pairs.delete(pair);
  }

  #isTrusted(pair: string): boolean {
    const atMs = this.#succeededAtMs.get(pair);
    return atMs !== undefined && this.#clock.monotonicMs() - atMs < TRUSTED_FOR_MS;
  }
}

interface Keys extends Attempt {
  /** Account and address together. */
  readonly pair: string;
  /** Account and site together. */
  readonly trickle: string;
}

function keysOf({ address, account }: Attempt): Keys {
  const network = networkOf(address);
  const site = siteOf(address);
  return {
    address: network,
    account,
    pair: `${network}\0${account}`,
    trickle: `${site}\0${account}`,
  };
}

function byMinute(count: number): BucketRate {
  return { capacity: count, perMinute: count, maxDoublings: MAX_DOUBLINGS };
}

interface Room {
  /** How many may fail now; a whole number. */
  readonly free: number;
  /** Until one may; 0 when it may now. */
  readonly waitMs: number;
}

function least(rooms: readonly Room[]): Room {
  return {
    free: Math.min(...rooms.map(({ free }) => free)),
    waitMs: Math.max(...rooms.map(({ waitMs }) => waitMs)),
  };
}

function refuseUnlessFree({ waitMs }: Room): void {
  if (waitMs > 0) throw new TooManyAttempts(Math.max(1, Math.ceil(waitMs / 1000)));
}

/** Only those that something failed for lately are kept. */
class Buckets {
  readonly #rate: BucketRate;
  readonly #buckets = new BoundedMap<string, TokenBucket>(MAX_ENTRIES);

  constructor(rate: BucketRate) {
    this.#rate = rate;
  }

  room(key: string, nowMs: number): Room {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return { free: this.#rate.capacity, waitMs: 0 };
    return { free: bucket.freeAt(nowMs), waitMs: bucket.waitMs(nowMs) };
  }

  fail(key: string, nowMs: number): void {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rate, nowMs);
    bucket.fail(nowMs);
    this.#buckets.set(key, bucket);
  }

  delete(key: string): void {
    this.#buckets.delete(key);
  }
}
