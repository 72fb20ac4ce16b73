import { hash } from "node:crypto";
import { GZIP_ENGINES } from "../../../src/recompress/gzip/gzip-engines.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { ZSTD_ENGINES } from "../../../src/recompress/zstd/zstd-engines.ts";
import { type EngineRow, rebuildRow } from "./engine-rows.ts";
import { goldenInputNamed } from "./golden-inputs.ts";

/** Two engines of one format. */
export type EnginePair = readonly [number, number];

/**
 * @param isTried which pairs to try; a pair takes some 20 ms
 * @returns the pairs of engines that could change their numbers and no row would show it.
 */
export function pairsNotToldApart(
  rows: readonly EngineRow[],
  isTried: (one: string, other: string) => boolean,
): readonly EnginePair[] {
  const inputs = new Map<string, Uint8Array>();
  const plainOf = (name: string): Uint8Array => {
    const plain = inputs.get(name) ?? goldenInputNamed(name).make();
    inputs.set(name, plain);
    return plain;
  };
  const isMadeBy = (row: EngineRow, by: number): boolean => isMade(row, plainOf(row.input), by);
  const areAlike = (one: number, other: number): boolean =>
    rows.every((row) => {
      if (row.id === one) return isMadeBy(row, other);
      return row.id !== other || isMadeBy(row, one);
    });
  return [GZIP_ENGINES, ZSTD_ENGINES].flatMap((engines) =>
    engines.flatMap((one, index) =>
      engines
        .slice(index + 1)
        .filter((other) => isTried(one.level, other.level) && areAlike(one.id, other.id))
        .map((other): EnginePair => [one.id, other.id]),
    ),
  );
}

function isMade(row: EngineRow, plain: Uint8Array, by: number): boolean {
  try {
    return hash("sha256", rebuildRow(row, plain, by)) === row.sha256;
  } catch (error) {
    if (error instanceof RecipeError) return false;
    throw error;
  }
}
