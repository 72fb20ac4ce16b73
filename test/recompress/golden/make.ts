/**
 * Writes the golden table anew: `node test/recompress/golden/make.ts [ENCODER-PREFIX]...`, and a recipe for
 * each of its streams. A recipe that was there stays: it is a promise.
 *
 * Runs the real encoders, builds Go programs that are missing, and takes a few minutes for all. With
 * prefixes only those encoders' rows are made again. Rows of encoders that cannot run stay as they are.
 */
import { hash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settleEncoder } from "../encoders/build-program.ts";
import { analyseStream } from "../../../src/recompress/analyse.ts";
import { encodeRecipe } from "../../../src/recompress/recipe.ts";
import { encodeFile } from "../encoders/encode-file.ts";
import { type Encoder, ENCODERS } from "../encoders/encoder-table.ts";
import { GOLDEN_INPUTS } from "./golden-inputs.ts";
import {
  formatGoldenRecipes,
  formatGoldenTable,
  GOLDEN_RECIPES_FILE,
  GOLDEN_TABLE_FILE,
  type GoldenRecipe,
  type GoldenStream,
  readGoldenRecipes,
  readGoldenTable,
} from "./golden-table.ts";

/** The parallel mode shows only in streams larger than any golden input. */
const LEFT_OUT = /-jobs$/;

async function main(prefixes: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "barge-golden-"));
  try {
    await writeInputs(folder);
    const streams: GoldenStream[] = [];
    const found = new Map(readGoldenRecipes().map((each) => [keyOf(each), each]));
    for (const encoder of ENCODERS.filter((each) => belongs(each))) {
      const isWanted =
        prefixes.length === 0 || prefixes.some((prefix) => encoder.name.startsWith(prefix));
      const rows = isWanted ? await makeStreams(encoder, { folder, found }) : rowsOf(encoder);
      streams.push(...rows);
    }
    await writeFile(GOLDEN_TABLE_FILE, formatGoldenTable(streams));
    const recipes = streams.flatMap((stream) => found.get(keyOf(stream)) ?? []);
    await writeFile(GOLDEN_RECIPES_FILE, formatGoldenRecipes(recipes));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function belongs({ name, hasModel, keepsPlain }: Encoder): boolean {
  return hasModel && keepsPlain && !LEFT_OUT.test(name);
}

function rowsOf(encoder: Encoder): readonly GoldenStream[] {
  return readGoldenTable().filter((stream) => stream.encoder === encoder.name);
}

async function writeInputs(folder: string): Promise<void> {
  for (const input of GOLDEN_INPUTS) await writeFile(join(folder, input.name), input.make());
}

interface Making {
  readonly folder: string;
  /** Recipes so far, by {@link keyOf}. */
  readonly found: Map<string, GoldenRecipe>;
}

async function makeStreams(
  encoder: Encoder,
  { folder, found }: Making,
): Promise<readonly GoldenStream[]> {
  const programFolder = join(folder, "programs");
  if (!settleEncoder(encoder, programFolder)) {
    process.stderr.write(`${encoder.name} is not on this machine: its rows stay\n`);
    return rowsOf(encoder);
  }
  const streams: GoldenStream[] = [];
  for (const { name, isTar = false } of GOLDEN_INPUTS) {
    if (encoder.takes === "tar" && !isTar) continue;
    const streamFile = join(folder, "stream");
    await encodeFile({ encoder, plainFile: join(folder, name), streamFile, programFolder });
    const bytes = await readFile(streamFile);
    // Some write nothing at all when there is nothing to compress.
    if (bytes.length === 0) continue;
    const sha256 = hash("sha256", bytes);
    const stream = { encoder: encoder.name, input: name, sizeBytes: bytes.length, sha256 };
    streams.push(stream);
    const recipe = found.has(keyOf(stream)) ? undefined : recipeOf(bytes);
    if (recipe !== undefined) found.set(keyOf(stream), { ...stream, recipe });
  }
  process.stderr.write(`${encoder.name}\n`);
  return streams;
}

function keyOf({ encoder, input }: { readonly encoder: string; readonly input: string }): string {
  return `${encoder} ${input}`;
}

/** Recipes of streams in thousands of pieces would fill the file. */
const LARGEST_RECIPE_BYTES = 4096;

function recipeOf(stream: Uint8Array): Uint8Array | undefined {
  const analyser = analyseStream(() => undefined);
  analyser.write(stream);
  const outcome = analyser.end();
  if (outcome.kind === "raw") return undefined;
  const recipe = encodeRecipe(outcome.recipe);
  return recipe.length <= LARGEST_RECIPE_BYTES ? recipe : undefined;
}

await main(process.argv.slice(2));
