/** The lanes of XXH64: the twin of xxh64-lanes.ts. A processor does in one step what takes TypeScript twenty. */

const STRIPE_BYTES: i32 = 32;
const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;

/** Four numbers of 64 bits. */
export const LANES: i32 = 1024;
/** Whole stripes. */
export const BYTES: i32 = 4096;
export const BYTES_SIZE: i32 = 131072;

/** Takes the first `size` bytes. Call it with no more than there is room for. */
export function take(size: i32): void {
  let first = load<u64>(LANES);
  let second = load<u64>(LANES + 8);
  let third = load<u64>(LANES + 16);
  let fourth = load<u64>(LANES + 24);
  for (let at = 0; at + STRIPE_BYTES <= size; at += STRIPE_BYTES) {
    first = step(first, load<u64>(at, BYTES));
    second = step(second, load<u64>(at, BYTES + 8));
    third = step(third, load<u64>(at, BYTES + 16));
    fourth = step(fourth, load<u64>(at, BYTES + 24));
  }
  store<u64>(LANES, first);
  store<u64>(LANES + 8, second);
  store<u64>(LANES + 16, third);
  store<u64>(LANES + 24, fourth);
}

// @ts-ignore: decorator
@inline function step(lane: u64, word: u64): u64 {
  return rotl<u64>(lane + word * PRIME_2, 31) * PRIME_1;
}
