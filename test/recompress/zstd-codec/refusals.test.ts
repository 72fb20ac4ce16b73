import { zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import type { Recipe } from "../../../src/recompress/recipe.ts";
import { ZstdAnalyser } from "../../../src/recompress/zstd/zstd-analyser.ts";
import { restartPoints } from "../../../src/recompress/zstd/zstd-restarts.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { analyse, cut, rebuild, recipeOf } from "./codec.ts";
import { encodeLike } from "./encode-like.ts";
import { TEST_ENGINES } from "./test-engines.ts";

const LAYER = plainLayer({ seed: 4, sizeBytes: 700_000 });
const [FIRST, , , LAST] = TEST_ENGINES;
if (FIRST === undefined || LAST === undefined) throw new Error("no engines");
const STREAM = encodeLike(LAYER, { engine: FIRST, frameEnds: [100_000, 100_100, 400_000] });

function reasonOf(pieces: readonly Uint8Array[], engines = TEST_ENGINES): string {
  const { outcome } = analyse(pieces, { engines });
  return outcome.kind === "raw" ? outcome.reason.kind : "exact";
}

describe("ZstdAnalyser says raw", () => {
  test.each(["", "28b5", "1f8b0800", "hello, world"])("of what is no zstd: %j", (text) => {
    expect(reasonOf([Buffer.from(text, "latin1")])).toBe("not-compressed");
  });

  test.each([5, 100, 5000, 50_000, STREAM.length - 1])("of a stream cut at %i", (size) => {
    expect(reasonOf(cut(STREAM.subarray(0, size), 1))).toBe("broken");
  });

  test("of bytes after the last frame", () => {
    expect(reasonOf([STREAM, Buffer.from("tail")])).toBe("broken");
  });

  test("of a changed checksum", () => {
    const last = STREAM.readUInt8(STREAM.length - 1);
    expect(reasonOf([STREAM.subarray(0, -1), Uint8Array.of(last ^ 1)])).toBe("broken");
  });

  test("of a frame with a dictionary", () => {
    expect(reasonOf([Buffer.from("28b52ffd21070161", "hex")])).toBe("unsupported");
  });

  test("of a run of no bytes, which plain bytes do not show", () => {
    expect(reasonOf([Buffer.from("28b52ffd2000" + "030000" + "61", "hex")])).toBe("unsupported");
  });

  test("of an encoder that is unknown, and asks for no more of it", () => {
    const stream = zstdCompressSync(plainLayer({ seed: 6, sizeBytes: 3_000_000 }));
    const analyser = new ZstdAnalyser({ engines: [LAST], onPlain: () => undefined });
    const wanted = cut(stream, 1, 4000).filter((piece) => analyser.write(piece));
    expect(wanted.length).toBeGreaterThan(0);
    expect(Buffer.concat(wanted).length).toBeLessThan(stream.length);
    expect(analyser.end()).toMatchObject({ kind: "raw", reason: { kind: "unknown-encoder" } });
  });

  test("of what would have a recipe that no rebuild reads", () => {
    const stream = encodeLike(LAYER.subarray(0, 5000), { engine: FIRST });
    const { outcome } = analyse([stream], { engines: [{ ...FIRST, windowBytes: 512 }] });
    expect(outcome).toMatchObject({ kind: "raw", reason: { kind: "unsupported" } });
  });

  test("when there is no engine at all", () => {
    expect(reasonOf([STREAM], [])).toBe("unknown-encoder");
  });
});

describe("ZstdRebuilder refuses", () => {
  const { recipe } = recipeOf(analyse([STREAM]).outcome);

  test("too few plain bytes", () => {
    expect(() => rebuild(recipe, [LAYER.subarray(1)])).toThrow(RecipeError);
    expect(() => rebuild(recipe, [])).toThrow(RecipeError);
  });

  test("too many plain bytes", () => {
    expect(() => rebuild(recipe, [LAYER, LAYER])).toThrow(RecipeError);
  });

  test("an engine that is not there, another format, another number of columns", () => {
    const [, ...others] = recipe.columns;
    const unknown = {
      ...recipe,
      columns: [Uint8Array.of(99, 128, 128, 8, 128, 8, 0, 0, 0, 0), ...others],
    };
    expect(() => rebuild(unknown, [LAYER])).toThrow("engine 99");
    expect(() => rebuild({ ...recipe, format: "gzip" }, [LAYER])).toThrow(RecipeError);
    expect(() => rebuild({ ...recipe, columns: others }, [LAYER])).toThrow(RecipeError);
  });

  test("a window beyond 64 MiB", () => {
    const [, ...others] = recipe.columns;
    const head = Uint8Array.of(11, 129, 128, 128, 32, 128, 128, 8, 0, 0, 0, 0);
    expect(() => rebuild({ ...recipe, columns: [head, ...others] }, [LAYER])).toThrow(RecipeError);
  });

  test("other plain bytes, or makes something of them, but neither crashes nor hangs", () => {
    const other = plainLayer({ seed: 5, sizeBytes: 700_000 });
    expect(resultOf(() => rebuild(recipe, [other]))).not.toEqual(STREAM);
  });

  test("columns that were changed, or makes another stream of them", () => {
    const random = new SeededRandom(17);
    const small = LAYER.subarray(0, 200_000);
    const restartSpacing = { spacingBytes: 20_000, warmUpBytes: 1 };
    const plan = { engine: FIRST, frameEnds: [30_000, 70_000] };
    const analysed = analyse([encodeLike(small, plan)], { restartSpacing });
    const sound = recipeOf(analysed.outcome).recipe;
    expect(restartPoints(sound).length).toBeGreaterThan(0);
    for (let trial = 0; trial < 100; trial++) {
      const changed = changedRecipe(sound, random);
      const restart = trial % 3 === 0 ? 0 : undefined;
      resultOf(() => rebuild(changed, [small], restart));
    }
  });
});

/** @returns what was made; `undefined` for a recipe that was refused. Any other error is passed on. */
function resultOf(make: () => Buffer): Buffer | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof RecipeError) return undefined;
    throw error;
  }
}

function changedRecipe(recipe: Recipe, random: SeededRandom): Recipe {
  const which = random.below(recipe.columns.length);
  const columns = recipe.columns.map((column, index) => {
    return index === which ? changedBytes(column, random) : column;
  });
  return { ...recipe, columns };
}

function changedBytes(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const at = random.below(bytes.length + 1);
  if (random.oneIn(3)) return changed.subarray(0, at);
  if (random.oneIn(3))
    return Uint8Array.of(...changed.subarray(0, at), random.below(256), ...changed.subarray(at));
  changed[at] = random.below(256);
  return changed;
}
