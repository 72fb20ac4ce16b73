import { describe, expect, it, test } from "vitest";
import { PlainWindow } from "../../../src/recompress/plain-window.ts";
import { CompiledFinder } from "../../../src/recompress/zstd/finders/compiled-finder.ts";
import { CompiledWindow } from "../../../src/recompress/zstd/finders/compiled-window.ts";
import { createFinder, createWindow } from "../../../src/recompress/zstd/finders/finder-table.ts";
import type { SequenceFinder } from "../../../src/recompress/zstd/sequence-finder.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { cutBlocks, mixedPlain } from "../zstd-finders/searched-plain.ts";
import { anyFixes, anyFollow } from "./any-guide.ts";
import { FinderPair, type Found } from "./finder-pair.ts";

const WINDOW_BYTES = 128 * 1024;
const REACH = { windowSize: WINDOW_BYTES };
const MODELS = [
  { speed: "default", revision: 0 },
  { speed: "fastest", revision: 0 },
  { speed: "better", revision: 0 },
  { speed: "better", revision: 1 },
  { speed: "better", revision: 2 },
  { speed: "better", revision: 3 },
  { speed: "best", revision: 0 },
  { speed: "best", revision: 1 },
  { speed: "best", revision: 2 },
  { speed: "best", revision: 3 },
  { speed: "best", revision: 4 },
  { speed: "best", revision: 5 },
  { speed: "best", revision: 6 },
] as const;

/** Of the bytes that the fast speeds are tried on. */
const SHARES = { fastest: 1, default: 1, better: 0.5, best: 0.2 } as const;

function expectSame([oracle, twin]: readonly Found[]): Found {
  expect(twin).toEqual(oracle);
  if (oracle === undefined) throw new Error("nothing was found");
  return oracle;
}

/** Where nearly every offset leads to the same four bytes sooner or later. */
function twoLetters(size: number): Uint8Array {
  const random = new SeededRandom(size);
  return Uint8Array.from({ length: size }, () => (random.oneIn(3) ? 97 : 98));
}

/** Pieces that were there about a window before. */
function echoes(size: number): Uint8Array {
  const random = new SeededRandom(size);
  const plain = Uint8Array.from({ length: size }, () => random.below(256));
  for (let at = WINDOW_BYTES + 9; at < size; at += random.between(1, 40)) {
    const from = at - WINDOW_BYTES + random.between(-2, 2);
    const length = Math.min(random.between(4, 30), size - at);
    plain.copyWithin(at, from, from + length);
    at += length;
  }
  return plain;
}

/** Blocks of all sizes: most are large, some have a few bytes. */
function cutAtRandom(plain: Uint8Array, random: SeededRandom): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < plain.length;) {
    const size = random.oneIn(3) ? 1 + random.lowBelow(131_072) : random.between(40_000, 131_072);
    blocks.push(plain.subarray(at, at + size));
    at += size;
  }
  return blocks;
}

