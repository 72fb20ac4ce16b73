import { describe, expect, it } from "vitest";
import { ColumnReader, ColumnWriter } from "../../../src/recompress/columns.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import type { TokenModel } from "../../../src/recompress/gzip/token-model.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import {
  bytesOf,
  cut,
  intoStretches,
  inventTokens,
  mixedPlain,
  predict,
  rebuild,
} from "../gzip-segment/token-streams.ts";
import type { Stretch } from "../gzip-segment/token-streams.ts";
import { CHAIN_MODELS, FRAMINGS } from "./chain-models.ts";

const CASES = CHAIN_MODELS.flatMap(([name, create]) =>
  FRAMINGS.map((framing) => ({
    name: framing.kind === "none" ? name : `${name} in blocks of ${framing.blockBytes}`,
    model: create(framing),
  })),
);

/** The tokens that the model chooses of itself. */
function ownTokens(model: TokenModel, plain: Uint8Array): Uint32Array {
  const shape = [{ plain, tokens: new Uint32Array() }];
  const random = new SeededRandom(9);
  const [tokens] = rebuild(model, { column: new Uint8Array(), shape, random });
  return tokens ?? new Uint32Array();
}

function tokensOf(shape: readonly Stretch[]): readonly (Uint32Array | undefined)[] {
  return shape.map(({ tokens }) => tokens);
}

function modelOf(name: string, framing: Framing = NO_FRAMING): TokenModel {
  const model = CHAIN_MODELS.find(([one]) => one === name)?.[1](framing);
  if (model === undefined) throw new RangeError(`no model is named ${name}`);
  return model;
}

