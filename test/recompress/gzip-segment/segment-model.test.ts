import { describe, expect, it } from "vitest";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import type { SegmentLevel } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import { SEGMENT_ENGINES } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import { createSegmentModel } from "../../../src/recompress/gzip/segment/segment-model.ts";
import { ColumnReader } from "../../../src/recompress/columns.ts";
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
} from "./token-streams.ts";
import { atEvery, NO_CORRECTIONS, own } from "./own-tokens.ts";

const LEVELS = Object.keys(SEGMENT_ENGINES) as SegmentLevel[];
const BLOCKS: Framing = { kind: "blocks", blockBytes: 100_000, historyBytes: 16_384 };
const SMALL_BLOCKS: Framing = { kind: "blocks", blockBytes: 65_551, historyBytes: 32_768 };
const SEGMENT_BYTES = 65_535;

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

  it("never chooses a token whose bytes it was not given, when one leads beyond its segment", () => {
    const plain = new Uint8Array(200_000);
    const tokens = Uint32Array.from([0, ...Array.from({ length: 775 }, () => (258 << 16) | 1)]);
    const covered = plain.subarray(0, bytesOf(tokens));
    const model = createSegmentModel(level, NO_FRAMING);
    const { column } = predict(model, [{ plain: covered, tokens }]);
    const producer = model.producer(new ColumnReader(column));
    const chosen = new Uint32Array(tokens.length);
    let count = 0;
    for (let at = 0; at < covered.length; at += SEGMENT_BYTES) {
      const piece = covered.subarray(at, at + SEGMENT_BYTES);
      producer.take(piece);
      const range = { from: count, to: chosen.length, untilByte: covered.length };
      count = producer.produce(chosen, range);
      expect(producer.position).toBeLessThanOrEqual(at + piece.length);
    }
    producer.end();
    producer.produce(chosen, { from: count, to: chosen.length, untilByte: covered.length });
    expect(chosen).toEqual(tokens);
  });

  it("writes the same corrections however the tokens are cut", () => {
    const plain = mixedPlain(3, 90_000);
    const whole = [{ plain, tokens: inventTokens(plain, { seed: 3, matchOneIn: 2 }) }];
    const model = createSegmentModel(level, NO_FRAMING);
    const { column } = predict(model, whole);
    expect(predict(model, cut(whole, new SeededRandom(5))).column).toEqual(column);
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
    const shape = atEvery(
      own("level-6", NO_FRAMING, mixedPlain(13, 5 * SEGMENT_BYTES)),
      SEGMENT_BYTES,
    );
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
