import { expect, test } from "vitest";
import { PlainWindow } from "../../../src/recompress/plain-window.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import type { FinderModel } from "../../../src/recompress/zstd/finders/finder-model.ts";
import { createFinder } from "../../../src/recompress/zstd/finders/finder-table.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { cutBlocks, FinderRun, type FoundBlock, mixedPlain } from "./searched-plain.ts";

const WINDOW_BYTES = 64 * 1024;
const MODELS: readonly FinderModel[] = [
  { speed: "fastest", revision: 0 },
  { speed: "default", revision: 0 },
  { speed: "better", revision: 0 },
  { speed: "better", revision: 3 },
  { speed: "best", revision: 1 },
  { speed: "best", revision: 6 },
];
const BLOCKS = cutBlocks(mixedPlain(200_000, 3), 40_000);

function run(model: FinderModel): FinderRun {
  return new FinderRun(WINDOW_BYTES, (window) =>
    createFinder(model, window, { windowSize: WINDOW_BYTES }),
  );
}

function follow({ sequences, count }: FoundBlock): { kind: "follow" } & FoundBlock {
  return { kind: "follow", sequences, count, fixes: [] };
}

/** Any way to cut a block into sequences, with offsets that a decoder would take. */
function anySequences(block: Uint8Array, before: number, random: SeededRandom): FoundBlock {
  const numbers: number[] = [];
  let at = random.lowBelow(block.length);
  let literals = at;
  while (at + 3 <= block.length && !random.oneIn(2000)) {
    const length = random.between(3, Math.min(block.length - at, 3 + random.lowBelow(3000)));
    const reach = Math.min(before + at, WINDOW_BYTES);
    const offset = random.oneIn(3)
      ? random.between(1, 3)
      : 3 + random.between(1, Math.max(reach, 1));
    numbers.push(literals, length, offset);
    literals = random.lowBelow(60);
    at += length + literals;
  }
  const sequences = Int32Array.from(numbers);
  return { sequences, count: sequences.length / 3, fixes: [] };
}

function expectReplay(model: FinderModel, real: readonly FoundBlock[], seed: number): void {
  const random = new SeededRandom(seed);
  const follower = run(model);
  const replayer = run(model);
  for (const [index, block] of BLOCKS.entries()) {
    const wanted = real[index];
    if (wanted === undefined) throw new Error("a block without sequences");
    const followed = follower.findBlock(block, () => follow(wanted));
    expect(followed.sequences).toEqual(wanted.sequences);
    const spare = replayer.window.end - WINDOW_BYTES;
    if (spare > 0 && random.oneIn(2)) replayer.slide(random.between(1, spare));
    const { fixes } = followed;
    const replayed = replayer.findBlock(block, () => ({ kind: "replay", fixes }));
    expect(replayed.sequences).toEqual(wanted.sequences);
  }
}

test.each(MODELS)("$speed $revision needs no fixes where it chose itself", (model) => {
  const free = run(model).find(BLOCKS);
  const followed = run(model).find(BLOCKS, (index) => follow(free[index] ?? anyBlock()));
  expect(followed.flatMap(({ fixes }) => fixes)).toEqual([]);
  expect(followed.map(({ sequences }) => sequences)).toEqual(
    free.map(({ sequences }) => sequences),
  );
});

function anyBlock(): FoundBlock {
  return { sequences: new Int32Array(0), count: 0, fixes: [] };
}

test.each(MODELS)("$speed $revision replays what another speed chose", (model) => {
  const other = model.speed === "default" ? "fastest" : "default";
  expectReplay(model, run({ speed: other, revision: 0 }).find(BLOCKS), 11);
});

test.each(MODELS)("$speed $revision replays what nobody would choose", (model) => {
  const random = new SeededRandom(23);
  let before = 0;
  const real = BLOCKS.map((block) => {
    const sequences = anySequences(block, before, random);
    before += block.length;
    return sequences;
  });
  expectReplay(model, real, 12);
});

test.each(MODELS)("$speed $revision replays single changes", (model) => {
  const random = new SeededRandom(31);
  const real = run(model)
    .find(BLOCKS)
    .map((block) => changed(block, random));
  expectReplay(model, real, 13);
});

/** Shortens some matches, leaves some out, and ends some blocks early. */
function changed({ sequences, count }: FoundBlock, random: SeededRandom): FoundBlock {
  const numbers: number[] = [];
  let spare = 0;
  for (let at = 0; at < 3 * count && !random.oneIn(4000); at += 3) {
    const [literals = 0, length = 0, offset = 0] = sequences.subarray(at, at + 3);
    const cut = length > 4 && random.oneIn(50) ? random.between(1, length - 3) : 0;
    if (random.oneIn(200)) {
      spare += literals + length;
    } else {
      numbers.push(spare + literals, length - cut, offset);
      spare = cut;
    }
  }
  const kept = Int32Array.from(numbers);
  return { sequences: kept, count: kept.length / 3, fixes: [] };
}

