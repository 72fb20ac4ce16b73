/** One recipe and more for each engine by its number, whoever else makes the same streams. */
import { readFileSync } from "node:fs";
import { GzipAnalyser } from "../../../src/recompress/gzip/gzip-analyser.ts";
import { GZIP_ENGINES } from "../../../src/recompress/gzip/gzip-engines.ts";
import { GzipRebuilder } from "../../../src/recompress/gzip/gzip-rebuilder.ts";
import type { Outcome } from "../../../src/recompress/outcome.ts";
import { decodeRecipe } from "../../../src/recompress/recipe.ts";
import { ZstdAnalyser } from "../../../src/recompress/zstd/zstd-analyser.ts";
import { ZSTD_ENGINES } from "../../../src/recompress/zstd/zstd-engines.ts";
import { ZstdRebuilder } from "../../../src/recompress/zstd/zstd-rebuilder.ts";

/** Where the rows stand. */
export const ENGINE_ROWS_FILE = new URL("engines.txt", import.meta.url);

/** A stream of a real encoder, and the recipe for it that names this engine. */
export interface EngineRow {
  /** Of an engine of either format: the numbers differ. */
  readonly id: number;
  /** A name of `../encoders/encoder-table.ts`. */
  readonly encoder: string;
  /** A name of `golden-inputs.ts`. */
  readonly input: string;
  /** Of the stream, in lower-case hex. */
  readonly sha256: string;
  /** As `encodeRecipe` wrote it. */
  readonly recipe: Uint8Array;
}

/** @returns the numbers of all engines of both formats. */
export function engineIds(): readonly number[] {
  return [...GZIP_ENGINES, ...ZSTD_ENGINES].map(({ id }) => id);
}

/** @returns the rows that `make.ts --engines` wrote. */
export function readEngineRows(): readonly EngineRow[] {
  const lines = readFileSync(ENGINE_ROWS_FILE, "utf8").split("\n");
  return lines
    .filter((line) => /^\d/.test(line))
    .map((line) => {
      const [id, encoder = "", input = "", sha256 = "", base64 = ""] = line.split(" ");
      return { id: Number(id), encoder, input, sha256, recipe: Buffer.from(base64, "base64") };
    });
}

/** @returns the file's text for these rows. */
export function formatEngineRows(rows: readonly EngineRow[]): string {
  const head =
    "# Recipes that name an engine: its number, encoder, input, sha256 of the stream, base64. Written by make.ts.\n";
  const lines = rows.map(({ id, encoder, input, sha256, recipe }) => {
    return `${id} ${encoder} ${input} ${sha256} ${Buffer.from(recipe).toString("base64")}\n`;
  });
  return head + lines.join("");
}

/** @returns what comes of the stream if only one engine is known. */
export function analyseBy(id: number, stream: Uint8Array): Outcome {
  const onPlain = (): void => undefined;
  const gzip = GZIP_ENGINES.filter((engine) => engine.id === id);
  const zstd = ZSTD_ENGINES.filter((engine) => engine.id === id);
  const analyser =
    gzip.length > 0
      ? new GzipAnalyser({ onPlain, engines: gzip })
      : new ZstdAnalyser({ onPlain, engines: zstd });
  analyser.write(stream);
  return analyser.end();
}

/**
 * @param by the number of the engine that takes the place of the row's own; by default itself
 * @returns the stream that the row's recipe makes when only that engine is known.
 * @throws {RecipeError} when the recipe names another.
 */
export function rebuildRow(row: EngineRow, plain: Uint8Array, by = row.id): Uint8Array {
  const recipe = decodeRecipe(row.recipe);
  const pieces: Uint8Array[] = [];
  const onBytes = (bytes: Uint8Array): void => void pieces.push(bytes.slice());
  const rebuilder =
    recipe.format === "gzip"
      ? new GzipRebuilder({ recipe, onBytes, engines: renumbered(GZIP_ENGINES, by, row.id) })
      : new ZstdRebuilder({ recipe, onBytes, engines: renumbered(ZSTD_ENGINES, by, row.id) });
  rebuilder.write(plain);
  rebuilder.end();
  return Buffer.concat(pieces);
}

function renumbered<Engine extends { readonly id: number }>(
  engines: readonly Engine[],
  id: number,
  newId: number,
): readonly Engine[] {
  return engines.filter((engine) => engine.id === id).map((engine) => ({ ...engine, id: newId }));
}
