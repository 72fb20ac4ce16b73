/**
 * The four lanes of XXH64: what its time goes into.
 *
 * A lane of 64 bits is two halves of 32 bits here, because BigInt would be some hundred times slower.
 */

export const STRIPE_BYTES = 32;
export const LANES = 4;
const LANE_BYTES = 8;

const PRIME_1_HIGH = 0x9e3779b1 | 0;
const PRIME_1_LOW = 0x85ebca87 | 0;
const PRIME_2_HIGH = 0xc2b2ae3d | 0;
const PRIME_2_LOW = 0x27d4eb4f;

/** Takes stripes of 32 bytes, eight for each lane. */
export interface StripeTaker {
  /** By lane, from 0 up to 2^64. */
  readonly values: readonly bigint[];
  set(values: readonly bigint[]): void;
  /** @param stripes whole ones */
  take(stripes: Uint8Array): void;
}

/** The lanes without WebAssembly. */
export class SplitLanes implements StripeTaker {
  /** Two for each lane: the high half, the low half. */
  readonly #halves = new Int32Array(2 * LANES);

  get values(): readonly bigint[] {
    return Array.from({ length: LANES }, (_, lane) => {
      const high = BigInt.asUintN(32, BigInt(this.#halves[2 * lane] ?? 0));
      return (high << 32n) | BigInt.asUintN(32, BigInt(this.#halves[2 * lane + 1] ?? 0));
    });
  }

  set(values: readonly bigint[]): void {
    for (const [lane, value] of values.entries()) {
      this.#halves[2 * lane] = Number(BigInt.asIntN(32, value >> 32n));
      this.#halves[2 * lane + 1] = Number(BigInt.asIntN(32, value));
    }
  }

  take(stripes: Uint8Array): void {
    const view = new DataView(stripes.buffer, stripes.byteOffset, stripes.byteLength);
    for (let lane = 0; lane < LANES; lane++) {
      takeLane(this.#halves.subarray(2 * lane, 2 * lane + 2), view, LANE_BYTES * lane);
    }
  }
}

/** One lane over all stripes: add the word times one prime, turn by 31 bits, multiply by another. */
function takeLane(lane: Int32Array, view: DataView, from: number): void {
  let high = lane[0] ?? 0;
  let low = lane[1] ?? 0;
  for (let at = from; at < view.byteLength; at += STRIPE_BYTES) {
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
