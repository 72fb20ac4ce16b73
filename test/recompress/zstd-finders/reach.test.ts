import { expect, test } from "vitest";
import { PlainWindow } from "../../../src/recompress/plain-window.ts";
import type { FinderModel } from "../../../src/recompress/zstd/finders/finder-model.ts";
import { createFinder } from "../../../src/recompress/zstd/finders/finder-table.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { cutBlocks, FinderRun, FREE, mixedPlain } from "./searched-plain.ts";

const WINDOW_BYTES = 64 * 1024;
const BLOCK_BYTES = 30_000;
const MODELS: readonly FinderModel[] = [
  { speed: "fastest", revision: 0 },
  { speed: "default", revision: 0 },
  { speed: "better", revision: 1 },
  { speed: "better", revision: 3 },
  { speed: "best", revision: 2 },
  { speed: "best", revision: 6 },
];
/** Where a second finder begins that knows nothing of the blocks before. */
const LATE = 2;
const PLAIN = mixedPlain(280_000, 5);
const BLOCKS = cutBlocks(PLAIN, BLOCK_BYTES);

function run(model: FinderModel, jobBytes?: number): FinderRun {
  return new FinderRun(WINDOW_BYTES, (window) =>
    createFinder(model, window, { windowSize: WINDOW_BYTES, jobBytes }),
  );
}

/** The offsets that sequences stand for, as decoders reckon them. */
function offsetsOf(sequences: Int32Array, recent: number[]): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < sequences.length; at += 3) {
    const [literals, , value = 0] = sequences.subarray(at, at + 3);
    offsets.push(offsetOf(literals === 0, value, recent));
  }
  return offsets;
}

function offsetOf(isWithoutLiterals: boolean, value: number, recent: number[]): number {
  const [newest = 1, second = 1, third = 1] = recent;
  if (value === 1 && !isWithoutLiterals) return newest;
  const repeat = value + (isWithoutLiterals ? 1 : 0);
  const offset = value > 3 ? value - 3 : ([second, third, newest - 1][repeat - 2] ?? 0);
  recent.splice(repeat === 2 ? 1 : 2, 1);
  recent.unshift(offset);
  return offset;
}

test.each(MODELS)("$speed $revision chooses matches of equal bytes in reach", (model) => {
  const recent = [1, 4, 8];
  let start = 0;
  let total = 0;
  for (const { sequences, count } of run(model).find(BLOCKS)) {
    total += count;
    const offsets = offsetsOf(sequences, recent);
    let at = start;
    for (const [index, offset] of offsets.entries()) {
      at += sequences[3 * index] ?? 0;
      const length = sequences[3 * index + 1] ?? 0;
      const isCopy = PLAIN.subarray(at, at + length).every(
        (byte, next) => byte === PLAIN[at + next - offset],
      );
      if (!isCopy || offset < 1 || offset > WINDOW_BYTES) expect.fail(`no match at ${at}`);
      at += length;
    }
    start += BLOCK_BYTES;
  }
  expect(total).toBeGreaterThan(2000);
});

test.each(MODELS)("$speed $revision does not feel its window slide", (model) => {
  const random = new SeededRandom(17);
  const still = run(model).find(BLOCKS);
  const sliding = run(model);
  const found = BLOCKS.map((block) => {
    const spare = sliding.window.end - WINDOW_BYTES;
    if (spare > 0) sliding.slide(random.between(1, spare));
    return sliding.findBlock(block, (span) => FREE(0, span));
  });
  expect(found).toEqual(still);
});

test.each(MODELS)("$speed $revision reads nothing behind its block or a window before", (model) => {
  const random = new SeededRandom(19);
  const clean = run(model).find(BLOCKS);
  const dirty = run(model);
  const { bytes } = dirty.window;
  const found = BLOCKS.map((block) =>
    dirty.findBlock(block, ({ start, end }) => {
      for (let at = end; at < Math.min(end + 64, bytes.length); at++) bytes[at] = random.below(256);
      bytes.fill(random.below(256), 0, Math.max(start - WINDOW_BYTES, 0));
      return { kind: "free" };
    }),
  );
  expect(found).toEqual(clean);
});

test.each(MODELS)("$speed $revision matches nothing before its frame", (model) => {
  const window = new PlainWindow(1 << 20);
  const finder = createFinder(model, window, { windowSize: WINDOW_BYTES });
  const second = BLOCKS[1] ?? new Uint8Array(0);
  window.append(second);
  finder.find(
    { start: 0, end: second.length, frameStart: 0, isOnlyBlock: false },
    { kind: "free" },
  );
  const alone = finder.sequences.slice(0, 3 * finder.count);
  const start = window.end;
  window.append(second);
  const again = { start, end: window.end, frameStart: start, isOnlyBlock: false };
  finder.find(again, { kind: "free" });
  expect(finder.sequences.slice(0, 3 * finder.count)).toEqual(alone);
});

