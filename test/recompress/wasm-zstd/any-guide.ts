import type { Guide } from "../../../src/recompress/zstd/sequence-finder.ts";
import type { SeededRandom } from "../../fixtures/seeded-random.ts";

const ODD_NUMBERS = [
  -1,
  0,
  1,
  2,
  3,
  0.5,
  NaN,
  Infinity,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 32 + 5,
  2 ** 52,
];

/** What to change sequences by. */
export interface Change {
  readonly sequences: Int32Array;
  readonly blockBytes: number;
  readonly random: SeededRandom;
}

/** Sequences that a finder might follow: some near to those it would choose, some far from it. */
export function anyFollow(change: Change): Guide {
  const { random } = change;
  const sequences = random.oneIn(4) ? madeUp(change) : changed(change);
  return { kind: "follow", sequences, count: sequences.length / 3 };
}

/** Alters some sequences, and ends some blocks early. */
function changed({ sequences, random }: Change): Int32Array {
  const rarity = random.pick([5, 30, 300, 5000]);
  const numbers: number[] = [];
  let spare = 0;
  for (let at = 0; at < sequences.length && !random.oneIn(20 * rarity); at += 3) {
    const [literals = 0, length = 0, offset = 0] = sequences.subarray(at, at + 3);
    const sequence = [spare + literals, length, offset] as const;
    const altered = random.oneIn(rarity)
      ? alter(sequence, random)
      : { numbers: sequence, spare: 0 };
    numbers.push(...altered.numbers);
    spare = altered.spare;
  }
  return Int32Array.from(numbers);
}

/** What stands in a sequence's place, and how many of its last bytes are literals then. */
interface Altered {
  readonly numbers: readonly number[];
  readonly spare: number;
}

/** Drops, shortens or splits a match, or says its offset otherwise. */
function alter(sequence: readonly [number, number, number], random: SeededRandom): Altered {
  const [literals, length, offset] = sequence;
  const first = length > 6 ? random.between(3, length - 3) : 3;
  switch (random.pick(["drop", "shorten", "split", "point"] as const)) {
    case "drop":
      return { numbers: [], spare: literals + length };
    case "shorten":
      return { numbers: [literals, first, offset], spare: length - first };
    case "split":
      if (length <= 6) return { numbers: sequence, spare: 0 };
      return {
        numbers: [literals, first, offset, 0, length - first, random.between(1, 3)],
        spare: 0,
      };
    case "point":
      return { numbers: [literals, length, random.between(1, 90_000)], spare: 0 };
  }
}

function madeUp({ blockBytes, random }: Change): Int32Array {
  const numbers: number[] = [];
  let left = blockBytes;
  while (left > 3 && !random.oneIn(3000)) {
    const literals = random.oneIn(2) ? 0 : random.lowBelow(left - 2);
    const length = random.between(3, Math.min(left - literals, 3 + random.lowBelow(700)));
    numbers.push(literals, length, random.between(1, random.oneIn(2) ? 3 : 200_000));
    left -= literals + length;
  }
  return Int32Array.from(numbers);
}

/** Fixes as a damaged recipe may have them, for a block of so many bytes. */
export function anyFixes(blockBytes: number, random: SeededRandom): readonly number[] {
  const fixes: number[] = [];
  let index = 0;
  if (random.oneIn(3)) fixes.push(index++, ...almostAll(blockBytes, random));
  while (!random.oneIn(6)) {
    index += random.lowBelow(200);
    fixes.push(random.oneIn(30) ? random.pick(ODD_NUMBERS) : index, ...anySequence(random));
    index++;
  }
  if (random.oneIn(10)) fixes.length -= Math.min(fixes.length, random.between(1, 3));
  return fixes;
}

/** A sequence that goes up to a block's end, or by a byte beyond it. */
function almostAll(blockBytes: number, random: SeededRandom): readonly number[] {
  const literals = random.below(blockBytes - 3);
  return [literals, blockBytes - literals + random.between(-1, 1), random.between(1, 70_000)];
}

function anySequence(random: SeededRandom): readonly number[] {
  if (random.oneIn(20)) return [0, 0, 0];
  return [random.lowBelow(60), 3 + random.lowBelow(60), 1 + random.lowBelow(60_000)].map((usual) =>
    random.oneIn(15) ? random.pick(ODD_NUMBERS) : usual,
  );
}