test("a single change costs few fixes", () => {
  const model = { speed: "default", revision: 0 } as const;
  const free = run(model).find(BLOCKS);
  const real = free.map(({ sequences, count }, index) => ({
    sequences: index === 2 ? sequences.subarray(3) : sequences,
    count: index === 2 ? count - 1 : count,
    fixes: [],
  }));
  const first = real[2];
  if (first === undefined) throw new Error("no third block");
  const dropped = free[2]?.sequences ?? new Int32Array(3);
  first.sequences = Int32Array.from(first.sequences);
  first.sequences[0] = (first.sequences[0] ?? 0) + (dropped[0] ?? 0) + (dropped[1] ?? 0);
  const fixes = run(model)
    .find(BLOCKS, (index) => follow(real[index] ?? anyBlock()))
    .flatMap((block) => block.fixes);
  expect(fixes.length).toBeGreaterThan(0);
  expect(fixes.length).toBeLessThan(4 * 20);
});

test("three zeros end a block's sequences", () => {
  const [block = new Uint8Array(0)] = BLOCKS;
  const found = run({ speed: "default", revision: 0 }).findBlock(block, () => ({
    kind: "replay",
    fixes: [5, 0, 0, 0],
  }));
  expect(found.count).toBe(5);
});

test.each([
  ["literals beyond the block", [0, 40_000, 3, 4]],
  ["a match beyond the block", [0, 0, 40_001, 4]],
  ["a match that is too short", [0, 0, 2, 4]],
  ["negative literals", [0, -1, 9, 4]],
  ["an offset of 0", [0, 5, 9, 0]],
  ["a number beyond 32 bits", [0, 0, 2 ** 32, 4]],
  ["numbers that are missing", [0, 5]],
])("a fix with %s is refused", (_name, fixes) => {
  const [block = new Uint8Array(0)] = BLOCKS;
  for (const model of MODELS.slice(0, 3)) {
    expect(() => run(model).findBlock(block, () => ({ kind: "replay", fixes }))).toThrow(
      RecipeError,
    );
  }
});

test.each(MODELS.slice(0, 4))(
  "$speed $revision takes nothing from ahead when it has to go back",
  (model) => {
    const random = new SeededRandom(41);
    const twice = new Uint8Array(600).map(() => random.below(256));
    const block = new Uint8Array(6000).map(() => random.below(256));
    block.set(twice, 4800);
    block.set(twice, 5400);
    const window = new PlainWindow(block.length);
    window.append(block);
    window.bytes.set(twice.subarray(0, window.bytes.length - block.length), block.length);
    const span = { start: 0, end: block.length, frameStart: 0, isOnlyBlock: false };
    for (let literals = 4797; literals < 5390; literals += 11) {
      const finder = createFinder(model, window, { windowSize: WINDOW_BYTES });
      const sequences = Int32Array.of(literals, 3, 1003);
      finder.find(span, { kind: "follow", sequences, count: 1 });
      expect(finder.count).toBe(1);
    }
  },
);

test("fixes for no sequence change nothing", () => {
  const model = { speed: "default", revision: 0 } as const;
  const free = run(model).find(BLOCKS);
  const odd = run(model).find(BLOCKS, () => ({
    kind: "replay",
    fixes: [-4, 1, 2, 3, 0.5, 1, 1, 1],
  }));
  expect(odd.map(({ sequences }) => sequences)).toEqual(free.map(({ sequences }) => sequences));
});

test("fixes that were not reached are forgotten with their block", () => {
  const model = { speed: "default", revision: 0 } as const;
  const [first = new Uint8Array(0), second = new Uint8Array(0)] = BLOCKS;
  const few = first.subarray(0, 500);
  const expected = run(model).find([few, second]).at(1);
  const fixed = run(model);
  fixed.findBlock(few, () => ({ kind: "replay", fixes: [200, 0, 0, 0] }));
  expect(fixed.findBlock(second, () => ({ kind: "free" }))).toEqual(expected);
  expect(expected?.count).toBeGreaterThan(200);
});

test("a block larger than blocks may be is refused", () => {
  const window = new PlainWindow(1 << 20);
  const finder = createFinder({ speed: "default", revision: 0 }, window, { windowSize: 1 << 17 });
  const span = { start: 0, end: 131_073, frameStart: 0, isOnlyBlock: false };
  expect(() => finder.find(span, { kind: "free" })).toThrow(RangeError);
});

test("a revision that never was is refused", () => {
  const window = new PlainWindow(1024);
  const options = { windowSize: 1024 };
  expect(() => createFinder({ speed: "better", revision: 4 }, window, options)).toThrow(RangeError);
});
