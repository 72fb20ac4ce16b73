/**
 * XXH64 with seed 0, of which zstd keeps the low four bytes behind a frame (RFC 8878 section 3.1.1).
 *
 * Stripes of 32 bytes feed four lanes of 64 bits. Only the last few steps, from the lanes to the hash, are
 * taken here.
 */
import { SplitLanes, STRIPE_BYTES, type StripeTaker } from "./xxh64-lanes.ts";
import { createCompiledLanes } from "./xxh64-twin.ts";

const PRIME_1 = 0x9e3779b185ebca87n;
const PRIME_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME_3 = 0x165667b19e3779f9n;
const PRIME_4 = 0x85ebca77c2b2ae63n;
const PRIME_5 = 0x27d4eb2f165667c5n;

/** Hashes bytes however they are cut. */
export class Xxh64 {
  readonly #lanes: StripeTaker;
  readonly #stripe = new Uint8Array(STRIPE_BYTES);
  readonly #stripeView = new DataView(this.#stripe.buffer);
  #inStripe = 0;
  /** Up to 2^53. */
  #total = 0;

  /** @param lanes compiled ones by default, where there is WebAssembly */
  constructor(lanes: StripeTaker = createCompiledLanes() ?? new SplitLanes()) {
    this.#lanes = lanes;
    this.reset();
  }

  /** Begins anew. */
  reset(): void {
    this.#lanes.set([wrap(PRIME_1 + PRIME_2), PRIME_2, 0n, wrap(-PRIME_1)]);
    this.#inStripe = 0;
    this.#total = 0;
  }

  /** Takes the bytes from index `from` up to `to`. */
  update(bytes: Uint8Array, from = 0, to = bytes.length): void {
    this.#total += to - from;
    const begun = this.#inStripe > 0 ? this.#fillStripe(bytes, from, to) : from;
    const whole = begun + Math.floor((to - begun) / STRIPE_BYTES) * STRIPE_BYTES;
    if (whole > begun) this.#lanes.take(bytes.subarray(begun, whole));
    if (to > whole) this.#fillStripe(bytes, whole, to);
  }

  /** @returns the low four bytes of the hash of all so far, as a zstd frame has them. */
  lowBytes(): Uint8Array {
    const low = Number(BigInt.asUintN(32, this.#digest()));
    return Uint8Array.of(low, low >>> 8, low >>> 16, low >>> 24);
  }

  /** @returns the index after the last byte taken. */
  #fillStripe(bytes: Uint8Array, from: number, to: number): number {
    const end = Math.min(to, from + STRIPE_BYTES - this.#inStripe);
    this.#stripe.set(bytes.subarray(from, end), this.#inStripe);
    this.#inStripe += end - from;
    if (this.#inStripe === STRIPE_BYTES) {
      this.#lanes.take(this.#stripe);
      this.#inStripe = 0;
    }
    return end;
  }

  #digest(): bigint {
    let hash = this.#total < STRIPE_BYTES ? PRIME_5 : this.#mergedLanes();
    hash = wrap(hash + BigInt(this.#total));
    let at = 0;
    for (; at + 8 <= this.#inStripe; at += 8) {
      hash ^= scramble(0n, this.#stripeView.getBigUint64(at, true));
      hash = wrap(rotate(hash, 27n) * PRIME_1 + PRIME_4);
    }
    if (at + 4 <= this.#inStripe) {
      hash ^= wrap(BigInt(this.#stripeView.getUint32(at, true)) * PRIME_1);
      hash = wrap(rotate(hash, 23n) * PRIME_2 + PRIME_3);
      at += 4;
    }
    for (; at < this.#inStripe; at++) {
      hash ^= wrap(BigInt(this.#stripeView.getUint8(at)) * PRIME_5);
      hash = wrap(rotate(hash, 11n) * PRIME_1);
    }
    return avalanche(hash);
  }

  #mergedLanes(): bigint {
    const lanes = this.#lanes.values;
    const turns = [1n, 7n, 12n, 18n];
    const sum = lanes.reduce((all, lane, index) => all + rotate(lane, turns[index] ?? 0n), 0n);
    return lanes.reduce(
      (hash, lane) => wrap((hash ^ scramble(0n, lane)) * PRIME_1 + PRIME_4),
      wrap(sum),
    );
  }
}

function scramble(lane: bigint, word: bigint): bigint {
  return wrap(rotate(wrap(lane + word * PRIME_2), 31n) * PRIME_1);
}

function avalanche(hash: bigint): bigint {
  const first = wrap((hash ^ (hash >> 33n)) * PRIME_2);
  const second = wrap((first ^ (first >> 29n)) * PRIME_3);
  return second ^ (second >> 32n);
}

function rotate(value: bigint, by: bigint): bigint {
  return wrap(value << by) | (value >> (64n - by));
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
