import { describe, expect, it } from "vitest";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import type { SegmentLevel } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import { SEGMENT_ENGINES } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import { createSegmentModel } from "../../../src/recompress/gzip/segment/segment-model.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import {
  bytesOf,
  cut,
  intoStretches,
  inventTokens,
  mixedPlain,
  predict,
  rebuild,
  type Stretch,
} from "./token-streams.ts";

const LEVELS = Object.keys(SEGMENT_ENGINES) as SegmentLevel[];
const BLOCKS: Framing = { kind: "blocks", blockBytes: 100_000, historyBytes: 16_384 };
const SMALL_BLOCKS: Framing = { kind: "blocks", blockBytes: 65_551, historyBytes: 32_768 };
const NO_CORRECTIONS = Uint8Array.of(0);
const SEGMENT_BYTES = 65_535;

/** The stretches as the model itself would have chosen their tokens. */
function own(level: SegmentLevel, framing: Framing, plain: Uint8Array): readonly Stretch[] {
  const shape = [{ plain, tokens: new Uint32Array() }];
  const model = createSegmentModel(level, framing);
  const [tokens] = rebuild(model, { column: NO_CORRECTIONS, shape, random: new SeededRandom(1) });
  return [{ plain, tokens }];
}

/** Cut where the encoder's segments end. */
function bySegments([whole]: readonly Stretch[]): readonly Stretch[] {
  const { plain, tokens } = whole ?? { plain: new Uint8Array(), tokens: undefined };
  const stretches: Stretch[] = [];
  let byte = 0;
  let first = 0;
  tokens?.forEach((token, index) => {
    byte += token < 256 ? 1 : token >>> 16;
    if (byte % SEGMENT_BYTES !== 0 && byte < plain.length) return;
    const piece = tokens.subarray(first, index + 1);
    stretches.push({ plain: plain.subarray(byte - bytesOf(piece), byte), tokens: piece });
    first = index + 1;
  });
  return stretches;
}

