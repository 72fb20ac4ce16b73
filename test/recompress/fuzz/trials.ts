/** What must hold for any bytes whatever, as a stream and as a recipe. */
import { analyseStream } from "../../../src/recompress/analyse.ts";
import { rebuildStream } from "../../../src/recompress/rebuild.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { decodeRecipe, encodeRecipe } from "../../../src/recompress/recipe.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { mutate } from "./mutations.ts";
import type { FuzzSample } from "./samples.ts";

/** A bomb may ask for more; nobody has to wait for it. */
const MOST_PLAIN_BYTES = 256 * 1024 * 1024;

/** How a trial ended. Anything else is thrown. */
type TrialEnd = "exact" | "raw" | "bomb" | "refused" | "other bytes" | "same bytes";

/** A stream was rebuilt to other bytes, or more was asked of memory than is allowed. */
class TrialFailed extends Error {
  readonly kind = "trial-failed";
}

/**
 * One trial; the seed tells all about it, so that it can be run again.
 * @returns what was spoilt, and how it ended.
 * @throws {Error} that names sample and seed, when it ended as it may not.
 */
export function runTrial(samples: readonly FuzzSample[], seed: number): string {
  const random = new SeededRandom(seed);
  const { name, stream, plain, recipe } = random.pick(samples);
  const spoilsRecipe = random.oneIn(2);
  try {
    return spoilsRecipe && recipe !== undefined
      ? `recipe ${tryRecipe(mutate(recipe, random), plain, { random, stream })}`
      : `stream ${tryStream(mutate(stream, random), random)}`;
  } catch (cause) {
    throw new Error(`${name}: ${spoilsRecipe ? "recipe" : "stream"} with seed ${seed}`, { cause });
  }
}

/** @throws {TrialFailed} when the stream has a recipe that does not bring it back. */
function tryStream(stream: Uint8Array, random: SeededRandom): TrialEnd {
  const plain = new Collected(MOST_PLAIN_BYTES);
  const analyser = analyseStream((bytes) => plain.add(bytes));
  for (const piece of cut(stream, random)) if (!analyser.write(piece) || plain.isTooMuch) break;
  if (plain.isTooMuch) return "bomb";
  const outcome = analyser.end();
  if (outcome.kind === "raw") return "raw";
  const rebuilt = rebuilding(encodeRecipe(outcome.recipe), plain.bytes(), random);
  if (Buffer.compare(rebuilt, stream) !== 0) throw new TrialFailed("rebuilt to other bytes");
  return "exact";
}

/**
 * A spoilt recipe may give other bytes, which the digest shows; it may not do anything worse.
 */
function tryRecipe(
  recipe: Uint8Array,
  plain: Uint8Array,
  { random, stream }: { readonly random: SeededRandom; readonly stream: Uint8Array },
): TrialEnd {
  try {
    const rebuilt = rebuilding(recipe, plain, random);
    return Buffer.compare(rebuilt, stream) === 0 ? "same bytes" : "other bytes";
  } catch (error) {
    if (error instanceof RecipeError) return "refused";
    throw error;
  }
}

/** @returns the compressed bytes again. @throws {RecipeError} */
function rebuilding(recipe: Uint8Array, plain: Uint8Array, random: SeededRandom): Uint8Array {
  const collected = new Collected(MOST_PLAIN_BYTES);
  const rebuilder = rebuildStream(decodeRecipe(recipe), (bytes) => collected.add(bytes));
  for (const piece of cut(plain, random)) rebuilder.write(piece);
  rebuilder.end();
  if (collected.isTooMuch) throw new TrialFailed("more bytes than any trial may have");
  return collected.bytes();
}

/** Pieces of random sizes, so that no cut is special. */
function* cut(bytes: Uint8Array, random: SeededRandom): Generator<Uint8Array> {
  const largest = random.pick([1 + (bytes.length >>> 3), 65_536, 1 << 20]);
  for (let at = 0; at < bytes.length;) {
    const size = random.between(1, largest);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

class Collected {
  readonly #most: number;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get isTooMuch(): boolean {
    return this.#size > this.#most;
  }

  add(bytes: Uint8Array): void {
    this.#size += bytes.length;
    if (!this.isTooMuch) this.#pieces.push(bytes.slice());
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }
}
