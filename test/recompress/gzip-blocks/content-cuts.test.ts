import { describe, expect, it } from "vitest";
import { ContentCuts } from "../../../src/recompress/gzip/blocks/content-cuts.ts";
import { PlainQueue } from "../../../src/recompress/gzip/blocks/plain-queue.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

/** Every place at which 4096 divides the sum of the 4096 bytes up to it. */
function duePlaces(bytes: Uint8Array): readonly number[] {
  return Array.from({ length: bytes.length }, (_, at) => at).filter((at) => {
    const summed = bytes.subarray(Math.max(at - 4095, 0), at + 1);
    return at >= 4096 && summed.reduce((sum, byte) => sum + byte, 0) % 4096 === 0;
  });
}

function noise(seed: number, sizeBytes: number): Uint8Array {
  const random = new SeededRandom(seed);
  return Uint8Array.from({ length: sizeBytes }, () => random.below(256));
}

/** The first places from each of the blocks' starts on, found while bytes come in pieces. */
function found(bytes: Uint8Array, starts: readonly number[], pieceBytes: () => number) {
  const queue = new PlainQueue();
  const cuts = new ContentCuts(queue);
  const places: (number | undefined)[] = [];
  queue.clear();
  for (const start of starts) {
    while (queue.endPosition < start) {
      queue.append(bytes.subarray(queue.endPosition, queue.endPosition + pieceBytes()));
    }
    queue.shift(start - queue.position);
    cuts.begin();
    let place = cuts.search();
    while (place === undefined && queue.endPosition < bytes.length) {
      queue.append(bytes.subarray(queue.endPosition, queue.endPosition + pieceBytes()));
      place = cuts.search();
    }
    places.push(place);
  }
  return places;
}

describe("ContentCuts", () => {
  const bytes = noise(11, 60_000);
  const due = duePlaces(bytes);

  it("finds the first byte from a block's start on whose sum can be divided, however bytes come", () => {
    const starts = [0, 1, 4095, 4096, 4097, 9000, ...due, ...due.map((place) => place + 1)];
    const sorted = starts.toSorted((one, other) => one - other);
    const expected = sorted.map((start) => due.find((place) => place >= start));
    expect(due.length).toBeGreaterThan(8);
    const random = new SeededRandom(5);
    expect(found(bytes, sorted, () => 1 + random.below(7000))).toEqual(expected);
    expect(found(bytes, sorted, () => bytes.length)).toEqual(expected);
  });

  it("has nothing due in the first 4096 bytes, and all the time in zeros after them", () => {
    const zeros = new Uint8Array(5000);
    expect(found(zeros, [0, 4096, 4097, 4999], () => 100)).toEqual([4096, 4096, 4097, 4999]);
  });

  it("needs to know what came before the block", () => {
    const queue = new PlainQueue();
    const cuts = new ContentCuts(queue);
    queue.clear(10_000);
    expect(() => cuts.begin()).toThrow(RecipeError);
    queue.clear(10_000);
    queue.append(bytes.subarray(10_000, 14_095));
    queue.shift(4095);
    expect(() => cuts.begin()).toThrow(RecipeError);
    queue.append(bytes.subarray(14_095));
    queue.shift(1);
    cuts.begin();
    expect(cuts.search()).toBe(due.find((place) => place >= 14_096));
  });
});
