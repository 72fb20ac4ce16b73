import { describe, expect, it } from "vitest";
import { createLiteralModel } from "../../../src/recompress/gzip/segment/literal-model.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { cut, intoStretches, inventTokens, mixedPlain, predict, rebuild } from "./token-streams.ts";

describe("createLiteralModel()", () => {
  const model = createLiteralModel();

  it("foresees literals and stored bytes", () => {
    const plain = mixedPlain(1, 600_000);
    const whole = [{ plain, tokens: Uint32Array.from(plain) }];
    const shape = cut(
      intoStretches(plain, whole[0]?.tokens ?? new Uint32Array(), new SeededRandom(1)),
      new SeededRandom(2),
    );
    const { column, corrections } = predict(model, shape);
    expect([corrections, column]).toEqual([0, Uint8Array.of(0)]);
    const rebuilt = rebuild(model, { column, shape, random: new SeededRandom(3) });
    expect(rebuilt).toEqual(shape.map(({ tokens }) => tokens));
  });

  it("notes matches, and begins again at every mark among them", () => {
    const plain = mixedPlain(2, 100_000);
    const tokens = inventTokens(plain, { seed: 2, matchOneIn: 4 });
    const shape = intoStretches(plain, tokens, new SeededRandom(4));
    const { column, corrections, restarts } = predict(model, shape);
    expect(corrections).toBeGreaterThan(100);
    expect(restarts.length).toBe(shape.length);
    for (const [fromStretch, restart] of restarts.entries()) {
      const random = new SeededRandom(fromStretch);
      const rebuilt = rebuild(model, { column, shape, restart, fromStretch, random });
      expect(rebuilt).toEqual(shape.slice(fromStretch).map((stretch) => stretch.tokens));
    }
  });

  it.each([
    ["that ends at once", []],
    ["with a match that is too short", [2, 0, 0, 0]],
    ["with a match that is too long", [131, 2, 0, 0, 0]],
    ["with a match beyond the end", [10, 99, 0, 0]],
    ["with a distance that is too large", [10, 0, 128, 128, 2, 0]],
  ])("throws a RecipeError for a column %s", (_, column) => {
    const plain = new Uint8Array(100);
    const shape = [{ plain, tokens: new Uint32Array() }];
    const attempt = (): unknown =>
      rebuild(model, { column: Uint8Array.from(column), shape, random: new SeededRandom(1) });
    expect(attempt).toThrow(RecipeError);
  });

  it("throws a RecipeError for a match in a stored block", () => {
    const shape = [{ plain: new Uint8Array(100), tokens: undefined }];
    const column = Uint8Array.of(10, 50, 0, 0);
    expect(() => rebuild(model, { column, shape, random: new SeededRandom(1) })).toThrow(
      RecipeError,
    );
  });

  it.each([
    ["without a state", { historyBytes: 0, state: [] }],
    ["beyond its corrections", { historyBytes: 0, state: [9, 0] }],
    ["that comes after its next correction", { historyBytes: 0, state: [0, 51] }],
  ])("throws a RecipeError for a restart %s", (_, restart) => {
    const shape = [{ plain: new Uint8Array(100), tokens: new Uint32Array() }];
    const column = Uint8Array.of(10, 50, 0, 0);
    const random = new SeededRandom(1);
    expect(() => rebuild(model, { column, shape, restart, random })).toThrow(RecipeError);
  });
});
