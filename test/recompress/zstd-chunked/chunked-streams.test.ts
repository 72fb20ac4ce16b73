import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { planRebuild } from "../../../src/recompress/rebuild-plan.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import type { Recipe } from "../../../src/recompress/recipe.ts";
import { ZSTD_COLUMNS } from "../../../src/recompress/zstd/zstd-columns.ts";
import { ZSTD_ENGINES } from "../../../src/recompress/zstd/zstd-engines.ts";
import { restartPoints } from "../../../src/recompress/zstd/zstd-restarts.ts";
import { ZstdRebuilder } from "../../../src/recompress/zstd/zstd-rebuilder.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { analyse, cut, rebuild, recipeOf } from "../zstd-codec/codec.ts";
import { chunkedStream, ENGINE, skippable } from "./chunked-stream.ts";

const LAYER = plainLayer({ seed: 31, sizeBytes: 400_000 });
const SPACING = { spacingBytes: 100_000, warmUpBytes: 10_000_000 };

function sizeOf({ columns }: Recipe): number {
  return columns.reduce((sum, { length }) => sum + length, 0);
}

function column({ columns }: Recipe, name: (typeof ZSTD_COLUMNS)[number]): Uint8Array {
  return columns[ZSTD_COLUMNS.indexOf(name)] ?? new Uint8Array(0);
}

describe("a stream of zstd:chunked", () => {
  test("that containers/storage wrote costs next to nothing, and is rebuilt", () => {
    const file = new URL("containers-storage-1.59.1.tar.zst", import.meta.url);
    const stream = readFileSync(file);
    const { outcome, plain } = analyse(cut(stream, 1), { engines: ZSTD_ENGINES });
    const { recipe, findings } = recipeOf(outcome);
    expect(plain.equals(plainLayer({ seed: 23, sizeBytes: 200_000 }))).toBe(true);
    expect(findings).toMatchObject({ corrections: 0, framing: "48 frames (zstd:chunked)" });
    expect(column(recipe, "bytes").length).toBe(72);
    expect(column(recipe, "documents").length).toBeLessThan(200);
    const again: Uint8Array[] = [];
    const rebuilder = new ZstdRebuilder({ recipe, onBytes: (bytes) => again.push(bytes.slice()) });
    for (const piece of cut(plain, 2)) rebuilder.write(piece);
    rebuilder.end();
    expect(Buffer.concat(again).equals(stream)).toBe(true);
  });

  test.each([1, 2, 3])("has the same recipe and rebuild however they are cut (%i)", (seed) => {
    const stream = chunkedStream(LAYER);
    const { recipe } = recipeOf(analyse([stream]).outcome);
    expect(recipeOf(analyse(cut(stream, seed, 3 ** seed)).outcome).recipe).toEqual(recipe);
    expect(rebuild(recipe, cut(LAYER, seed, 10 ** seed)).equals(stream)).toBe(true);
  });

  test.each(["toc", "early-toc", "tar-split"] as const)("may have a %s alone", (kind) => {
    const stream = chunkedStream(LAYER, { documents: [kind] });
    const { recipe } = recipeOf(analyse(cut(stream, 1)).outcome);
    expect(column(recipe, "documents").length).toBeLessThan(200);
    expect(rebuild(recipe, cut(LAYER, 2)).equals(stream)).toBe(true);
  });

  test("may have documents that differ, at a higher price", () => {
    const stream = chunkedStream(LAYER, {
      change: (document) => document.replaceAll('"offset"', '"place"'),
    });
    const { recipe } = recipeOf(analyse(cut(stream, 1)).outcome);
    expect(column(recipe, "bytes").length).toBeLessThan(100);
    expect(rebuild(recipe, cut(LAYER, 2)).equals(stream)).toBe(true);
  });

  test("keeps documents as they are that no engine wrote, or too many of them", () => {
    const random = new SeededRandom(5);
    const noise = Buffer.from(Array.from({ length: 3000 }, () => random.below(256)));
    const content = Buffer.concat([Buffer.from("28b52ffd", "hex"), noise]);
    const plain = chunkedStream(LAYER, { documents: [] });
    const one = Buffer.concat([plain, skippable(content)]);
    const { recipe } = recipeOf(analyse(cut(one, 1)).outcome);
    expect(column(recipe, "documents").length).toBe(0);
    expect(rebuild(recipe, cut(LAYER, 2)).equals(one)).toBe(true);
    const documents = Array.from({ length: 6 }, () => "toc" as const);
    const many = chunkedStream(LAYER, { documents });
    const kept = recipeOf(analyse(cut(many, 1)).outcome).recipe;
    expect(column(kept, "bytes").length).toBeGreaterThan(500);
    expect(rebuild(kept, cut(LAYER, 2)).equals(many)).toBe(true);
  });

  test("that is one frame has no documents to foretell", () => {
    const stream = chunkedStream(LAYER, { frameEnds: [] });
    const { recipe } = recipeOf(analyse(cut(stream, 1)).outcome);
    expect(column(recipe, "documents").length).toBe(0);
    expect(rebuild(recipe, cut(LAYER, 2)).equals(stream)).toBe(true);
  });

  test("may go on behind its documents", () => {
    const first = chunkedStream(LAYER, { documents: ["toc"] });
    const stream = Buffer.concat([first, chunkedStream(LAYER, { documents: [] })]);
    const { recipe } = recipeOf(analyse(cut(stream, 1), { restartSpacing: SPACING }).outcome);
    expect(column(recipe, "documents").length).toBeGreaterThan(0);
    expect(rebuild(recipe, [LAYER, LAYER]).equals(stream)).toBe(true);
    const points = restartPoints(recipe);
    expect(points.at(-1)).toMatchObject({ plainFrom: 0, plainAt: LAYER.length });
    const tail = rebuild(recipe, [LAYER, LAYER], points.length - 1);
    expect(tail.equals(stream.subarray(points.at(-1)?.streamByte))).toBe(true);
  });
});

