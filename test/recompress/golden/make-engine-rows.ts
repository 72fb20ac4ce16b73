import { hash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeRecipe } from "../../../src/recompress/recipe.ts";
import { settleEncoder } from "../encoders/build-program.ts";
import { encodeFile } from "../encoders/encode-file.ts";
import { encoderNamed } from "../encoders/encoder-table.ts";
import {
  analyseBy,
  ENGINE_ROWS_FILE,
  engineIds,
  type EngineRow,
  formatEngineRows,
  readEngineRows,
} from "./engine-rows.ts";
import { goldenInputNamed } from "./golden-inputs.ts";
import { pairsNotToldApart } from "./tell-apart.ts";

/** Who wrote as engines do that are not named alike. */
const ENCODER_OF: Readonly<Record<number, string>> = {
  29: "go-1.27-9",
  30: "go-1.26-huffman",
  40: "klauspost-1.15.15-9",
  41: "klauspost-1.18.6-9",
  101: "zstd-1.20.3-fastest",
  102: "zstd-1.20.3-default",
  103: "zstd-1.15.0-better",
  104: "zstd-1.16.7-better",
  105: "zstd-1.20.3-better",
  106: "zstd-1.15.0-best",
  107: "zstd-1.15.15-best",
  108: "zstd-1.16.3-best",
  109: "zstd-1.16.7-best",
  110: "zstd-1.17.4-best",
  111: "zstd-1.20.3-best",
  112: "zstd-1.17.7-better",
  113: "zstd-1.17.7-best",
};
/** Of gzip engines: the name of those whose numbers begin so, before the level. */
const FAMILIES = ["zlib", "go-1.26", "klauspost-1.20.3", "klauspost-1.15.0", "", "gnu"];

/** Inputs beside the one that all have, where the rules of engines differ that are else alike. */
const MORE_INPUTS: Readonly<Record<string, readonly number[]>> = {
  letters: [51, 52, 53, 54, 55, 56, 57, 58, 59],
  changes: [29, 41],
  zeros: [105, 111, 112, 113],
};

/** Where things are while rows are made. */
export interface EngineMaking {
  /** Has the inputs by their names. */
  readonly folder: string;
  readonly programFolder: string;
}

/**
 * Writes the rows of all engines. One that was there stays: it is a promise.
 * @throws {Error} when an engine does not foresee its encoder's stream, or two could change their numbers.
 */
export async function makeEngineRows(making: EngineMaking): Promise<void> {
  const found = new Map(readEngineRows().map((row) => [keyOf(row.id, row.input), row]));
  const rows: EngineRow[] = [];
  for (const id of engineIds().toSorted((one, other) => one - other)) {
    for (const input of inputsOf(id)) {
      rows.push(found.get(keyOf(id, input)) ?? (await makeRow(id, input, making)));
    }
  }
  await writeFile(ENGINE_ROWS_FILE, formatEngineRows(rows));
  const pairs = pairsNotToldApart(rows, () => true);
  if (pairs.length > 0) throw new Error(`no row tells these engines apart: ${pairs.join("; ")}`);
}

async function makeRow(
  id: number,
  input: string,
  { folder, programFolder }: EngineMaking,
): Promise<EngineRow> {
  const name = ENCODER_OF[id] ?? `${FAMILIES[Math.floor(id / 10)]}-${id % 10}`;
  const encoder = encoderNamed(name);
  if (!settleEncoder(encoder, programFolder)) throw new Error(`${name} is not on this machine`);
  const streamFile = join(folder, "stream");
  const plainFile = join(folder, goldenInputNamed(input).name);
  await encodeFile({ encoder, plainFile, streamFile, programFolder });
  const stream = await readFile(streamFile);
  const outcome = analyseBy(id, stream);
  if (outcome.kind === "raw" || outcome.findings.corrections > 0) {
    throw new Error(`engine ${id} does not foresee what ${name} makes of '${input}'`);
  }
  const recipe = encodeRecipe(outcome.recipe);
  return { id, encoder: name, input, sha256: hash("sha256", stream), recipe };
}

function inputsOf(id: number): readonly string[] {
  const more = Object.entries(MORE_INPUTS).filter(([, ids]) => ids.includes(id));
  return ["small", ...more.map(([input]) => input)];
}

function keyOf(id: number, input: string): string {
  return `${id} ${input}`;
}
