import { describe, expect, it } from "vitest";
import { GzipAnalyser } from "../../../src/recompress/gzip/gzip-analyser.ts";
import { GZIP_COLUMNS } from "../../../src/recompress/gzip/gzip-columns.ts";
import { GZIP_ENGINES } from "../../../src/recompress/gzip/gzip-engines.ts";
import { GzipRebuilder } from "../../../src/recompress/gzip/gzip-rebuilder.ts";
import { gzipRestarts } from "../../../src/recompress/gzip/gzip-restarts.ts";
import type { GzipRestart } from "../../../src/recompress/gzip/gzip-restarts.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { decodeRecipe } from "../../../src/recompress/recipe.ts";
import type { Recipe } from "../../../src/recompress/recipe.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { goldenInputNamed } from "../golden/golden-inputs.ts";
import { rebuilt } from "../golden/golden-streams.ts";
import { readGoldenRecipes } from "../golden/golden-table.ts";

const FORETOLD = 3;
const STORED_CUT = 24;
const FINAL = 4;
const ENGINES = GZIP_ENGINES.filter(({ encoder }) => encoder === "GNU gzip");

interface Golden {
  readonly plain: Uint8Array;
  readonly stream: Uint8Array;
}

/** What the real encoder wrote. */
function golden(encoder: string, input: string): Golden {
  const plain = goldenInputNamed(input).make();
  const recipe = readGoldenRecipes().find(
    (each) => each.encoder === encoder && each.input === input,
  )?.recipe;
  if (recipe === undefined) throw new Error(`no golden recipe of ${encoder} for ${input}`);
  return { plain, stream: rebuilt(recipe, plain) };
}

interface Analysis {
  readonly level: string;
  readonly pieceBytes?: () => number;
  readonly spacingBytes?: number;
}

function recipeOf(stream: Uint8Array, analysis: Analysis): Recipe {
  const { level, pieceBytes = () => 65_536, spacingBytes = 1e9 } = analysis;
  const analyser = new GzipAnalyser({
    engines: ENGINES.filter((engine) => engine.level === level),
    onPlain: () => undefined,
    restartSpacing: { plainBytes: spacingBytes, streamBytes: 0 },
  });
  for (let at = 0; at < stream.length;) {
    const piece = stream.subarray(at, at + pieceBytes());
    at += piece.length;
    analyser.write(piece);
  }
  const outcome = analyser.end();
  if (outcome.kind === "raw") throw new Error(outcome.reason.text);
  return outcome.recipe;
}

function column(recipe: Recipe, name: (typeof GZIP_COLUMNS)[number]): Uint8Array {
  return recipe.columns[GZIP_COLUMNS.indexOf(name)] ?? new Uint8Array(0);
}

function withColumn(recipe: Recipe, name: string, bytes: readonly number[]): Recipe {
  const columns = recipe.columns.map((old, index) =>
    GZIP_COLUMNS[index] === name ? Uint8Array.from(bytes) : old,
  );
  return { ...recipe, columns };
}

interface Part {
  readonly from?: GzipRestart | undefined;
  readonly until?: GzipRestart | undefined;
  readonly pieceBytes?: () => number;
}

function rebuild(recipe: Recipe, plain: Uint8Array, part: Part = {}): Buffer {
  const { from, until, pieceBytes = () => 50_000 } = part;
  const pieces: Uint8Array[] = [];
  const onBytes = (bytes: Uint8Array) => void pieces.push(bytes.slice());
  const rebuilder = new GzipRebuilder({ recipe, engines: ENGINES, onBytes, from, until });
  let at = (from?.plainByte ?? 0) - (from?.tokens?.historyBytes ?? 0);
  for (let needsMore = true; at < plain.length && needsMore;) {
    const piece = plain.subarray(at, at + pieceBytes());
    at += piece.length;
    needsMore = rebuilder.write(piece);
  }
  rebuilder.end();
  return Buffer.concat(pieces);
}

/** Writes the stream in the parts that its restarts make. */
function rebuildInParts(recipe: Recipe, plain: Uint8Array): Buffer {
  const restarts = gzipRestarts(recipe);
  const stream = Buffer.alloc(recipe.streamBytes);
  for (const [index, from] of [undefined, ...restarts].entries()) {
    let at = from?.streamByte ?? 0;
    for (const byte of rebuild(recipe, plain, { from, until: restarts[index] })) {
      stream[at] = (stream[at] ?? 0) | byte;
      at++;
    }
  }
  return stream;
}

