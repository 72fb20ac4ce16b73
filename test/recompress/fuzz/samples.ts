/** Streams to spoil: small ones of every encoder that has golden recipes, and some of encoders without a model. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { analyseStream } from "../../../src/recompress/analyse.ts";
import { GzipAnalyser } from "../../../src/recompress/gzip/gzip-analyser.ts";
import { restartPoints } from "../../../src/recompress/rebuild.ts";
import { encodeRecipe } from "../../../src/recompress/recipe.ts";
import type { StreamAnalyser } from "../../../src/recompress/stream-codec.ts";
import { ZstdAnalyser } from "../../../src/recompress/zstd/zstd-analyser.ts";
import { ZSTD_ENGINES } from "../../../src/recompress/zstd/zstd-engines.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { goldenInputNamed } from "../golden/golden-inputs.ts";
import { goldenPlain, rebuilt } from "../golden/golden-streams.ts";
import { readGoldenRecipes } from "../golden/golden-table.ts";
import { encodeLike } from "../zstd-codec/encode-like.ts";

/** What a trial begins with. */
export interface FuzzSample {
  readonly name: string;
  readonly stream: Uint8Array;
  readonly plain: Uint8Array;
  /** Of streams that have one. */
  readonly recipe: Uint8Array | undefined;
}

/** Small ones, of which most trials take theirs, and all. */
export interface FuzzSamples {
  readonly brief: readonly FuzzSample[];
  readonly all: readonly FuzzSample[];
}

/** @returns the samples; none is empty. */
export function fuzzSamples(): FuzzSamples {
  const brief = briefSamples();
  return { brief, all: [...brief, ...largerSamples()] };
}

const BRIEF_BYTES = 30_000;
const LEVELS = [1, 6, 9];

function briefSamples(): readonly FuzzSample[] {
  const plain = goldenInputNamed("small").make().subarray(0, BRIEF_BYTES);
  const gzip = LEVELS.map((level): FuzzSample => {
    const stream = gzipSync(plain, { level });
    return { name: `brief gzip ${level}`, plain, stream, recipe: recipeOf(stream) };
  });
  const zstd = ZSTD_ENGINES.map((engine): FuzzSample => {
    const stream = encodeLike(plain, { engine, windowBytes: WINDOW_BYTES });
    return { name: `brief zstd ${engine.id}`, plain, stream, recipe: recipeOf(stream) };
  });
  const kept = readGoldenRecipes().filter(({ input }) => input === "tiny");
  const indexed = kept.map(({ encoder, input, recipe }): FuzzSample => {
    const indexedPlain = goldenPlain(encoder, input);
    const stream = rebuilt(recipe, indexedPlain);
    return { name: `brief ${encoder}`, plain: indexedPlain, stream, recipe };
  });
  return [...gzip, ...zstd, ...indexed];
}

function recipeOf(stream: Uint8Array): Uint8Array | undefined {
  const analyser = analyseStream(() => undefined);
  analyser.write(stream);
  const outcome = analyser.end();
  return outcome.kind === "raw" ? undefined : encodeRecipe(outcome.recipe);
}

function largerSamples(): readonly FuzzSample[] {
  const plain = goldenInputNamed("small").make();
  const golden = readGoldenRecipes().filter(({ input }) => input === "small");
  return [
    ...golden.map(({ encoder, recipe }) => {
      return { name: encoder, plain, recipe, stream: rebuilt(recipe, plain) };
    }),
    { name: "node gzip", plain, recipe: undefined, stream: gzipSync(plain) },
    { name: "node zstd", plain, recipe: undefined, stream: zstdCompressSync(plain) },
    ...withoutLevels(plain),
    ...withRestarts(),
  ];
}

const WINDOW_BYTES = 128 * 1024;

const WITH_RESTARTS = ["go-1.26-6", "go-1.27-6", "pgzip-default", "zlib-6"];

/**
 * Restarts nearer to one another than those of any real recipe. The gzip streams are of 3 MB all the same:
 * the first MiB has none. So their trials are slow, but there are few of them.
 */
function withRestarts(): readonly FuzzSample[] {
  const onPlain = (): void => undefined;
  const large = goldenInputNamed("layer").make();
  const golden = readGoldenRecipes().filter(
    ({ encoder, input }) => input === "layer" && WITH_RESTARTS.includes(encoder),
  );
  const gzip = golden.map(({ encoder, recipe: whole }): FuzzSample => {
    const stream = rebuilt(whole, large);
    const restartSpacing = { plainBytes: 100_000, streamBytes: 1 };
    const recipe = recipeBy(new GzipAnalyser({ onPlain, restartSpacing }), stream);
    return { name: `${encoder} with restarts`, plain: large, stream, recipe };
  });
  const plain = plainLayer({ seed: 8, sizeBytes: 2_000_000 });
  const zstd = ZSTD_ENGINES.slice(0, 4).map((engine): FuzzSample => {
    const stream = encodeLike(plain, { engine, windowBytes: WINDOW_BYTES });
    const restartSpacing = { spacingBytes: 300_000, warmUpBytes: 50_000 };
    const recipe = recipeBy(new ZstdAnalyser({ onPlain, restartSpacing }), stream);
    return { name: `zstd ${engine.level} with restarts`, plain, stream, recipe };
  });
  return [...gzip, ...zstd];
}

/** @throws {Error} when the recipe has no restarts. */
function recipeBy(analyser: StreamAnalyser, stream: Uint8Array): Uint8Array {
  analyser.write(stream);
  const outcome = analyser.end();
  if (outcome.kind === "raw") throw new Error(`raw, because ${outcome.reason.text}`);
  if (restartPoints(outcome.recipe).length === 0) throw new Error("no restarts");
  return encodeRecipe(outcome.recipe);
}

/** Many members, many frames. */
function withoutLevels(plain: Uint8Array): readonly FuzzSample[] {
  const parts = [plain.subarray(0, 3000), plain.subarray(3000, 3500), plain.subarray(3500, 20_000)];
  const members = Buffer.concat(parts.map((part) => gzipSync(part)));
  const frames = Buffer.concat(parts.map((part) => zstdCompressSync(part)));
  return [
    { name: "members", plain, recipe: undefined, stream: members },
    { name: "frames", plain, recipe: undefined, stream: frames },
  ];
}
