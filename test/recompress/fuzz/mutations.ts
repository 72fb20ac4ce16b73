/** Ways to spoil bytes, from a single bit to whole parts in the wrong place. */
import type { SeededRandom } from "../../fixtures/seeded-random.ts";

const MOST_CHANGES = 4;
const LONGEST_PART_BYTES = 4096;

type Mutation = (bytes: Uint8Array, random: SeededRandom) => Uint8Array;

/** Values at which lengths and counts tend to go wrong. */
const NOTABLE_BYTES = [0, 1, 127, 128, 254, 255];

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length);
    const spoilt = bytes.slice();
    spoilt[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return spoilt;
  },
  function setByte(bytes, random) {
    const spoilt = bytes.slice();
    spoilt[random.below(bytes.length)] = random.oneIn(2)
      ? random.pick(NOTABLE_BYTES)
      : random.below(256);
    return spoilt;
  },
  function cutShort(bytes, random) {
    return bytes.slice(0, random.below(bytes.length));
  },
  function leaveOut(bytes, random) {
    const { from, to } = part(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  function repeat(bytes, random) {
    const { from, to } = part(bytes, random);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  function transplant(bytes, random) {
    const { from, to } = part(bytes, random);
    const spoilt = bytes.slice();
    spoilt.copyWithin(random.below(bytes.length), from, to);
    return spoilt;
  },
  function fill(bytes, random) {
    const { from, to } = part(bytes, random);
    return bytes.slice().fill(random.pick(NOTABLE_BYTES), from, to);
  },
  function append(bytes, random) {
    const { from, to } = part(bytes, random);
    return Buffer.concat([bytes, bytes.subarray(from, to)]);
  },
];

/** @param bytes at least one. @returns other bytes, most often: one to four changes one after another. */
export function mutate(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  // A buffer's own `slice` would not copy, and each trial would spoil the next one's sample.
  let spoilt: Uint8Array = new Uint8Array(bytes);
  for (let changes = random.between(1, MOST_CHANGES); changes > 0; changes--) {
    if (spoilt.length > 0) spoilt = random.pick(MUTATIONS)(spoilt, random);
  }
  return spoilt;
}

/** The beginning holds headers, so it is spoilt far more often than its size asks for. */
function part(bytes: Uint8Array, random: SeededRandom): { from: number; to: number } {
  const from = random.oneIn(2) ? random.below(bytes.length) : random.lowBelow(bytes.length);
  const longest = Math.min(bytes.length - from, LONGEST_PART_BYTES);
  return { from, to: from + random.between(1, Math.max(1, longest)) };
}
