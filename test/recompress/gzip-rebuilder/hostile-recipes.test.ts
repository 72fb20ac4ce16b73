import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  createGzipColumns,
  GZIP_COLUMNS,
  readGzipColumns,
  toGzipRecipe,
} from "../../../src/recompress/gzip/gzip-columns.ts";
import { GzipMembersReader, GzipMembersWriter } from "../../../src/recompress/gzip/gzip-members.ts";
import { GzipRebuilder } from "../../../src/recompress/gzip/gzip-rebuilder.ts";
import { gzipRestarts } from "../../../src/recompress/gzip/gzip-restarts.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import type { Recipe } from "../../../src/recompress/recipe.ts";
import { NotedTokenModel } from "../../fakes/noted-token-model.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { noteStream } from "./noted-stream.ts";
import type { NotedStream } from "./noted-stream.ts";

/** As restarts: each like the one before it. */
const ZEROS = new Uint8Array(9 * 70_000);
const PLAIN = plainLayer({ seed: 5, sizeBytes: 30_000 });

function streams(): readonly NotedStream[] {
  const stream = Buffer.concat([
    gzipSync(PLAIN, { memLevel: 1 }),
    gzipSync(PLAIN.subarray(0, 400), { level: 0 }),
    gzipSync(PLAIN.subarray(0, 4000)),
  ]);
  return (["tokens", "bytes"] as const).map((sizeUnit) => {
    const model = new NotedTokenModel({ sizeUnit, treeRules: ["zlib"], capacity: 5000 });
    const framing = { kind: "blocks", blockBytes: 16_384, historyBytes: 0 } as const;
    return noteStream(stream, { model, framing, restartEvery: 4 });
  });
}

function mutated(recipe: Recipe, random: SeededRandom): Recipe {
  const columns = recipe.columns.map((column) => Uint8Array.from(column));
  for (let times = random.between(1, 3); times > 0; times--) {
    const index = random.pick(columns.flatMap((one, place) => (one.length > 0 ? [place] : [])));
    const column = columns[index] ?? new Uint8Array(1);
    const at = random.below(column.length);
    const way = random.below(8);
    if (way === 0) columns[index] = column.slice(0, at);
    else if (way === 1) columns[index] = Uint8Array.of(...column.slice(at), ...column);
    else column[at] = random.pick([0, 1, 2, 127, 128, 255, random.below(256)]);
  }
  return { ...recipe, columns };
}

/** Rebuilds from the start and from the last restart. @returns the sizes of what came out. */
function rebuild({ recipe, engines, plain }: NotedStream): number[] {
  const from = gzipRestarts(recipe).at(-1);
  const starts = from === undefined ? [undefined] : [undefined, from];
  return starts.map((start) => {
    let bytes = 0;
    const onBytes = (part: Uint8Array): void => {
      bytes += part.length;
    };
    const rebuilder = new GzipRebuilder({ recipe, engines, onBytes, from: start });
    const first = (start?.plainByte ?? 0) - (start?.tokens?.historyBytes ?? 0);
    for (let at = first; at < plain.length; at += 9999) {
      rebuilder.write(plain.subarray(at, at + 9999));
    }
    rebuilder.end();
    return bytes;
  });
}

/** @returns `undefined` when the recipe was refused. */
function rebuildIfTaken(noted: NotedStream): number[] | undefined {
  try {
    return rebuild(noted);
  } catch (error) {
    if (error instanceof RecipeError) return undefined;
    throw error;
  }
}

describe("hostile recipes", () => {
  it("are refused, or make no more than they say", () => {
    const random = new SeededRandom(77);
    let refused = 0;
    for (const noted of streams()) {
      const { streamBytes } = noted.recipe;
      expect(rebuild(noted)[0]).toBe(streamBytes);
      for (let round = 0; round < 400; round++) {
        const sizes = rebuildIfTaken({ ...noted, recipe: mutated(noted.recipe, random) });
        if (sizes === undefined) refused++;
        else expect(Math.max(...sizes)).toBe(streamBytes);
      }
    }
    expect(refused).toBeGreaterThan(300);
  });

  it("cannot ask for restarts without end", () => {
    const [noted] = streams();
    if (noted === undefined) throw new TypeError("no stream");
    const columns = noted.recipe.columns.with(GZIP_COLUMNS.indexOf("restarts"), ZEROS);
    expect(() => gzipRestarts({ ...noted.recipe, columns })).toThrow("too many restarts");
  });

  it("cannot make an encoder begin anew at every few bytes", () => {
    const columns = createGzipColumns();
    const framing = { kind: "blocks", blockBytes: 16_383, historyBytes: 0 } as const;
    const member = { header: ZEROS.subarray(0, 10), engineId: 1, framing, plainBytes: 1 };
    const nothing = { corrections: ZEROS.subarray(0, 0), trailer: undefined };
    new GzipMembersWriter(columns).member({ ...member, ...nothing });
    const recipe = toGzipRecipe(columns, { streamBytes: 1, plainBytes: 1 });
    const reader = new GzipMembersReader(readGzipColumns(recipe));
    expect(() => reader.next()).toThrow("smaller blocks than any encoder makes");
  });
});
