/**
 * Writes the golden table anew, and a recipe for each of its streams:
 * `node test/recompress/golden/make.ts [--engines] [--programs DIR] [ENCODER-PREFIX]...`.
 * A recipe that was there stays: it is a promise.
 *
 * Runs the real encoders, builds Go programs that are missing (and leaves them in DIR, if told), and takes a
 * few minutes for all. With prefixes only those encoders' rows are made again. Rows of encoders that cannot
 * run stay as they are. With `--engines` it makes the rows of the engines' numbers instead, and tries whether
 * any two could be exchanged.
 */
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { analyseStream } from "../../../src/recompress/analyse.ts";
import { encodeRecipe } from "../../../src/recompress/recipe.ts";
import { settleEncoder } from "../encoders/build-program.ts";
import { encodeFile } from "../encoders/encode-file.ts";
import { type Encoder, ENCODERS } from "../encoders/encoder-table.ts";
import { GOLDEN_INPUTS, goldenInputsOf } from "./golden-inputs.ts";
import { keptStreamFile } from "./golden-streams.ts";
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
import { makeEngineRows } from "./make-engine-rows.ts";

/** The jobs of the usual windows show only in streams larger than any golden input. */
const LEFT_OUT = /-jobs$/;

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals: prefixes } = parseArgs({
    args: [...args],
    options: { engines: { type: "boolean", default: false }, programs: { type: "string" } },
    allowPositionals: true,
  });
  const folder = await mkdtemp(join(tmpdir(), "barge-golden-"));
  const programFolder = values.programs ?? join(folder, "programs");
  try {
    await writeInputs(folder);
    if (values.engines) await makeEngineRows({ folder, programFolder });
    else await makeTable(prefixes, { folder, programFolder });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function makeTable(
  prefixes: readonly string[],
  folders: Pick<Making, "folder" | "programFolder">,
): Promise<void> {
  const streams: GoldenStream[] = [];
  const found = new Map(readGoldenRecipes().map((each) => [keyOf(each), each]));
  for (const encoder of ENCODERS.filter((each) => belongs(each))) {
    const isWanted =
      prefixes.length === 0 || prefixes.some((prefix) => encoder.name.startsWith(prefix));
    const rows = isWanted ? await makeStreams(encoder, { ...folders, found }) : rowsOf(encoder);
    streams.push(...rows);
  }
  await writeFile(GOLDEN_TABLE_FILE, formatGoldenTable(streams));
  const recipes = streams.flatMap((stream) => found.get(keyOf(stream)) ?? []);
  await writeFile(GOLDEN_RECIPES_FILE, formatGoldenRecipes(recipes));
}

function belongs({ name, hasModel }: Encoder): boolean {
  return hasModel && !LEFT_OUT.test(name);
}

function rowsOf(encoder: Encoder): readonly GoldenStream[] {
  return readGoldenTable().filter((stream) => stream.encoder === encoder.name);
}

async function writeInputs(folder: string): Promise<void> {
  for (const input of GOLDEN_INPUTS) await writeFile(join(folder, input.name), input.make());
}

interface Making {
  readonly folder: string;
  readonly programFolder: string;
  /** Recipes so far, by {@link keyOf}. */
  readonly found: Map<string, GoldenRecipe>;
}

async function makeStreams(encoder: Encoder, making: Making): Promise<readonly GoldenStream[]> {
  const { programFolder, found } = making;
  if (!settleEncoder(encoder, programFolder)) {
    process.stderr.write(`${encoder.name} is not on this machine: its rows stay\n`);
    return rowsOf(encoder);
  }
  const streams: GoldenStream[] = [];
  for (const { name } of goldenInputsOf(encoder)) {
    const bytes = await makeStream(encoder, name, making);
    // Some write nothing at all when there is nothing to compress.
    if (bytes.length === 0) continue;
    const sha256 = hash("sha256", bytes);
    const stream = { encoder: encoder.name, input: name, sizeBytes: bytes.length, sha256 };
    streams.push(stream);
    if (!found.has(keyOf(stream))) found.set(keyOf(stream), { ...stream, recipe: recipeOf(bytes) });
  }
  process.stderr.write(`${encoder.name}\n`);
  return streams;
}

/** What changes the tar is not made again: its plain bytes would then be others, and the recipe of no use. */
async function makeStream(
  encoder: Encoder,
  input: string,
  { folder, programFolder }: Making,
): Promise<Uint8Array> {
  const kept = keptStreamFile(encoder.name);
  if (!encoder.keepsPlain && existsSync(kept)) return await readFile(kept);
  const streamFile = join(folder, "stream");
  await encodeFile({ encoder, plainFile: join(folder, input), streamFile, programFolder });
  const bytes = await readFile(streamFile);
  if (!encoder.keepsPlain) await writeFile(kept, bytes);
  return bytes;
}

function keyOf({ encoder, input }: { readonly encoder: string; readonly input: string }): string {
  return `${encoder} ${input}`;
}

function recipeOf(stream: Uint8Array): Uint8Array {
  const analyser = analyseStream(() => undefined);
  analyser.write(stream);
  const outcome = analyser.end();
  if (outcome.kind === "raw")
    throw new Error(`a golden stream is raw, because ${outcome.reason.text}`);
  return encodeRecipe(outcome.recipe);
}

await main(process.argv.slice(2));