describe.each(MODELS)("the twin of $speed $revision", (model) => {
  const share = SHARES[model.speed];
  const plains = [
    ["mixed bytes", mixedPlain(1_500_000 * share, 5)],
    ["a layer", plainLayer({ seed: 8, sizeBytes: 1_500_000 * share })],
    ["zeros", new Uint8Array(400_000 * share)],
    ["two letters", twoLetters(500_000 * share)],
    ["echoes", echoes(WINDOW_BYTES + 470_000 * share)],
  ] as const;

  it.each(plains)("chooses as its oracle in %s, with slides and frames between", (_, plain) => {
    const random = new SeededRandom(plain.length);
    const pair = new FinderPair(model, REACH);
    for (const block of cutAtRandom(plain, random)) {
      if (pair.spare > 0 && random.oneIn(3)) pair.slide(random.between(1, pair.spare));
      const isOnlyBlock = random.oneIn(5);
      if (isOnlyBlock || random.oneIn(6)) pair.beginFrame();
      expectSame(pair.find(block, { kind: "free" }, isOnlyBlock));
      if (isOnlyBlock) pair.beginFrame();
    }
  });

  it.each(plains)("notes what its oracle notes in %s, and replays it", (_, plain) => {
    const random = new SeededRandom(plain.length + 1);
    const chooser = new FinderPair(model, REACH);
    const follower = new FinderPair(model, REACH);
    const replayer = new FinderPair(model, REACH);
    for (const block of cutAtRandom(plain.subarray(0, 900_000 * share), random)) {
      const { sequences } = expectSame(chooser.find(block, { kind: "free" }));
      const guide = anyFollow({ sequences, blockBytes: block.length, random });
      const followed = expectSame(follower.find(block, guide));
      const replayed = replayer.find(block, { kind: "replay", fixes: followed.fixes });
      expect(expectSame(replayed).sequences).toEqual(followed.sequences);
    }
  });

  it("does with fixes of a damaged recipe what its oracle does", () => {
    const random = new SeededRandom(77);
    const blocks = cutBlocks(mixedPlain(300_000, 9), 6000);
    const refusals = new Set<string | undefined>();
    const pair = new FinderPair(model, REACH);
    for (let round = 0; round < 8 * share; round++) {
      for (const block of blocks) {
        const found = pair.find(block, { kind: "replay", fixes: anyFixes(block.length, random) });
        refusals.add(expectSame(found).refusal);
      }
    }
    expect(refusals.size).toBe(3);
  });

  it("loses patience with wrong proposals when its oracle does", () => {
    const block = new Uint8Array(3000);
    const pair = new FinderPair(model, REACH);
    for (let wrong = 1; wrong <= 24; wrong++) {
      const fixes = Array.from({ length: wrong }, (_, index) => [index, 1, 3, 4]).flat();
      pair.beginFrame();
      expectSame(pair.find(block, { kind: "replay", fixes }));
    }
  });

  it("begins each block with the offsets that its oracle begins with", () => {
    const pair = new FinderPair(model, REACH);
    for (const [index, block] of cutBlocks(twoLetters(60_000), 1000).entries()) {
      const fixes = [1, 1, 1, 1 + (index % 3)].flatMap((offset, at) => [at, 9, 3, offset]);
      pair.beginFrame();
      expectSame(pair.find(block, { kind: "replay", fixes }));
    }
  });

  it("searches the smallest blocks that its oracle searches", () => {
    const pair = new FinderPair(model, REACH);
    for (let size = 1; size < 24; size++) {
      expectSame(pair.find(new Uint8Array(size), { kind: "free" }, size % 2 === 0));
      pair.beginFrame();
    }
  });

  it("begins jobs as its oracle does", () => {
    const jobBytes = 256 * 1024;
    const plain = plainLayer({ seed: 4, sizeBytes: 600_000 + 900_000 * share });
    const pair = new FinderPair(model, { ...REACH, jobBytes });
    const random = new SeededRandom(4);
    for (const block of cutBlocks(plain, 65_536)) {
      if (pair.spare > 0 && random.oneIn(3)) pair.slide(random.between(1, pair.spare));
      expectSame(pair.find(block, { kind: "free" }));
    }
  });
});

/** One revision of each module. */
const LAST_REVISIONS = MODELS.filter(
  ({ speed, revision }) =>
    !MODELS.some((other) => other.speed === speed && other.revision > revision),
);