test.each(MODELS)(
  "$speed $revision is in the state of its twin until it sees something else",
  (model) => {
    const one = run(model);
    const other = run(model);
    one.find(BLOCKS.slice(0, 4));
    other.find(BLOCKS.slice(0, 4));
    const oldest = one.window.end - WINDOW_BYTES;
    expect(one.finder.isInStateOf(other.finder, oldest)).toBe(true);
    one.find(BLOCKS.slice(4, 5));
    other.find(BLOCKS.slice(5, 6));
    expect(one.finder.isInStateOf(other.finder, oldest + BLOCK_BYTES)).toBe(false);
  },
);

test.each(MODELS)("$speed $revision comes into the state of one that began before", (model) => {
  const window = new PlainWindow(PLAIN.length);
  const early = createFinder(model, window, { windowSize: WINDOW_BYTES });
  const late = createFinder(model, window, { windowSize: WINDOW_BYTES });
  const alike: boolean[] = [];
  for (const [index, block] of BLOCKS.entries()) {
    const start = window.end;
    window.append(block);
    const span = { start, end: window.end, frameStart: 0, isOnlyBlock: false };
    early.find(span, { kind: "free" });
    if (index >= LATE) late.find(span, { kind: "free" });
    if (alike.at(-1)) {
      const size = 3 * early.count;
      expect(late.sequences.slice(0, size)).toEqual(early.sequences.slice(0, size));
    }
    alike.push(early.isInStateOf(late, window.end - WINDOW_BYTES));
  }
  expect(alike.indexOf(true)).toBeGreaterThan(LATE);
});

test.each(MODELS)("$speed $revision leaves a few bytes alone", (model) => {
  const searched = run(model);
  searched.find(BLOCKS.slice(0, 3));
  searched.slide(searched.window.end - WINDOW_BYTES);
  const few = searched.findBlock(new Uint8Array(9).fill(7, 8), () => ({ kind: "free" }));
  expect(few.count).toBe(0);
});

test.each(MODELS)("$speed $revision forgets what slid out, however far", (model) => {
  const searched = run(model);
  searched.find(BLOCKS.slice(0, 2));
  for (let times = 0; times < 9; times++) searched.finder.slide(0x3000_0000);
  expect(searched.finder.isInStateOf(run(model).finder, -0x7fff_ffff)).toBe(true);
});

/** Real sequences after which the last bytes are no more than those behind the block would be. */
const LATE_SEQUENCES = [
  { size: 9, sequences: [1, 8, 1] },
  { size: 9, sequences: [1, 8, 4] },
  { size: 100, sequences: [50, 46, 9, 0, 4, 1] },
  { size: 100, sequences: [88, 6, 9, 2, 4, 1] },
] as const;

test.each(MODELS)("$speed $revision indexes no place that reaches behind its block", (model) => {
  for (const { size, sequences } of LATE_SEQUENCES) {
    const count = sequences.length / 3;
    const [one, other] = [run(model), run(model)].map((searched, index) => {
      searched.window.bytes.fill(index, size, size + 40);
      const guide = { kind: "follow", sequences: Int32Array.from(sequences), count } as const;
      searched.findBlock(
        Uint8Array.from({ length: size }, (_, at) => at),
        () => guide,
      );
      return searched.finder;
    });
    if (one === undefined || other === undefined) throw new Error("no finder");
    expect(one.isInStateOf(other, 0)).toBe(true);
  }
});

test("finders of two speeds are never in one state", () => {
  const fastest = run({ speed: "fastest", revision: 0 });
  const best = run({ speed: "default", revision: 0 });
  expect(fastest.finder.isInStateOf(best.finder, 0)).toBe(false);
});

test.each(MODELS)("$speed $revision begins a job anew from its overlap", (model) => {
  const jobBytes = 4 * BLOCK_BYTES;
  const plain = PLAIN.slice();
  const changed = PLAIN.slice();
  changed.subarray(0, jobBytes - WINDOW_BYTES / 2).reverse();
  const [one, other] = [plain, changed].map((bytes) =>
    run(model, jobBytes).find(cutBlocks(bytes, BLOCK_BYTES)).slice(4),
  );
  expect(one).toEqual(other);
  const whole = run(model).find(BLOCKS).slice(4);
  expect(one).not.toEqual(whole);
});
