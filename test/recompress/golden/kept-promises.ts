/** What every golden recipe must do, by format: the test files share the work among the processors. */
import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encoderNamed, ENCODERS } from "../encoders/encoder-table.ts";
import { correctionsIn, goldenPlain, rebuilt } from "./golden-streams.ts";
import { type GoldenRecipe, readGoldenRecipes, readGoldenTable } from "./golden-table.ts";

const SMALL_INPUTS = new Set(["small", "empty", "one", "tiny"]);
const USUAL_INPUTS = new Set(["layer", "letters", "zeros"]);
/** What docker, podman, crane, GNU gzip and the Go tools with zstd write. */
const USUAL_ENCODERS = new Set([
  "go-1.26-6",
  "go-1.27-6",
  "go-1.26-1",
  "pgzip-default",
  "gnu-6",
  "zstd-1.20.3-default",
]);

/** The slowest levels take a while for their streams. */
const TIMEOUT_MS = 120_000;

/** Declares the tests for the encoders that `isMine` picks by name. */
export function describePromises(title: string, isMine: (encoder: string) => boolean): void {
  const recipes = readGoldenRecipes().filter(({ encoder }) => isMine(encoder));
  const encoders = [...new Set(recipes.map(({ encoder }) => encoder))];
  const inputs = new Map<string, Uint8Array>();
  const plainOf = ({ encoder, input }: RowName): Uint8Array => {
    const key = encoderNamed(encoder).keepsPlain ? input : encoder;
    const plain = inputs.get(key) ?? goldenPlain(encoder, input);
    inputs.set(key, plain);
    return plain;
  };

  describe(title, () => {
    it.each(encoders)(
      "%s: recipes make its streams, and the streams are foreseen",
      (encoder) => {
        for (const golden of recipes.filter((recipe) => recipe.encoder === encoder)) {
          const stream = rebuilt(golden.recipe, plainOf(golden));
          const row = readGoldenTable().find((each) => isSame(each, golden));
          expect([golden.input, hash("sha256", stream)]).toEqual([golden.input, row?.sha256]);
          if (!isForeseen(golden)) continue;
          expect([golden.input, correctionsIn(stream)]).toEqual([golden.input, 0]);
        }
      },
      TIMEOUT_MS,
    );
  });
}

/** All inputs of all encoders take minutes; `foresee.ts` tries them all. */
function isForeseen({ encoder, input }: GoldenRecipe): boolean {
  if (SMALL_INPUTS.has(input)) return true;
  return USUAL_INPUTS.has(input) && USUAL_ENCODERS.has(encoder);
}

/** @returns whether an encoder of the table writes this format. */
export function writes(format: "gzip" | "zstd", name: string): boolean {
  return ENCODERS.some((encoder) => encoder.name === name && encoder.format === format);
}

interface RowName {
  readonly encoder: string;
  readonly input: string;
}

function isSame(one: RowName, other: RowName): boolean {
  return one.encoder === other.encoder && one.input === other.input;
}
