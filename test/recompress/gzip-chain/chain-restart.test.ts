import { describe, expect, it } from "vitest";
import { ColumnReader } from "../../../src/recompress/columns.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import type { TokenRestart } from "../../../src/recompress/gzip/token-model.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { inventTokens, mixedPlain, predict, rebuild } from "../gzip-segment/token-streams.ts";
import { CHAIN_MODELS, FRAMINGS } from "./chain-models.ts";

const plain = mixedPlain(21, 20_000);
const shape = [{ plain, tokens: inventTokens(plain, { seed: 21, matchOneIn: 3 }) }];
const zlib = CHAIN_MODELS[1]?.[1](NO_FRAMING);
const twice = [...shape, ...shape];
const LARGEST = Number.MAX_SAFE_INTEGER;

describe("ChainModel.producer()", () => {
  it.each([
    ["that ends within a number", [130]],
    ["that ends within a correction", [0]],
    ["with a match that is too long", [0, 129, 2, 0]],
    ["with a distance that is too large", [0, 20, 128, 128, 2]],
  ])("throws a RecipeError for a column %s", (_, column) => {
    const attempt = (): unknown =>
      zlib === undefined
        ? undefined
        : rebuild(zlib, { column: Uint8Array.from(column), shape, random: new SeededRandom(1) });
    expect(attempt).toThrow(RecipeError);
  });

  it("throws a RecipeError for a match beyond the end", () => {
    const short = [{ plain: Uint8Array.of(1, 2, 3), tokens: new Uint32Array() }];
    const column = Uint8Array.of(1, 6, 0);
    expect(() =>
      zlib === undefined
        ? []
        : rebuild(zlib, { column, shape: short, random: new SeededRandom(1) }),
    ).toThrow(RecipeError);
  });

  it.each([
    ["of another model", 0, [1, 2]],
    ["beyond its column", 0, [9, 0, 0, 0, 0, 0, 0]],
    ["later than its next correction", 0, [0, 1, 0, 0, 0, 0, 0]],
    ["with more dictionary than history", 5, [0, 0, 6, 0, 0, 0, 0]],
    ["with a match in hand that is too long", 0, [0, 0, 0, 0, 0, 260, 1]],
    ["with a match in hand from too far", 0, [0, 0, 0, 0, 0, 5, 32_769]],
    ["with a match in hand beyond the end", 0, [0, 0, 0, 0, 0, 250, 1]],
  ])("throws a RecipeError for a restart %s", (_, historyBytes, state) => {
    const column = Uint8Array.of(0, 0);
    const short = [{ plain: new Uint8Array(100), tokens: new Uint32Array() }];
    const restart = { historyBytes, state };
    const attempt = (): unknown => {
      if (zlib === undefined) return undefined;
      return rebuild(zlib, { column, shape: short, restart, random: new SeededRandom(1) });
    };
    expect(attempt).toThrow(RecipeError);
  });

  it("throws a RecipeError when the history before a restart is missing", () => {
    const restart = { historyBytes: 500, state: [0, 0, 0, 0, 0, 0, 0] };
    const producer = zlib?.producer(new ColumnReader(Uint8Array.of()), restart);
    producer?.take(new Uint8Array(100));
    producer?.end();
    const range = { from: 0, to: 10, untilByte: 10 };
    expect(() => producer?.produce(new Uint32Array(10), range)).toThrow(RecipeError);
  });

  it.each(CHAIN_MODELS)("tells of damage by no other error: %s", (_, create) => {
    for (const [seed, framing] of FRAMINGS.entries()) {
      const model = create(framing);
      const random = new SeededRandom(seed);
      const { column, restarts } = predict(model, twice);
      for (let trial = 0; trial < 5; trial++) {
        const damaged = damagedColumn(column, random);
        const restart = damagedRestart(restarts[1], random);
        const fromStretch = restart === undefined ? 0 : 1;
        const attempt = (): unknown =>
          rebuild(model, { column: damaged, shape: twice, restart, fromStretch, random });
        expect(failureOf(attempt)).toSatisfy(isNothingOrRecipeError);
      }
    }
  });
});

function damagedColumn(column: Uint8Array, random: SeededRandom): Uint8Array {
  const damaged = column.slice();
  for (let count = 0; count < 4; count++) damaged[random.below(column.length)] = random.word();
  return damaged;
}

function damagedRestart(
  restart: TokenRestart | undefined,
  random: SeededRandom,
): TokenRestart | undefined {
  if (restart === undefined || random.oneIn(3)) return undefined;
  const { historyBytes, state } = restart;
  const damage = (value: number): number => random.pick([0, 1, value + 1, LARGEST]);
  return { historyBytes, state: state.map((value) => (random.oneIn(4) ? damage(value) : value)) };
}

function failureOf(attempt: () => unknown): unknown {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return error;
  }
}

function isNothingOrRecipeError(failure: unknown): boolean {
  return failure === undefined || failure instanceof RecipeError;
}
