import { describe, expect, test } from "vitest";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { restartPoints } from "../../../src/recompress/zstd/zstd-restarts.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { analyse, cut, fileBorders, rebuild, recipeOf } from "./codec.ts";
import { encodeLike } from "./encode-like.ts";
import { TEST_ENGINES } from "./test-engines.ts";

const LAYER = plainLayer({ seed: 8, sizeBytes: 2_000_000 });
const SPACING = { spacingBytes: 400_000, warmUpBytes: 100_000 };
const [FIRST] = TEST_ENGINES;
if (FIRST === undefined) throw new Error("no engines");

describe("restart points", () => {
  test.each(TEST_ENGINES)("within a frame of engine $id are proved, and hold", (engine) => {
    const stream = encodeLike(LAYER, { engine });
    const { recipe } = recipeOf(analyse(cut(stream, 1), { restartSpacing: SPACING }).outcome);
    const points = restartPoints(recipe);
    expect(points.length).toBeGreaterThan(1);
    for (const [index, { plainFrom, plainAt, streamByte }] of points.entries()) {
      expect(plainAt - plainFrom).toBeGreaterThanOrEqual(engine.windowBytes + SPACING.warmUpBytes);
      const again = rebuild(recipe, cut(LAYER.subarray(plainFrom), index), index);
      expect(again.equals(stream.subarray(streamByte))).toBe(true);
    }
    expect(rebuild(recipe, [LAYER]).equals(stream)).toBe(true);
  });

  test("at the starts of frames need nothing before", () => {
    const frameEnds = [5000, 600_000, 600_700, 1_100_000, 1_100_512, 1_700_000];
    const frames = encodeLike(LAYER, { engine: FIRST, frameEnds });
    const skippable = Buffer.from("502a4d1805000000aabbccddee", "hex");
    const stream = Buffer.concat([skippable, frames, skippable]);
    const restartSpacing = { spacingBytes: 500_000, warmUpBytes: 10_000_000 };
    const { recipe } = recipeOf(analyse([stream], { restartSpacing }).outcome);
    const points = restartPoints(recipe);
    expect(points.map(({ plainAt }) => plainAt)).toEqual([600_000, 1_100_000, 1_700_000]);
    for (const [index, { plainFrom, plainAt, streamByte }] of points.entries()) {
      expect(plainFrom).toBe(plainAt);
      const again = rebuild(recipe, cut(LAYER.subarray(plainFrom), index), index);
      expect(again.equals(stream.subarray(streamByte))).toBe(true);
    }
  });

  test("within the second of two frames are there, too", () => {
    const stream = Buffer.concat([0, 1].map(() => encodeLike(LAYER, { engine: FIRST })));
    const plain = Buffer.concat([LAYER, LAYER]);
    const { recipe } = recipeOf(analyse([stream], { restartSpacing: SPACING }).outcome);
    const points = restartPoints(recipe);
    expect(points.some(({ plainFrom }) => plainFrom > LAYER.length)).toBe(true);
    for (const [index, { plainFrom, streamByte }] of points.entries()) {
      const again = rebuild(recipe, cut(plain.subarray(plainFrom), index), index);
      expect(again.equals(stream.subarray(streamByte))).toBe(true);
    }
  });

  test("within a frame do not lose the tar's files, where later frames end", () => {
    const frameEnds = fileBorders(LAYER).filter((border) => border > 1_000_000);
    const stream = encodeLike(LAYER, { engine: FIRST, frameEnds });
    const { recipe } = recipeOf(analyse([stream], { restartSpacing: SPACING }).outcome);
    const [point] = restartPoints(recipe);
    if (point === undefined) throw new Error("no restart");
    expect(point.plainAt).toBeLessThan(1_000_000);
    const again = rebuild(recipe, cut(LAYER.subarray(point.plainFrom), 1), 0);
    expect(again.equals(stream.subarray(point.streamByte))).toBe(true);
  });

  test("within a frame keep its checksum, however short it is", () => {
    const plain = LAYER.subarray(0, 700_000);
    const stream = encodeLike(plain, { engine: FIRST });
    const restartSpacing = { spacingBytes: 300_000, warmUpBytes: 100_000 };
    const { recipe } = recipeOf(analyse([stream], { restartSpacing }).outcome);
    const points = restartPoints(recipe);
    expect(points.length).toBeGreaterThan(0);
    for (const [index, { plainFrom, streamByte }] of points.entries()) {
      const again = rebuild(recipe, [plain.subarray(plainFrom)], index);
      expect(again.equals(stream.subarray(streamByte))).toBe(true);
    }
  });

  test("are found in streams that work in jobs where frames begin", () => {
    const plan = { engine: FIRST, jobBytes: 512 * 1024, frameEnds: [900_000, 1_800_000] };
    const stream = encodeLike(LAYER, plan);
    const restartSpacing = { spacingBytes: 800_000, warmUpBytes: 10_000_000 };
    const { recipe, findings } = recipeOf(analyse([stream], { restartSpacing }).outcome);
    expect(findings.corrections).toBe(0);
    expect(restartPoints(recipe).map(({ plainAt }) => plainAt)).toEqual([900_000, 1_800_000]);
    for (const [index, { plainFrom, streamByte }] of restartPoints(recipe).entries()) {
      const again = rebuild(recipe, cut(LAYER.subarray(plainFrom), index), index);
      expect(again.equals(stream.subarray(streamByte))).toBe(true);
    }
  });

  test("are not there in short streams", () => {
    const { recipe } = recipeOf(analyse([encodeLike(LAYER, { engine: FIRST })]).outcome);
    expect(restartPoints(recipe)).toEqual([]);
    expect(() => rebuild(recipe, [LAYER], 0)).toThrow(RecipeError);
  });
});
