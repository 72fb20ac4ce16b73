/**
 * XXH64 with seed 0, of which zstd keeps the low four bytes behind a frame (RFC 8878 section 3.1.1).
 *
 * Stripes of 32 bytes feed four lanes of 64 bits. A lane is two halves of 32 bits here, because BigInt
 * would be some hundred times slower; only the last few steps use it.
 */

const STRIPE_BYTES = 32;
const LANES = 4;

const PRIME_1 = 0x9e3779b185ebca87n;
const PRIME_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME_3 = 0x165667b19e3779f9n;
const PRIME_4 = 0x85ebca77c2b2ae63n;
const PRIME_5 = 0x27d4eb2f165667c5n;
const PRIME_1_HIGH = 0x9e3779b1 | 0;
const PRIME_1_LOW = 0x85ebca87 | 0;
const PRIME_2_HIGH = 0xc2b2ae3d | 0;
const PRIME_2_LOW = 0x27d4eb4f;

/** Hashes bytes however they are cut. */
export class Xxh64 {
  /** Two for each lane: the high half, the low half. */
  readonly #lanes = new Int32Array(2 * LANES);
  readonly #stripe = new Uint8Array(STRIPE_BYTES);
  readonly #stripeView = new DataView(this.#stripe.buffer);
  #inStripe = 0;
  /** Up to 2^53. */
  #total = 0;

  constructor() {
    this.reset();
  }

  /** Begins anew. */
  reset(): void {
    [PRIME_1 + PRIME_2, PRIME_2, 0n, -PRIME_1].forEach((start, lane) => {
      this.#lanes[2 * lane] = Number(BigInt.asIntN(32, start >> 32n));
      this.#lanes[2 * lane + 1] = Number(BigInt.asIntN(32, start));
    });
    this.#inStripe = 0;
    this.#total = 0;
  }

  /** Takes the bytes from index `from` up to `to`. */
  update(bytes: Uint8Array, from = 0, to = bytes.length): void {
    this.#total += to - from;
    const begun = this.#inStripe > 0 ? this.#fillStripe(bytes, from, to) : from;
    const whole = begun + Math.floor((to - begun) / STRIPE_BYTES) * STRIPE_BYTES;
    if (whole > begun) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#takeStripes(view, begun, whole);
    }
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
      this.#takeStripes(this.#stripeView, 0, STRIPE_BYTES);
      this.#inStripe = 0;
    }
    return end;
  }

  #takeStripes(view: DataView, from: number, to: number): void {
    for (let lane = 0; lane < LANES; lane++) {
      const two = this.#lanes.subarray(2 * lane, 2 * lane + 2);
      takeLane(two, view, { from: from + 8 * lane, to });
    }
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
    const lanes = Array.from({ length: LANES }, (_, lane) => {
      const high = BigInt.asUintN(32, BigInt(this.#lanes[2 * lane] ?? 0));
      return (high << 32n) | BigInt.asUintN(32, BigInt(this.#lanes[2 * lane + 1] ?? 0));
    });
    const turns = [1n, 7n, 12n, 18n];
    const sum = lanes.reduce((all, lane, index) => all + rotate(lane, turns[index] ?? 0n), 0n);
    return lanes.reduce(
      (hash, lane) => wrap((hash ^ scramble(0n, lane)) * PRIME_1 + PRIME_4),
      wrap(sum),
    );
  }
}

/** One lane over all stripes: add the word times one prime, turn by 31 bits, multiply by another. */
function takeLane(
  lane: Int32Array,
  view: DataView,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  let high = lane[0] ?? 0;
  let low = lane[1] ?? 0;
  for (let at = from; at < to; at += STRIPE_BYTES) {
    const wordLow = view.getInt32(at, true);
    const wordHigh = view.getInt32(at + 4, true);
    const addLow = Math.imul(wordLow, PRIME_2_LOW);
    const addHigh =
      multiplyHigh(wordLow, PRIME_2_LOW) +
      Math.imul(wordLow, PRIME_2_HIGH) +
      Math.imul(wordHigh, PRIME_2_LOW);
    const sumLow = (low + addLow) | 0;
    const carry = sumLow >>> 0 < addLow >>> 0 ? 1 : 0;
    const sumHigh = (high + addHigh + carry) | 0;
    const turnedHigh = (sumHigh << 31) | (sumLow >>> 1);
    const turnedLow = (sumLow << 31) | (sumHigh >>> 1);
    low = Math.imul(turnedLow, PRIME_1_LOW);
    high =
      (multiplyHigh(turnedLow, PRIME_1_LOW) +
        Math.imul(turnedLow, PRIME_1_HIGH) +
        Math.imul(turnedHigh, PRIME_1_LOW)) |
      0;
  }
  lane[0] = high;
  lane[1] = low;
}

/** The high 32 bits of the product of two unsigned numbers of 32 bits. */
function multiplyHigh(left: number, right: number): number {
  const leftLow = left & 0xffff;
  const leftHigh = left >>> 16;
  const rightLow = right & 0xffff;
  const rightHigh = right >>> 16;
  const first = (Math.imul(leftHigh, rightLow) + (Math.imul(leftLow, rightLow) >>> 16)) >>> 0;
  const second = (Math.imul(leftLow, rightHigh) + (first & 0xffff)) >>> 0;
  return (Math.imul(leftHigh, rightHigh) + (first >>> 16) + (second >>> 16)) | 0;
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
