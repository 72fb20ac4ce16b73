import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ZSTD_COLUMNS } from "../../../src/recompress/zstd/zstd-columns.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { handFrame } from "../zstd-decode/frame-bytes.ts";
import { analyse, cut, ENGINES, fileBorders, rebuild, recipeOf } from "./codec.ts";
import { encodeLike } from "./encode-like.ts";
import { TEST_ENGINES } from "./test-engines.ts";

const LAYER = plainLayer({ seed: 3, sizeBytes: 600_000 });
const SMALL = LAYER.subarray(0, 60_000);
const [FIRST] = TEST_ENGINES;
if (FIRST === undefined) throw new Error("no engines");

describe("a stream of a known encoder", () => {
  test.each(ENGINES)("of speed $level, id $id, is found, costs little and is rebuilt", (engine) => {
    const stream = encodeLike(LAYER, { engine });
    expect(zstdDecompressSync(stream).equals(LAYER)).toBe(true);
    const { outcome, plain } = analyse(cut(stream, engine.id), { engines: ENGINES });
    const { recipe, findings } = recipeOf(outcome);
    expect(plain.equals(LAYER)).toBe(true);
    expect(findings).toMatchObject({ level: engine.level, corrections: 0, framing: "one frame" });
    expect(findings.encoder).toBe(engine.encoder);
    expect(recipe.columns.reduce((sum, column) => sum + column.length, 0)).toBeLessThan(100);
    expect(rebuild(recipe, cut(LAYER, engine.id + 1)).equals(stream)).toBe(true);
  });

  test.each([1, 2, 3])("has the same recipe however it is cut (%i)", (seed) => {
    const stream = encodeLike(LAYER, { engine: FIRST });
    const whole = recipeOf(analyse([stream]).outcome).recipe;
    expect(recipeOf(analyse(cut(stream, seed, 3 ** seed)).outcome).recipe).toEqual(whole);
    expect(rebuild(whole, cut(LAYER, seed, 10 ** seed)).equals(stream)).toBe(true);
  });

  test.each([0, 1, 15, 300, 1024, 1025, 65_536, 131_072, 262_144])(
    "may be as short as %i bytes",
    (size) => {
      const plain = LAYER.subarray(0, size);
      const stream = encodeLike(plain, { engine: FIRST });
      const { recipe, findings } = recipeOf(analyse([stream]).outcome);
      expect(findings.corrections).toBe(0);
      expect(rebuild(recipe, [plain]).equals(stream)).toBe(true);
    },
  );

  test("may have a short first block, no checksum, and skippable frames around", () => {
    const skippable = Buffer.from("502a4d1805000000aabbccddee", "hex");
    const empty = Buffer.from("5f2a4d1800000000", "hex");
    const frame = encodeLike(LAYER, {
      engine: FIRST,
      firstBlockBytes: 7000,
      withoutChecksum: true,
    });
    const stream = Buffer.concat([skippable, empty, frame, skippable]);
    const { recipe, findings } = recipeOf(analyse(cut(stream, 5)).outcome);
    expect(findings.corrections).toBe(0);
    expect(rebuild(recipe, cut(LAYER, 6)).equals(stream)).toBe(true);
  });

  test("may raise its window from frame to frame", () => {
    const narrow = encodeLike(SMALL, { engine: FIRST, windowBytes: 65_536, frameEnds: [30_000] });
    const wide = [1, 4].map((factor) => {
      return encodeLike(LAYER, { engine: FIRST, windowBytes: factor * 262_144 });
    });
    const stream = Buffer.concat([narrow, ...wide]);
    const plain = Buffer.concat([SMALL, LAYER, LAYER]);
    const { recipe, findings } = recipeOf(analyse(cut(stream, 5)).outcome);
    expect(findings.corrections).toBe(0);
    expect(rebuild(recipe, cut(plain, 6)).equals(stream)).toBe(true);
  });

  test.each([1, 5])("may have no block but empty ones, %i and a last one", (count) => {
    const blocks = Array.from({ length: count + 1 }, () => ({ type: 0, bytes: [] }) as const);
    const stream = handFrame({ blocks });
    const { recipe } = recipeOf(analyse([stream]).outcome);
    expect(rebuild(recipe, []).equals(stream)).toBe(true);
  });

  test("may work in jobs", () => {
    const jobBytes = 512 * 1024;
    const layer = plainLayer({ seed: 5, sizeBytes: 1_500_000 });
    const stream = encodeLike(layer, { engine: FIRST, jobBytes, frameEnds: [200_000] });
    const alone = encodeLike(layer, { engine: FIRST, frameEnds: [200_000] });
    expect(stream.equals(alone)).toBe(false);
    const { recipe, findings } = recipeOf(analyse(cut(stream, 5)).outcome);
    expect(findings.corrections).toBe(0);
    expect(rebuild(recipe, cut(layer, 6)).equals(stream)).toBe(true);
  });
});

describe("a stream of many frames", () => {
  test("that end at the files of the tar costs next to nothing for each", () => {
    const frameEnds = fileBorders(LAYER);
    expect(frameEnds.length).toBeGreaterThan(50);
    const stream = encodeLike(LAYER, { engine: FIRST, frameEnds });
    const { recipe, findings } = recipeOf(analyse(cut(stream, 1)).outcome);
    expect(findings).toMatchObject({ corrections: 0, framing: `${frameEnds.length + 1} frames` });
    expect(recipe.columns[ZSTD_COLUMNS.indexOf("blocks")]?.length).toBe(0);
    expect(rebuild(recipe, cut(LAYER, 2, 700)).equals(stream)).toBe(true);
  });

  test("is named zstd:chunked when it has that footer", () => {
    const frames = encodeLike(SMALL, { engine: FIRST, frameEnds: [30_000] });
    const footer = Buffer.concat([
      Buffer.from("502a4d180a000000", "hex"),
      Buffer.from("..GNUlInUx"),
    ]);
    const stream = Buffer.concat([frames, footer]);
    const { recipe, findings } = recipeOf(analyse(cut(stream, 1, 5000)).outcome);
    expect(findings.framing).toBe("2 frames (zstd:chunked)");
    expect(rebuild(recipe, [SMALL]).equals(stream)).toBe(true);
  });

  test("that end anywhere is rebuilt as well", () => {
    const frameEnds = [1, 2, 511, 513, 131_585, 131_585, 400_000];
    const stream = encodeLike(LAYER, { engine: FIRST, frameEnds });
    const { recipe, findings } = recipeOf(analyse(cut(stream, 1)).outcome);
    expect(findings.corrections).toBe(0);
    expect(rebuild(recipe, cut(LAYER, 2)).equals(stream)).toBe(true);
  });
});

describe("a stream of libzstd", () => {
  test.each([-5, 1, 3, 9, 19])("at level %i is rebuilt, or said to be raw", (level) => {
    const params = {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: level % 2,
    };
    const stream = zstdCompressSync(SMALL, { params });
    const { outcome } = analyse(cut(stream, 1, 100));
    if (outcome.kind === "raw") {
      expect(outcome.reason.kind).toBe("unknown-encoder");
      return;
    }
    expect(outcome.findings.corrections).toBeGreaterThan(0);
    expect(rebuild(recipeOf(outcome).recipe, cut(SMALL, 2)).equals(stream)).toBe(true);
  });
});