describe.each(LEVELS)("createSegmentModel(%s)", (level) => {
  it.each([
    ["as one", NO_FRAMING, 200_000],
    ["in blocks", BLOCKS, 220_000],
    ["in blocks with a segment of 16 bytes", SMALL_BLOCKS, 140_000],
  ])("foresees its own tokens %s, however they are cut", (_, framing, sizeBytes) => {
    const plain = mixedPlain(7, sizeBytes);
    const stretches = own(level, framing, plain);
    for (const seed of [1, 2]) {
      const pieces = cut(stretches, new SeededRandom(seed));
      const prediction = predict(createSegmentModel(level, framing), pieces);
      expect([prediction.corrections, prediction.column]).toEqual([0, NO_CORRECTIONS]);
    }
  });

  it("notes and chooses again the tokens of an encoder that it does not know, stored bytes between", () => {
    for (const [seed, framing] of [NO_FRAMING, BLOCKS, SMALL_BLOCKS].entries()) {
      const plain = mixedPlain(seed, 90_000 + seed);
      const tokens = inventTokens(plain, { seed, matchOneIn: 1 + seed });
      const shape = intoStretches(plain, tokens, new SeededRandom(seed));
      const model = createSegmentModel(level, framing);
      const { column, corrections } = predict(model, shape);
      expect(corrections).toBeGreaterThan(0);
      const rebuilt = rebuild(model, { column, shape, random: new SeededRandom(seed) });
      expect(rebuilt).toEqual(shape.map((stretch) => stretch.tokens));
    }
  });

  it("writes the same corrections however the tokens are cut", () => {
    const plain = mixedPlain(3, 90_000);
    const whole = [{ plain, tokens: inventTokens(plain, { seed: 3, matchOneIn: 2 }) }];
    const model = createSegmentModel(level, NO_FRAMING);
    const { column } = predict(model, whole);
    expect(predict(model, cut(whole, new SeededRandom(5))).column).toEqual(column);
  });

  it("begins again at every mark that it answers", () => {
    const plain = mixedPlain(11, 7 * SEGMENT_BYTES + 1000);
    const shape = bySegments(own(level, NO_FRAMING, plain));
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
    const shape = bySegments(own(level, NO_FRAMING, plain)).map(
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
  it.each([0, 1, 12, 13, 16, 17, 127, 128, 129, 65_534, 65_535, 65_536, 65_535 + 127, 131_070])(
    "chooses again tokens of %d bytes, foreseen or not",
    (sizeBytes) => {
      const plain = mixedPlain(sizeBytes, sizeBytes);
      const model = createSegmentModel("level-5", NO_FRAMING);
      const invented = inventTokens(plain, { seed: 4, matchOneIn: 1 });
      for (const tokens of [invented, Uint32Array.from(plain)]) {
        const shape = [{ plain, tokens }];
        const { column } = predict(model, shape);
        expect(rebuild(model, { column, shape, random: new SeededRandom(1) })).toEqual([tokens]);
      }
    },
  );

  it("foresees matches and literals across a segment that was stored", () => {
    const shape = bySegments(own("level-6", NO_FRAMING, mixedPlain(13, 5 * SEGMENT_BYTES)));
    const hidden = shape.map((stretch, index) =>
      index === 1 || index === 2 ? { plain: stretch.plain, tokens: undefined } : stretch,
    );
    const model = createSegmentModel("level-6", NO_FRAMING);
    expect(predict(model, hidden).corrections).toBe(0);
    const cutAgain = cut(hidden, new SeededRandom(1));
    expect(predict(model, cutAgain).corrections).toBe(0);
    const rebuilt = rebuild(model, {
      column: NO_CORRECTIONS,
      shape: cutAgain,
      random: new SeededRandom(2),
    });
    expect(rebuilt).toEqual(cutAgain.map(({ tokens }) => tokens));
  });

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

  it("foresees little of another level, and says so", () => {
    const whole = own("level-5", NO_FRAMING, mixedPlain(15, 300_000));
    const counts = (["level-5-first", "level-6", "best-speed"] as const).map(
      (level) => predict(createSegmentModel(level, NO_FRAMING), whole).corrections,
    );
    expect(counts.every((count) => count > 0)).toBe(true);
    expect(predict(createSegmentModel("level-5", BLOCKS), whole).corrections).toBeGreaterThan(0);
  });

  it("works through one member after the other as through each alone", () => {
    const model = createSegmentModel("level-6", NO_FRAMING);
    for (const seed of [1, 2, 3]) {
      const plain = mixedPlain(seed, 100_000);
      const shape = [{ plain, tokens: inventTokens(plain, { seed, matchOneIn: 2 }) }];
      const { column } = predict(model, shape);
      expect(column).toEqual(predict(createSegmentModel("level-6", NO_FRAMING), shape).column);
      const rebuilt = rebuild(model, { column, shape, random: new SeededRandom(seed) });
      expect(rebuilt).toEqual([shape[0]?.tokens]);
    }
  });

  it("notes and chooses again what it did not foresee after positions have slid out of the window", () => {
    const plain = mixedPlain(18, 1_200_000);
    const tokens = inventTokens(plain, { seed: 18, matchOneIn: 2 });
    const shape = [{ plain, tokens }];
    const model = createSegmentModel("best-speed", NO_FRAMING);
    const { column, corrections } = predict(model, shape);
    expect(corrections).toBeGreaterThan(0);
    expect(rebuild(model, { column, shape, random: new SeededRandom(1) })).toEqual([tokens]);
  });

  it("answers no mark where what it knows came of tokens that it did not foresee", () => {
    const shape = bySegments(own("level-6", NO_FRAMING, mixedPlain(19, 4 * SEGMENT_BYTES))).map(
      ({ plain, tokens }, index) =>
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
    const shape = bySegments(own("level-4", NO_FRAMING, plain));
    const model = createSegmentModel("level-4", NO_FRAMING);
    const { column, restarts } = predict(model, shape);
    for (const [fromStretch, restart] of restarts.entries()) {
      expect(restart).toBeDefined();
      const next = shape.slice(0, fromStretch + 2);
      const rebuilt = rebuild(model, { column, shape: next, restart, fromStretch, random });
      expect(rebuilt).toEqual(next.slice(fromStretch).map(({ tokens }) => tokens));
    }
  });

  it("stays right where positions begin to slide out of the window", () => {
    const plain = mixedPlain(16, 2_300_000);
    const [whole] = own("level-4", NO_FRAMING, plain);
    const other = predict(createSegmentModel("level-4", NO_FRAMING), [
      { plain, tokens: whole?.tokens },
    ]);
    expect(other.corrections).toBe(0);
    expect(bytesOf(whole?.tokens ?? new Uint32Array())).toBe(plain.length);
  });

  it("does not take blocks without bytes", () => {
    const framing: Framing = { kind: "blocks", blockBytes: 0, historyBytes: 0 };
    expect(() => createSegmentModel("level-5", framing)).toThrow(RecipeError);
  });

  it.each([
    ["that ends at once", []],
    ["with a note beyond the end", [9, 0, 0]],
    ["with a fix beyond its segment", [1, 2, 255, 255, 3, 0, 0]],
    ["with a match that is too long", [1, 2, 0, 129, 2, 0, 0]],
    ["with a match beyond the end", [1, 3, 199, 1, 100, 0, 0]],
    ["with more fixes than a segment has", [1, 255, 255, 127, 0, 0]],
  ])("throws a RecipeError for a column %s", (_, column) => {
    const plain = new Uint8Array(200).map((__, index) => index);
    const shape = [{ plain, tokens: Uint32Array.from(plain) }];
    const model = createSegmentModel("level-5", NO_FRAMING);
    const attempt = (): unknown =>
      rebuild(model, { column: Uint8Array.from(column), shape, random: new SeededRandom(1) });
    expect(attempt).toThrow(RecipeError);
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

  it("throws a RecipeError when a block begins within a token that was passed over", () => {
    const plain = new Uint8Array(1000);
    const shape = [
      { plain: plain.subarray(0, 500), tokens: undefined },
      { plain: plain.subarray(500), tokens: new Uint32Array() },
    ];
    const model = createSegmentModel("level-5", NO_FRAMING);
    const random = new SeededRandom(1);
    const attempt = (): unknown => rebuild(model, { column: NO_CORRECTIONS, shape, random });
    expect(attempt).toThrow(RecipeError);
  });
});

/** Cut into stretches of `bytes` each, where tokens allow it exactly. */
function atEvery([whole]: readonly Stretch[], bytes: number): readonly Stretch[] {
  const tokens = whole?.tokens ?? new Uint32Array();
  const plain = whole?.plain ?? new Uint8Array();
  const stretches: Stretch[] = [];
  let byte = 0;
  let first = 0;
  let start = 0;
  for (const [index, token] of tokens.entries()) {
    byte += token < 256 ? 1 : token >>> 16;
    if (byte % bytes !== 0 && byte < plain.length) continue;
    stretches.push({
      plain: plain.subarray(start, byte),
      tokens: tokens.subarray(first, index + 1),
    });
    first = index + 1;
    start = byte;
  }
  return stretches;
}
