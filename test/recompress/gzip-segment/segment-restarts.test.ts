import { describe, expect, it } from "vitest";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import type { SegmentLevel } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import { SEGMENT_ENGINES } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import { createSegmentModel } from "../../../src/recompress/gzip/segment/segment-model.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { atEvery, own } from "./own-tokens.ts";
import { inventTokens, mixedPlain, predict, rebuild } from "./token-streams.ts";

const LEVELS = Object.keys(SEGMENT_ENGINES) as SegmentLevel[];
const BLOCKS: Framing = { kind: "blocks", blockBytes: 100_000, historyBytes: 16_384 };
const SEGMENT_BYTES = 65_535;

describe.each(LEVELS)("createSegmentModel(%s)", (level) => {
  it("begins again at every mark that it answers", () => {
    const plain = mixedPlain(11, 7 * SEGMENT_BYTES + 1000);
    const shape = atEvery(own(level, NO_FRAMING, plain), SEGMENT_BYTES);
    const model = createSegmentModel(level, NO_FRAMING);
    const { column, restarts } = predict(model, shape);
    expect(restarts.length).toBe(8);
    expect(restarts.filter((restart) => restart !== undefined).length).toBeGreaterThan(5);
    for (const [fromStretch, restart] of restarts.entries()) {
      if (restart === undefined) continue;
      expect(restart.historyBytes).toBeLessThanOrEqual(5 * SEGMENT_BYTES);
      const random = new SeededRandom(fromStretch);
      const next = shape.slice(0, fromStretch + 2);
      const rebuilt = rebuild(model, { column, shape: next, restart, fromStretch, random });
      expect(rebuilt).toEqual(next.slice(fromStretch).map(({ tokens }) => tokens));
    }
  });

  it("begins again among corrections", () => {
    const plain = mixedPlain(12, 4 * SEGMENT_BYTES);
    const shape = atEvery(own(level, NO_FRAMING, plain), SEGMENT_BYTES).map(
      ({ plain: part, tokens }, index) => ({
        plain: part,
        tokens: index % 3 === 2 ? Uint32Array.from(part) : tokens,
      }),
    );
    const model = createSegmentModel(level, NO_FRAMING);
    const { column, corrections, restarts } = predict(model, shape);
    expect(corrections).toBeGreaterThan(0);
    const answered = restarts.flatMap((restart, index) => (restart === undefined ? [] : [index]));
    expect(answered.length).toBeGreaterThan(1);
    for (const fromStretch of answered) {
      const restart = restarts[fromStretch];
      const random = new SeededRandom(fromStretch);
      const rebuilt = rebuild(model, { column, shape, restart, fromStretch, random });
      expect(rebuilt).toEqual(shape.slice(fromStretch).map(({ tokens }) => tokens));
    }
  });
});

describe("createSegmentModel()", () => {
  it("begins again at each block's start with its history only, and nowhere within", () => {
    const plain = mixedPlain(14, 350_000);
    const whole = own("level-5", BLOCKS, plain);
    const shape = atEvery(whole, 50_000);
    const model = createSegmentModel("level-5", BLOCKS);
    const { column, restarts } = predict(model, shape);
    const bytes = shape.map((_, index) =>
      shape.slice(0, index).reduce((sum, { plain: part }) => sum + part.length, 0),
    );
    const expected = bytes.map((byte) =>
      byte % 100_000 === 0 ? Math.min(byte, 16_384) : undefined,
    );
    expect(restarts.map((restart) => restart?.historyBytes)).toEqual(expected);
    expect(expected.filter((size) => size !== undefined).length).toBe(4);
    for (const [fromStretch, restart] of restarts.entries()) {
      if (restart === undefined) continue;
      const random = new SeededRandom(fromStretch);
      const rebuilt = rebuild(model, { column, shape, restart, fromStretch, random });
      expect(rebuilt).toEqual(shape.slice(fromStretch).map(({ tokens }) => tokens));
    }
  });

  it("answers no mark where what it knows came of tokens that it did not foresee", () => {
    const shape = atEvery(
      own("level-6", NO_FRAMING, mixedPlain(19, 4 * SEGMENT_BYTES)),
      SEGMENT_BYTES,
    ).map(({ plain, tokens }, index) =>
      index === 1
        ? { plain, tokens: inventTokens(plain, { seed: 19, matchOneIn: 2 }) }
        : { plain, tokens },
    );
    const model = createSegmentModel("level-6", NO_FRAMING);
    const { column, restarts } = predict(model, shape);
    expect(restarts.slice(0, 2).every((restart) => restart !== undefined)).toBe(true);
    expect(restarts[2]).toBeUndefined();
    for (const [fromStretch, restart] of restarts.entries()) {
      if (restart === undefined) continue;
      const random = new SeededRandom(fromStretch);
      const rebuilt = rebuild(model, { column, shape, restart, fromStretch, random });
      expect(rebuilt).toEqual(shape.slice(fromStretch).map(({ tokens }) => tokens));
    }
  });

  it("begins level 4 again at marks far from the start, where it measures from the oldest byte", () => {
    const random = new SeededRandom(20);
    const plain = new Uint8Array(15 * SEGMENT_BYTES).map(() => (random.oneIn(9) ? 98 : 97));
    const shape = atEvery(own("level-4", NO_FRAMING, plain), SEGMENT_BYTES);
    const model = createSegmentModel("level-4", NO_FRAMING);
    const { column, restarts } = predict(model, shape);
    for (const [fromStretch, restart] of restarts.entries()) {
      expect(restart).toBeDefined();
      const next = shape.slice(0, fromStretch + 2);
      const rebuilt = rebuild(model, { column, shape: next, restart, fromStretch, random });
      expect(rebuilt).toEqual(next.slice(fromStretch).map(({ tokens }) => tokens));
    }
  });

  it.each([
    ["without a state", { historyBytes: 0, state: [] }],
    ["beyond its corrections", { historyBytes: 0, state: [100, 0, 0] }],
    ["that comes after its next correction", { historyBytes: 0, state: [0, 5, 5] }],
    ["with more history than there is", { historyBytes: 70_000, state: [0, 0, 1] }],
    ["with too much history", { historyBytes: 400_000, state: [0, 0, 100] }],
  ])("throws a RecipeError for a restart %s", (_, restart) => {
    const plain = mixedPlain(1, 500_000);
    const shape = [
      { plain: plain.subarray(0, 400_000), tokens: new Uint32Array() },
      { plain: plain.subarray(400_000), tokens: new Uint32Array() },
    ];
    const model = createSegmentModel("level-5", NO_FRAMING);
    const column = Uint8Array.of(3, 1, 0);
    const random = new SeededRandom(1);
    expect(() => rebuild(model, { column, shape, restart, fromStretch: 1, random })).toThrow(
      RecipeError,
    );
  });
});