describe("ChainModel", () => {
  it.each(CASES)("notes nothing of its own tokens, however they are cut: $name", ({ model }) => {
    const plain = mixedPlain(1, 120_000);
    const whole = [{ plain, tokens: ownTokens(model, plain) }];
    for (const shape of [whole, cut(whole, new SeededRandom(2))]) {
      const { corrections, column } = predict(model, shape);
      expect([corrections, column.length]).toEqual([0, 0]);
    }
  });

  it.each(CASES)("gives tokens of another encoder back: $name", ({ model }) => {
    for (const seed of [3, 4]) {
      const plain = mixedPlain(seed, 60_000);
      const random = new SeededRandom(seed);
      const shape = intoStretches(plain, inventTokens(plain, { seed, matchOneIn: seed }), random);
      const { corrections, column } = predict(model, shape);
      expect(corrections).toBeGreaterThan(0);
      expect(rebuild(model, { column, shape, random })).toEqual(tokensOf(shape));
    }
  });

  it.each(CASES)("gives tokens with few errors back: $name", ({ model }) => {
    const plain = mixedPlain(5, 80_000);
    const random = new SeededRandom(5);
    const wrong = withErrors(ownTokens(model, plain), plain, random);
    const shape = intoStretches(plain, wrong, random);
    const { corrections, column } = predict(model, shape);
    expect(corrections).toBeGreaterThan(0);
    expect(rebuild(model, { column, shape, random })).toEqual(tokensOf(shape));
  });

  it.each(CASES)("begins again wherever it says that it can: $name", ({ model }) => {
    const plain = mixedPlain(6, 150_000);
    const random = new SeededRandom(6);
    const wrong = withErrors(ownTokens(model, plain), plain, random);
    const shape = inStretches(plain, wrong, 12);
    const { column, restarts } = predict(model, shape);
    expect(restarts.length).toBe(shape.length);
    let proved = 0;
    for (const [fromStretch, restart] of restarts.entries()) {
      if (restart === undefined) continue;
      proved++;
      const rebuilt = rebuild(model, { column, shape, restart, fromStretch, random });
      expect(rebuilt).toEqual(tokensOf(shape.slice(fromStretch)));
    }
    expect(proved).toBeGreaterThan(0);
  });

  it.each(["zlib 6", "GNU gzip 5", "Go 6"])(
    "can begin again anywhere when the encoder is lazy: %s",
    (name) => {
      const model = modelOf(name);
      const plain = mixedPlain(7, 200_000);
      const tokens = inventTokens(plain, { seed: 7, matchOneIn: 3 });
      const shape = intoStretches(plain, tokens, new SeededRandom(7)).filter(
        (stretch) => stretch.tokens !== undefined,
      );
      const { restarts } = predict(model, shape);
      expect(restarts).not.toContain(undefined);
    },
  );

  it.each(CHAIN_MODELS)("lets its window slide unseen: %s", (_, create) => {
    const model = create(NO_FRAMING);
    const plain = spoiltCopies(mixedPlain(8, 30_000), 40);
    const shape = inStretches(plain, ownTokens(model, plain), 40);
    const { corrections, column, restarts } = predict(model, shape);
    expect([corrections, column.length]).toEqual([0, 0]);
    const fromStretch = restarts.findLastIndex((restart) => restart !== undefined);
    const restart = restarts[fromStretch];
    const random = new SeededRandom(10);
    const rebuilt = rebuild(model, { column, shape, restart, fromStretch, random });
    expect(rebuilt).toEqual(tokensOf(shape.slice(fromStretch)));
  });

  it.each(CHAIN_MODELS)("uses its engines again for other members: %s", (_, create) => {
    const model = create(NO_FRAMING);
    for (const sizeBytes of [0, 1, 2, 3, 4, 5, 300, 40_000, 7]) {
      const plain = mixedPlain(sizeBytes, sizeBytes);
      const tokens = ownTokens(create(NO_FRAMING), plain);
      const shape = tokens.length === 0 ? [] : [{ plain, tokens }];
      const { corrections, column } = predict(model, shape);
      expect(corrections).toBe(0);
      const random = new SeededRandom(1);
      expect(rebuild(model, { column, shape, random })).toEqual(tokensOf(shape));
    }
  });

  it("takes blocks that no tool makes for none", () => {
    const plain = mixedPlain(9, 60_000);
    const tiny: Framing = { kind: "blocks", blockBytes: 1, historyBytes: 32_768 };
    expect(ownTokens(modelOf("zlib 6", tiny), plain)).toEqual(ownTokens(modelOf("zlib 6"), plain));
  });

  it("chooses in a block as if it ended with it", () => {
    const plain = new Uint8Array(100_000);
    const framing: Framing = { kind: "blocks", blockBytes: 50_000, historyBytes: 0 };
    const half = ownTokens(modelOf("Go 6"), plain.subarray(0, 50_000));
    const both = ownTokens(modelOf("Go 6", framing), plain);
    expect(both).toEqual(Uint32Array.from([...half, ...half]));
  });

  it("has no room for more bytes than it says", () => {
    const producer = modelOf("zlib 1").producer(new ColumnReader(new Uint8Array()));
    expect(() => {
      producer.take(new Uint8Array(producer.free + 1));
    }).toThrow("room");
  });

  it("does not wait for ever for tokens that are missing", () => {
    const predictor = modelOf("zlib 1").predictor(new ColumnWriter());
    expect(() => {
      predictor.take(new Uint8Array(4_000_000), Uint32Array.of(0));
    }).toThrow("stand for");
  });
});

/** Copies of a piece, each with other bytes spoilt. */
function spoiltCopies(piece: Uint8Array, count: number): Uint8Array {
  const random = new SeededRandom(8);
  const plain = Buffer.concat(Array.from({ length: count }, () => piece));
  for (let spoilt = 0; spoilt < plain.length / 100; spoilt++) {
    plain[random.below(plain.length)] = random.word();
  }
  return plain;
}

/** Makes one in a thousand matches a literal, or shorter. */
function withErrors(tokens: Uint32Array, plain: Uint8Array, random: SeededRandom): Uint32Array {
  const wrong: number[] = [];
  let at = 0;
  for (const token of tokens) {
    const length = token < 256 ? 1 : token >>> 16;
    if (length > 4 && random.oneIn(200)) {
      wrong.push(plain[at] ?? 0, token - 0x10000);
    } else wrong.push(token);
    at += length;
  }
  return Uint32Array.from(wrong);
}

/** Cuts tokens into a few stretches; one in four is stored. */
function inStretches(plain: Uint8Array, tokens: Uint32Array, count: number): readonly Stretch[] {
  const size = Math.ceil(tokens.length / count);
  let at = 0;
  return Array.from({ length: count }, (_, index) => {
    const run = tokens.subarray(index * size, (index + 1) * size);
    const piece = plain.subarray(at, at + bytesOf(run));
    at += piece.length;
    return { plain: piece, tokens: index % 4 === 2 ? undefined : run };
  });
}