describe("foretold blocks", () => {
  it.each([
    ["gnu-rsyncable", "6", "layer"],
    ["gnu-rsyncable-3", "3", "runs"],
    ["gnu-rsyncable-9", "9", "zeros"],
  ])("say nothing of what %s cuts by content (level %s, %s)", (encoder, level, input) => {
    const { plain, stream } = golden(encoder, input);
    const recipe = recipeOf(stream, { level });
    const records = column(recipe, "blocks");
    expect(records.length).toBeGreaterThan(100);
    expect([...records.subarray(0, -1)].every((one) => one === FORETOLD)).toBe(true);
    expect(column(recipe, "sizes")).toHaveLength(0);
    expect(column(recipe, "trees")).toHaveLength(0);
    const random = new SeededRandom(2);
    const pieceBytes = () => 1 + random.below(20_000);
    expect(rebuild(recipe, plain, { pieceBytes }).equals(stream)).toBe(true);
  });

  it("end stored blocks where a cut is due", () => {
    const { plain, stream } = golden("gnu-rsyncable", "random");
    const recipe = recipeOf(stream, { level: "6" });
    const records = [...column(recipe, "blocks")];
    expect(records.filter((one) => one === STORED_CUT).length).toBeGreaterThan(60);
    for (const size of [1000, 65_536, 300_000]) {
      expect(rebuild(recipe, plain, { pieceBytes: () => size }).equals(stream)).toBe(true);
    }
  });

  it("do not depend on how the stream came", () => {
    const { stream } = golden("gnu-rsyncable", "small");
    const whole = recipeOf(stream, { level: "6" });
    const random = new SeededRandom(9);
    const cut = recipeOf(stream, { level: "6", pieceBytes: () => 1 + random.below(300) });
    expect(cut).toEqual(whole);
  });

  it("let a rebuild begin between them, after the mark that belongs to one", () => {
    const { plain, stream } = golden("gnu-rsyncable-1", "layer");
    const recipe = recipeOf(stream, { level: "1", spacingBytes: 200_000 });
    expect(gzipRestarts(recipe).length).toBeGreaterThan(5);
    expect(rebuildInParts(recipe, plain).equals(stream)).toBe(true);
    const noise = golden("gnu-rsyncable-1", "random");
    const ofNoise = recipeOf(noise.stream, { level: "1", spacingBytes: 50_000 });
    expect(rebuildInParts(ofNoise, noise.plain).equals(noise.stream)).toBe(true);
  });

  it("leave to be told what the rule does not foretell", () => {
    const { plain, stream } = golden("gnu-1", "layer");
    const recipe = recipeOf(stream, { level: "1" });
    const records = [...column(recipe, "blocks")];
    expect(records.filter((one) => one !== FORETOLD).length).toBeGreaterThan(5);
    expect(rebuild(recipe, plain).equals(stream)).toBe(true);
  });

  it("are refused where they cannot be", () => {
    const { plain, stream } = golden("gnu-rsyncable", "small");
    const recipe = recipeOf(stream, { level: "6" });
    const records = [...column(recipe, "blocks")];
    const told = (bytes: readonly number[]) => () =>
      rebuild(withColumn(recipe, "blocks", bytes), plain);
    expect(told(records)().equals(stream)).toBe(true);
    const last = records.slice(0, -1);
    expect(told([...last, FORETOLD])).toThrow(RecipeError);
    expect(told([...last, STORED_CUT])).toThrow(RecipeError);
    expect(told([...last, FORETOLD + FINAL])).toThrow(RecipeError);
    expect(told([STORED_CUT, ...records.slice(1)])).toThrow(RecipeError);
  });

  it("are refused of an encoder without a rule", () => {
    const goldenGo = readGoldenRecipes().find(
      ({ encoder, input }) => encoder === "go-1.26-6" && input === "small",
    );
    if (goldenGo === undefined) throw new Error("there is one");
    const recipe = withColumn(decodeRecipe(goldenGo.recipe), "blocks", [FORETOLD]);
    const rebuilder = new GzipRebuilder({
      recipe,
      engines: GZIP_ENGINES,
      onBytes: () => undefined,
    });
    const { plain } = golden("go-1.26-6", "small");
    expect(() => rebuilder.write(plain)).toThrow("without a rule");
  });
});
