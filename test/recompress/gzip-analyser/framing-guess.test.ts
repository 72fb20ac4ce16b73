import { describe, expect, test } from "vitest";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import { FramingGuess } from "../../../src/recompress/gzip/framing-guess.ts";

const KIB = 1024;

describe("FramingGuess", () => {
  test.for<[name: string, sizes: readonly number[], blockBytes: number | undefined]>([
    ["no block at all", [], undefined],
    ["no empty block", [100 * KIB, 100 * KIB], undefined],
    ["an empty block after each MiB", [1024 * KIB, 0, 90 * KIB], 1024 * KIB],
    ["blocks of several deflate blocks", [100 * KIB, 28 * KIB, 0, 128 * KIB, 0, 5], 128 * KIB],
    ["several empty blocks at a border", [128 * KIB, 0, 0, 0, 128 * KIB, 0, 1], 128 * KIB],
    ["a border without an empty block", [256 * KIB, 0, 128 * KIB, 0, 3], 128 * KIB],
    ["an empty block at the start", [0, 64 * KIB, 0, 5], 64 * KIB],
    ["an empty block at the very end", [128 * KIB, 0, 128 * KIB, 0, 77, 0], 128 * KIB],
    ["an empty block at the end alone", [100_000, 0], undefined],
    ["empty blocks anywhere", [100_001, 0, 50_003, 0, 5], undefined],
    ["an empty block after each KiB", [KIB, 0, KIB, 0, 5], undefined],
  ])("of %s", ([, sizes, blockBytes]) => {
    const guess = new FramingGuess();
    for (let round = 0; round < 2; round++) {
      guess.clear();
      tell(guess, sizes);
      expect(guess.framings()).toEqual(framings(blockBytes));
    }
  });

  test("of a final block that is empty", () => {
    const guess = new FramingGuess();
    tell(guess, [64 * KIB]);
    guess.blockStart({ kind: "fixed", isFinal: true });
    guess.blockEnd();
    expect(guess.framings()).toEqual(framings(undefined));
  });
});

function tell(guess: FramingGuess, sizes: readonly number[]): void {
  for (const size of sizes) {
    guess.blockStart({ kind: "fixed", isFinal: false });
    if (size > 0) guess.stretch(new Uint8Array(size));
    guess.blockEnd();
  }
}

function framings(blockBytes: number | undefined): Framing[] {
  if (blockBytes === undefined) return [{ kind: "none" }];
  return [
    { kind: "blocks", blockBytes, historyBytes: 16 * KIB },
    { kind: "blocks", blockBytes, historyBytes: 32 * KIB },
    { kind: "blocks", blockBytes, historyBytes: 0 },
    { kind: "none" },
  ];
}