describe.each(LAST_REVISIONS)("the twin of $speed", (model) => {
  it("is in another's state exactly when its oracle is", () => {
    const plain = plainLayer({ seed: 21, sizeBytes: model.speed === "best" ? 600_000 : 3_000_000 });
    const answers = new Set<boolean>();
    const windows = [new PlainWindow(1_000_000), createWindow(model, 1_000_000)];
    const elders = windows.map((window) => createFinder(model, window, REACH));
    const juniors = windows.map((window) => createFinder(model, window, REACH));
    for (const [index, block] of cutBlocks(plain, 65_536).entries()) {
      for (const [side, window] of windows.entries()) {
        const finders = [elders[side], juniors[side]].flatMap((finder) => finder ?? []);
        if (window.free < block.length) slideAll(window, finders);
        window.append(block);
        for (const finder of index < 3 ? finders.slice(0, 1) : finders)
          findLast(finder, window, block);
      }
      const [expected, answer] = windows.map(({ end }, side) => {
        const junior = juniors[side];
        return junior && elders[side]?.isInStateOf(junior, Math.max(end - WINDOW_BYTES, 0));
      });
      expect(answer).toBe(expected);
      answers.add(answer === true);
    }
    expect(answers).toEqual(new Set([false, true]));
  });
});

function slideAll(window: PlainWindow, finders: readonly SequenceFinder[]): void {
  const by = window.end - WINDOW_BYTES;
  window.slide(by);
  for (const finder of finders) finder.slide(by);
}

function findLast(finder: SequenceFinder, window: PlainWindow, { length }: Uint8Array): void {
  const { end } = window;
  const span = { start: end - length, end, frameStart: -window.slid, isOnlyBlock: false };
  finder.find(span, { kind: "free" });
}

describe("a compiled window", () => {
  const model = MODELS[0];

  test("has room for three finders at a time, and others are not compiled", () => {
    const window = createWindow(model, 200_000);
    const finders = Array.from({ length: 4 }, () => createFinder(model, window, REACH));
    expect(finders.map((finder) => finder instanceof CompiledFinder)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    finders[1]?.release();
    finders[1]?.release();
    const others = Array.from({ length: 2 }, () => createFinder(model, window, REACH));
    expect(others.map((finder) => finder instanceof CompiledFinder)).toEqual([true, false]);
  });

  test("has no compiled finder for another speed", () => {
    const window = createWindow(model, 200_000);
    expect(createFinder(MODELS[1], window, REACH)).not.toBeInstanceOf(CompiledFinder);
  });

  test("gives a finder empty tables where another's have been", () => {
    const plain = mixedPlain(100_000, 3);
    const window = createWindow(model, 200_000);
    window.append(plain);
    const span = { start: 0, end: plain.length, frameStart: 0, isOnlyBlock: false };
    const firsts = Array.from({ length: 3 }, () => createFinder(model, window, REACH));
    const counts = firsts.map((finder) => {
      finder.find(span, { kind: "free" });
      finder.release();
      return finder.count;
    });
    const next = createFinder(model, window, REACH);
    next.find(span, { kind: "free" });
    expect(new Set([next.count, ...counts])).toEqual(new Set([counts[0]]));
  });

  test("is not made where it would be too large", () => {
    expect(createWindow(model, 2 ** 27)).not.toBeInstanceOf(CompiledWindow);
  });

  test.each([
    ["ends behind the window", { start: 0, end: 1001 }],
    ["begins before it", { start: -1, end: 900 }],
    ["ends before it begins", { start: 10, end: 9 }],
  ])("is not searched for a block that %s", (_, { start, end }) => {
    const window = createWindow(model, 200_000);
    window.append(new Uint8Array(1000));
    const finder = createFinder(model, window, REACH);
    const span = { start, end, frameStart: 0, isOnlyBlock: false };
    expect(() => finder.find(span, { kind: "free" })).toThrow(RangeError);
  });

  test("is not searched by a finder that was released", () => {
    const window = createWindow(model, 200_000);
    window.append(new Uint8Array(1000));
    const finder = createFinder(model, window, REACH);
    finder.release();
    const span = { start: 0, end: 1000, frameStart: 0, isOnlyBlock: false };
    expect(() => finder.find(span, { kind: "free" })).toThrow(RangeError);
  });
});
