import { describe, expect, it } from "vitest";
import { HeapLengths } from "../../../src/recompress/gzip/huffman/heap-lengths.ts";
import { MergeLengths } from "../../../src/recompress/gzip/huffman/merge-lengths.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

function build(counts: readonly number[], longest = 15): number[] {
  const lengths = new Uint8Array(counts.length).fill(99);
  const request = { counts: Uint32Array.from(counts), symbols: counts.length, longest, lengths };
  new MergeLengths().build(request);
  return [...lengths];
}

function bitsOf(counts: readonly number[], lengths: readonly number[]): number {
  return counts.reduce((sum, count, symbol) => sum + count * (lengths[symbol] ?? 0), 0);
}

/** Fewest bits that any code within the limit takes: tries every set of lengths for sorted counts. */
function fewestBits(counts: readonly number[], longest: number): number {
  const used = counts.filter((count) => count > 0).toSorted((one, other) => other - one);
  const fewest = (index: number, least: number, room: number): number => {
    const count = used[index];
    if (count === undefined) return room < 0 ? Infinity : 0;
    let best = Infinity;
    for (let length = least; length <= longest && room >= 0; length++) {
      const rest = fewest(index + 1, length, room - 2 ** (longest - length));
      best = Math.min(best, count * length + rest);
    }
    return best;
  };
  return fewest(0, 1, 2 ** longest);
}

describe("MergeLengths", () => {
  it("gives one and two symbols one bit, and unused ones none", () => {
    expect(build([0, 0, 0])).toEqual([0, 0, 0]);
    expect(build([0, 5, 0])).toEqual([0, 1, 0]);
    expect(build([7, 0, 5])).toEqual([1, 0, 1]);
  });

  it("takes a package before a symbol of the same weight", () => {
    // Two bits for each would take 12 bits as well; with the package first, one symbol gets one bit.
    expect(build([1, 1, 2, 2])).toEqual([3, 3, 2, 1]);
    expect(build([3, 1, 1, 1])).toEqual([1, 3, 3, 2]);
  });

  it("finds the best code within the limit", () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 150; round++) {
      const counts = Array.from({ length: random.between(3, 7) }, () => random.lowBelow(300));
      const longest = random.between(3, 5);
      const lengths = build(counts, longest);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(longest);
      if (counts.filter((count) => count > 0).length < 3) continue;
      expect(bitsOf(counts, lengths)).toBe(fewestBits(counts, longest));
    }
  });

  it("takes as many bits as the heap's code where neither meets the limit", () => {
    const random = new SeededRandom(6);
    for (let round = 0; round < 50; round++) {
      const counts = Array.from({ length: 286 }, () => 50 + random.below(1000));
      const heap = new Uint8Array(286);
      const request = {
        counts: Uint32Array.from(counts),
        symbols: 286,
        longest: 15,
        lengths: heap,
      };
      new HeapLengths().build(request);
      expect(bitsOf(counts, build(counts))).toBe(bitsOf(counts, [...heap]));
    }
  });
});
