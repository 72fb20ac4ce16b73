import { readFileSync } from "node:fs";

/** What a real encoder made of an input of `golden-inputs.ts`. */
export interface GoldenStream {
  /** A name of `../encoders/encoder-table.ts`. */
  readonly encoder: string;
  /** A name of `golden-inputs.ts`. */
  readonly input: string;
  readonly sizeBytes: number;
  /** Of the whole stream, in lower-case hex. */
  readonly sha256: string;
}

/** Where the table stands. */
export const GOLDEN_TABLE_FILE = new URL("streams.txt", import.meta.url);

/** Where the recipes stand. */
export const GOLDEN_RECIPES_FILE = new URL("recipes.txt", import.meta.url);

/** The recipe that was once found for a golden stream, and must make it for ever. */
export interface GoldenRecipe {
  readonly encoder: string;
  readonly input: string;
  /** As `encodeRecipe` wrote it. */
  readonly recipe: Uint8Array;
}

/** @returns the recipes that `make.ts` wrote, in the order of the streams. */
export function readGoldenRecipes(): readonly GoldenRecipe[] {
  return rowsIn(GOLDEN_RECIPES_FILE).map((line) => {
    const [encoder = "", input = "", base64 = ""] = line.split(" ");
    return { encoder, input, recipe: Buffer.from(base64, "base64") };
  });
}

/** @returns the file's text for these recipes. */
export function formatGoldenRecipes(recipes: readonly GoldenRecipe[]): string {
  const head =
    "# Recipes of the streams in streams.txt: encoder, input, base64. Written by make.ts.\n";
  const rows = recipes.map(({ encoder, input, recipe }) => {
    return `${encoder} ${input} ${Buffer.from(recipe).toString("base64")}\n`;
  });
  return head + rows.join("");
}

/**
 * @returns the table that `make.ts` wrote: no stream is empty, and every encoder in it has a model.
 * Real encoders need not be on this machine for it.
 */
export function readGoldenTable(): readonly GoldenStream[] {
  return rowsIn(GOLDEN_TABLE_FILE).map((line) => parseStream(line));
}

/** @returns the file's text for these streams. */
export function formatGoldenTable(streams: readonly GoldenStream[]): string {
  const head =
    "# Streams of real encoders: encoder, input, size in bytes, sha256. Written by make.ts.\n";
  const rows = streams.map(
    ({ encoder, input, sizeBytes, sha256 }) => `${encoder} ${input} ${sizeBytes} ${sha256}\n`,
  );
  return head + rows.join("");
}

function rowsIn(file: URL): readonly string[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => /^[^#\s]/.test(line));
}

function parseStream(line: string): GoldenStream {
  const match = /^(\S+) (\S+) ([0-9]+) ([0-9a-f]{64})$/.exec(line);
  const [, encoder = "", input = "", size = "", sha256 = ""] = match ?? [];
  if (match === null) throw new SyntaxError(`streams.txt: not a row of the table: '${line}'`);
  return { encoder, input, sizeBytes: Number(size), sha256 };
}
