import { describe, expect, it } from "vitest";
import type { LazySettings } from "../../../src/recompress/gzip/chain/lazy-twin.ts";
import { createLazyTwin } from "../../../src/recompress/gzip/chain/lazy-twin.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { mixedPlain } from "../gzip-segment/token-streams.ts";
import { ChainPair, MOST_TOKENS } from "./chain-pair.ts";
import { ChainTrial } from "./chain-trial.ts";

const GO_6: LazySettings = { flavour: "go", good: 0, lazy: 16, nice: 128, tries: 128 };
const ZLIB_6: LazySettings = { flavour: "zlib", good: 8, lazy: 16, nice: 128, tries: 128 };

const SETTINGS: readonly (readonly [string, LazySettings])[] = [
  ["Go 4", { ...GO_6, lazy: 4, nice: 16, tries: 16 }],
  ["Go 6", GO_6],
  ["Go 9", { ...GO_6, lazy: 258, nice: 258, tries: 4096 }],
  ["zlib 4", { flavour: "zlib", good: 4, lazy: 4, nice: 16, tries: 16 }],
  ["zlib 6", ZLIB_6],
  ["zlib 9", { flavour: "zlib", good: 32, lazy: 258, nice: 258, tries: 4096 }],
];

const PLAINS: readonly (readonly [string, Uint8Array])[] = [
  ["mixed bytes", mixedPlain(12, 700_000)],
  ["a layer", plainLayer({ seed: 6, sizeBytes: 1_400_000 })],
  ["zeros", new Uint8Array(200_000)],
  // Where an encoder drops the older half of its memory, it can no longer look back so far.
  ["repeats from nearly as far as can be", repeated(32_700, 300_000)],
  ["repeats from as far as zlib looks", repeated(32_506, 200_000)],
];

describe.each(SETTINGS)("LazyTwin as %s", (_, settings) => {
  it.each(PLAINS)("chooses what its oracle chooses on %s", (__, plain) => {
    const random = new SeededRandom(plain.length);
    const trial = new ChainTrial({ settings, plain, random });
    for (const { oracle, twin } of trial.steps()) expect(twin).toEqual(oracle);
    expect(trial.likenesses.map(([, twin]) => twin)).toEqual(
      trial.likenesses.map(([oracle]) => oracle),
    );
  });
});

describe("LazyTwin", () => {
  it.each([GO_6, ZLIB_6])("chooses what its oracle chooses at all ends: $flavour", (settings) => {
    const atMemoryEnds = [65_535, 65_536, 65_537, 98_304].map((size) => repeated(32_700, size));
    // In zeros, these leave one, two or three bytes after the last match.
    const shortOfMatch = [39_991, 39_992, 39_993, 39_994].map((size) => new Uint8Array(size));
    const short = Array.from({ length: 20 }, (_, size) => new Uint8Array(size));
    for (const plain of [...atMemoryEnds, ...shortOfMatch, ...short]) {
      const pair = new ChainPair(settings);
      pair.begin({ from: 0, at: 0, bytesBefore: 0, isDictionary: false });
      pair.append(plain);
      pair.supply(plain.length, true);
      do {
        const { oracle, twin } = pair.produce(MOST_TOKENS, plain.length);
        expect(twin).toEqual(oracle);
      } while (pair.oracle.canChoose);
    }
  });

  it.each([GO_6, ZLIB_6])("knows another that has come to the same place: $flavour", (settings) => {
    const plain = plainLayer({ seed: 6, sizeBytes: 1_400_000 });
    const trial = new ChainTrial({ settings, plain, random: new SeededRandom(2) });
    expect([...trial.steps()]).not.toEqual([]);
    expect(trial.likenesses).toContainEqual([true, true]);
    expect(trial.likenesses).toContainEqual([false, false]);
  });

  it("wants to be told of no bytes that are not in its window", () => {
    const twin = createLazyTwin(GO_6);
    twin?.window.append(new Uint8Array(1000));
    expect(() => twin?.supply(1001, false)).toThrow(RangeError);
    const start = { from: 0, at: 1001, bytesBefore: 0, isDictionary: false };
    expect(() => twin?.begin(start)).toThrow(RangeError);
  });

  it("stops at a position before its window", () => {
    const twin = createLazyTwin(GO_6);
    twin?.window.append(new Uint8Array(1000));
    const start = { from: -5, at: 10, bytesBefore: 0, isDictionary: true };
    expect(() => twin?.begin(start)).toThrow("out of bounds");
  });
});

/** Of every six bytes one does not repeat, so that matches are short and their places many. */
function repeated(period: number, sizeBytes: number): Uint8Array {
  const random = new SeededRandom(period);
  const piece = Uint8Array.from({ length: period }, () => random.below(256));
  return Uint8Array.from({ length: sizeBytes }, (_, at) => {
    const isNew = at % 6 === 0 && at >= period;
    return isNew ? random.below(256) : (piece[at % period] ?? 0);
  });
}
