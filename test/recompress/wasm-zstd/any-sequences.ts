import { CODE_KINDS } from "../../../src/recompress/zstd/codes.ts";
import {
  fseEncodingTable,
  type FseEncodingTable,
  fseSingleEncodingTable,
} from "../../../src/recompress/zstd/fse.ts";
import type { SeededRandom } from "../../fixtures/seeded-random.ts";
import type { Sequences } from "./coder-pair.ts";

const SHORTEST_MATCH = 3;
const ODD_NUMBERS = [-(2 ** 31), -1, 0, 1, 2, 131_071, 131_072, 131_074, 131_075, 2 ** 31 - 1];

/** Sequences of a block of so many bytes. */
export function sequencesFor(plainBytes: number, random: SeededRandom): Sequences {
  const numbers: number[] = [];
  const mostLiterals = random.pick([1, 8, 60, 3000]);
  let left = plainBytes;
  while (left > SHORTEST_MATCH && !random.oneIn(20_000)) {
    const literals = Math.min(random.lowBelow(mostLiterals), left - SHORTEST_MATCH);
    const most = Math.min(left - literals, SHORTEST_MATCH + random.lowBelow(200));
    const match = random.between(SHORTEST_MATCH, most);
    numbers.push(literals, match, anyOffset(random));
    left -= literals + match;
  }
  return { sequences: Int32Array.from(numbers), count: numbers.length / 3 };
}

/** Sequences that fit no block, all of their numbers with a code of their own. */
export function anySequences(count: number, random: SeededRandom): Sequences {
  const mostBits = random.between(1, 17);
  const sequences = Int32Array.from({ length: 3 * count }, (_, at) => {
    if (at % 3 === 2) return anyOffset(random);
    return random.below(2 ** random.between(0, mostBits)) + (at % 3 === 1 ? SHORTEST_MATCH : 0);
  });
  return { sequences, count };
}

/** The same with one number changed. */
export function spoiled({ sequences, count }: Sequences, random: SeededRandom): Sequences {
  const changed = sequences.slice();
  changed[random.below(changed.length)] = random.pick(ODD_NUMBERS);
  return { sequences: changed, count };
}

/** A table for codes of a kind, each of those that `counts` has, or all but one of them. */
export function anyTable(
  kind: 0 | 1 | 2,
  counts: Int32Array,
  random: SeededRandom,
): FseEncodingTable {
  const { defaultNorm, defaultLog, largestLog } = CODE_KINDS[kind];
  if (random.oneIn(12)) return fseEncodingTable(defaultNorm, defaultLog);
  const codes = [...counts.keys()].filter((code) => (counts[code] ?? 0) > 0);
  if (random.oneIn(25)) codes.splice(random.below(codes.length), 1);
  const [first = 0] = codes;
  if (codes.length < 2) return fseSingleEncodingTable(first);
  const leastLog = 32 - Math.clz32(codes.length);
  const log = random.between(Math.min(Math.max(leastLog, 5), largestLog), largestLog);
  return fseEncodingTable(anyNorm(codes, log, random), log);
}

/** Shares 2^log states out among the codes. */
function anyNorm(codes: readonly number[], log: number, random: SeededRandom): Int16Array {
  const norm = new Int16Array((codes.at(-1) ?? 0) + 1);
  let left = 2 ** log;
  for (const code of codes) norm[code] = 1;
  left -= codes.length;
  while (left > 0) {
    const code = random.pick(codes);
    const share = 1 + random.below(left);
    norm[code] = (norm[code] ?? 0) + share;
    left -= share;
  }
  return norm.map((share) => (share === 1 && random.oneIn(2) ? -1 : share));
}

function anyOffset(random: SeededRandom): number {
  return 1 + random.below(2 ** random.between(0, 30));
}
