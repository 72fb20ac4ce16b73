import { constants, deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { GZIP_COLUMNS } from "../../../src/recompress/gzip/gzip-columns.ts";
import { GzipRebuilder } from "../../../src/recompress/gzip/gzip-rebuilder.ts";
import { decodeRecipe, encodeRecipe } from "../../../src/recompress/recipe.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { NotedTokenModel } from "../../fakes/noted-token-model.ts";
import type { NotedTokenModelOptions } from "../../fakes/noted-token-model.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { noteStream } from "./noted-stream.ts";
import type { NotedStream } from "./noted-stream.ts";

const BY_TOKENS: NotedTokenModelOptions = { sizeUnit: "tokens", treeRules: ["zlib"] };
const BY_BYTES: NotedTokenModelOptions = { sizeUnit: "bytes", treeRules: ["zlib"] };

const LAYER = plainLayer({ seed: 3, sizeBytes: 400_000 });
const RANDOM = randomBytes(150_000);

function randomBytes(size: number): Uint8Array {
  const random = new SeededRandom(9);
  return Uint8Array.from({ length: size }, () => random.below(256));
}

function rebuilt(noted: NotedStream, cut: () => number): Buffer {
  const parts: Uint8Array[] = [];
  const { recipe, engines, plain } = noted;
  const rebuilder = new GzipRebuilder({ recipe, engines, onBytes: (bytes) => parts.push(bytes) });
  for (let at = 0; at < plain.length;) {
    const size = cut();
    expect(rebuilder.write(plain.subarray(at, at + size))).toBe(true);
    at += size;
  }
  rebuilder.end();
  return Buffer.concat(parts);
}

function expectExact(stream: Uint8Array, options = BY_TOKENS): NotedStream {
  const noted = noteStream(stream, { model: new NotedTokenModel(options) });
  const random = new SeededRandom(stream.length);
  expect(rebuilt(noted, () => 1_000_000).equals(stream)).toBe(true);
  expect(rebuilt(noted, () => random.lowBelow(200_000)).equals(stream)).toBe(true);
  return noted;
}

function column(noted: NotedStream, name: (typeof GZIP_COLUMNS)[number]): Uint8Array {
  return noted.recipe.columns[GZIP_COLUMNS.indexOf(name)] ?? new Uint8Array(0);
}

describe("GzipRebuilder", () => {
  it.each([BY_TOKENS, BY_BYTES])("writes zlib's streams again, blocks counted %o", (options) => {
    for (const level of [0, 1, 6]) expectExact(gzipSync(LAYER, { level }), options);
    expectExact(gzipSync(RANDOM), options);
    expectExact(gzipSync(Buffer.concat([LAYER, RANDOM, LAYER])), options);
    for (const strategy of [constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE]) {
      expectExact(gzipSync(LAYER.subarray(0, 100_000), { strategy }), options);
    }
  });

  it("needs no trees in the recipe when a rule makes them, and takes them from it when none does", () => {
    const stream = gzipSync(LAYER);
    expect(column(expectExact(stream), "trees").length).toBe(0);
    const noRules = expectExact(stream, { ...BY_TOKENS, treeRules: ["go", "go-untrimmed"] });
    expect(column(noRules, "trees").length).toBeGreaterThan(500);
  });

  it("writes streams of no byte, of one, and with flushes within", () => {
    for (const size of [0, 1, 2, 258]) expectExact(gzipSync(LAYER.subarray(0, size)));
    for (const finishFlush of [constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH]) {
      const flushed = deflateRawSync(LAYER.subarray(0, 9000), { finishFlush });
      expectExact(asGzip(Buffer.concat([flushed, deflateRawSync(RANDOM.subarray(0, 300))])));
    }
  });

  it("writes many members, a tail, and a trailer that is not the usual one", () => {
    const random = new SeededRandom(2);
    const members = Array.from({ length: 60 }, () => {
      const from = random.below(LAYER.length);
      const level = random.pick([0, 1, 9]);
      return gzipSync(LAYER.subarray(from, from + random.lowBelow(20_000)), { level });
    });
    const wrong = gzipSync(LAYER.subarray(0, 5000));
    wrong.writeUInt32LE(12_345, wrong.length - 8);
    const tail = Buffer.alloc(700, 1);
    const noted = expectExact(Buffer.concat([...members, wrong, ...members, tail]));
    expect(column(noted, "headers").length).toBeLessThan(60 * 10);
    expect(column(noted, "trailers").length).toBe(8);
  });

  it("works with a model that can hold little, and through the recipe's encoding", () => {
    const stream = gzipSync(Buffer.concat([LAYER, RANDOM]));
    const noted = expectExact(stream, { ...BY_TOKENS, capacity: 1000 });
    const recipe = decodeRecipe(encodeRecipe(noted.recipe));
    expect(rebuilt({ ...noted, recipe }, () => 65_536).equals(stream)).toBe(true);
  });

  it("refuses plain bytes that do not fit the recipe", () => {
    const { recipe, engines } = noteStream(gzipSync(LAYER), {
      model: new NotedTokenModel(BY_TOKENS),
    });
    const write = (plain: Uint8Array) => () => {
      const rebuilder = new GzipRebuilder({ recipe, engines, onBytes: () => {} });
      rebuilder.write(plain);
      rebuilder.end();
    };
    expect(write(LAYER)).not.toThrow();
    expect(write(LAYER.subarray(1))).toThrow(RecipeError);
    expect(write(Buffer.concat([LAYER, LAYER.subarray(0, 1)]))).toThrow(RecipeError);
    expect(write(RANDOM)).toThrow(RecipeError);
    expect(write(new Uint8Array(0))).toThrow(RecipeError);
  });

  it("refuses a recipe that says another size of the stream or of the plain bytes", () => {
    const noted = noteStream(gzipSync(LAYER), { model: new NotedTokenModel(BY_TOKENS) });
    const { streamBytes, plainBytes } = noted.recipe;
    const sizes = [{ streamBytes: streamBytes + 1 }, { streamBytes: streamBytes - 1 }];
    for (const wrong of [...sizes, { plainBytes: plainBytes + 1 }, { plainBytes: 0 }]) {
      const recipe = { ...noted.recipe, ...wrong };
      expect(() => rebuilt({ ...noted, recipe }, () => 65_536)).toThrow(RecipeError);
    }
  });

  it("gives up when the model neither takes nor chooses", () => {
    const model = new NotedTokenModel({ ...BY_TOKENS, capacity: 100 });
    const noted = noteStream(gzipSync(LAYER), { model });
    expect(() => rebuilt(noted, () => 65_536)).toThrow("does not fit");
  });

  it("refuses recipes of other formats and of engines that are not here", () => {
    const { recipe, engines } = noteStream(gzipSync("hello"), {
      model: new NotedTokenModel(BY_TOKENS),
    });
    const onBytes = () => {};
    const zstd = { ...recipe, format: "zstd" as const };
    expect(() => new GzipRebuilder({ recipe: zstd, engines, onBytes })).toThrow(RecipeError);
    const short = { ...recipe, columns: recipe.columns.slice(1) };
    expect(() => new GzipRebuilder({ recipe: short, engines, onBytes })).toThrow(RecipeError);
    const rebuilder = new GzipRebuilder({ recipe, engines: [], onBytes });
    expect(() => rebuilder.write(Buffer.from("hello"))).toThrow("engine 7");
  });
});

/** A member without the right trailer. */
function asGzip(deflated: Uint8Array): Buffer {
  return Buffer.concat([gzipSync("").subarray(0, 10), deflated, Buffer.alloc(8)]);
}