describe("restarts of zstd:chunked", () => {
  const stream = chunkedStream(LAYER);
  const { recipe } = recipeOf(analyse([stream], { restartSpacing: SPACING }).outcome);
  const points = restartPoints(recipe);

  test("end with one where the documents begin, which needs all plain bytes", () => {
    expect(points.length).toBeGreaterThan(2);
    const last = points.length - 1;
    expect(points[last]).toMatchObject({ plainFrom: 0, plainAt: LAYER.length });
    const tail = rebuild(recipe, cut(LAYER, 3), last);
    expect(tail.equals(stream.subarray(points[last]?.streamByte))).toBe(true);
    expect(tail.length).toBeGreaterThan(1000);
    expect(tail.subarray(1, 4).toString("hex")).toBe("2a4d18");
  });

  test("make no pieces, for the last would be as much work as all", () => {
    expect(planRebuild(recipe, 1)).toMatchObject([{ plainFrom: 0, plainEnd: LAYER.length }]);
  });

  test("in the tar lead to that place and no further", () => {
    const end = points.at(-1)?.streamByte ?? 0;
    for (const [index, { plainFrom, streamByte }] of points.slice(0, -1).entries()) {
      const made: Uint8Array[] = [];
      const rebuilder = new ZstdRebuilder({
        recipe,
        engines: [ENGINE],
        restart: index,
        onBytes: (bytes) => made.push(bytes.slice()),
      });
      expect(() => rebuilder.write(LAYER.subarray(plainFrom))).toThrow(RecipeError);
      expect(Buffer.concat(made).equals(stream.subarray(streamByte, end))).toBe(true);
    }
  });
});

test("a changed record of a document is refused, or makes another stream", () => {
  const small = LAYER.subarray(0, 60_000);
  const stream = chunkedStream(small);
  const { recipe } = recipeOf(analyse([stream]).outcome);
  const sound = column(recipe, "documents");
  const random = new SeededRandom(9);
  expect(sizeOf(recipe)).toBeLessThan(1000);
  for (let trial = 0; trial < 60; trial++) {
    const changed = Uint8Array.from(sound);
    changed[random.below(changed.length)] = random.below(256);
    const documents = random.oneIn(5) ? changed.subarray(0, random.below(changed.length)) : changed;
    const columns = recipe.columns.map((old) => (old === sound ? documents : old));
    try {
      rebuild({ ...recipe, columns }, [small]);
    } catch (error) {
      expect(error).toBeInstanceOf(RecipeError);
    }
  }
});
