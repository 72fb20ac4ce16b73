/** What must hold for any bytes whatever, as a stream, as a recipe and as plain bytes. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { analyseStream } from "../../../src/recompress/analyse.ts";
import type { EngineMemory } from "../../../src/recompress/engine-memory.ts";
import { type RebuildSpan, rebuildStream, restartPoints } from "../../../src/recompress/rebuild.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { decodeRecipe, encodeRecipe, type Recipe } from "../../../src/recompress/recipe.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { mutate } from "./mutations.ts";
import type { FuzzSample, FuzzSamples } from "./samples.ts";

/** A bomb may ask for more; nobody has to wait for it. */
const MOST_PLAIN_BYTES = 16 * 1024 * 1024;

/** How a trial ended. Anything else is thrown. */
type TrialEnd = "exact" | "raw" | "bomb" | "refused" | "other bytes" | "same bytes" | "piece";

/** A stream was rebuilt to other bytes, or more was asked of memory than is allowed. */
class TrialFailed extends Error {
  readonly kind = "trial-failed";
}

/**
 * One trial; the seed tells all about it, so that it can be run again.
 * @param memory that of the trial before, and of what it spoilt
 * @returns what was spoilt, and how it ended.
 * @throws {Error} that names sample and seed, when it ended as it may not.
 */
export function runTrial(samples: FuzzSamples, seed: number, memory: EngineMemory): string {
  const random = new SeededRandom(seed);
  const sample = random.pick(random.oneIn(ALL_OF) ? samples.all : samples.brief);
  const what = sample.recipe === undefined ? "stream" : random.pick(SPOILT);
  try {
    return `${what} ${tryIt(sample, what, { random, memory })}`;
  } catch (cause) {
    throw new Error(`${sample.name}: ${what} with seed ${seed}`, { cause });
  }
}

/** One of so many trials takes any sample, which costs far more than a brief one. */
const ALL_OF = 5;

/** What is spoilt, some more often than others. */
const SPOILT = ["stream", "stream", "recipe", "recipe", "plain"] as const;

interface Means {
  readonly random: SeededRandom;
  readonly memory: EngineMemory;
}

function tryIt(
  { stream, plain, recipe }: FuzzSample,
  what: (typeof SPOILT)[number],
  means: Means,
): TrialEnd {
  const { random } = means;
  if (recipe === undefined || what === "stream") return tryStream(mutate(stream, random), means);
  return what === "recipe"
    ? tryRecipe(mutate(recipe, random), plain, { ...means, stream })
    : tryRecipe(recipe, mutate(plain, random), { ...means, stream });
}

/** @throws {TrialFailed} when the stream has a recipe that does not bring it back. */
function tryStream(stream: Uint8Array, means: Means): TrialEnd {
  const plain = new Collected(MOST_PLAIN_BYTES);
  const analyser = analyseStream((bytes) => plain.add(bytes), means.memory);
  for (const piece of cut(stream, means.random))
    if (!analyser.write(piece) || plain.isTooMuch) break;
  if (plain.isTooMuch) return "bomb";
  const outcome = analyser.end();
  if (outcome.kind === "raw") return "raw";
  if (isOtherByZlib(stream, plain.bytes())) throw new TrialFailed("decoded to other bytes");
  const recipe = decodeRecipe(encodeRecipe(outcome.recipe));
  const rebuilt = rebuilding(recipe, plain.bytes(), means);
  if (Buffer.compare(rebuilt, stream) !== 0) throw new TrialFailed("rebuilt to other bytes");
  return "exact";
}

/** @returns whether Node's own decoder accepts the stream and finds other bytes in it. */
function isOtherByZlib(stream: Uint8Array, plain: Uint8Array): boolean {
  const decode = stream[0] === 0x1f ? gunzipSync : zstdDecompressSync;
  try {
    return Buffer.compare(decode(stream, { maxOutputLength: MOST_PLAIN_BYTES }), plain) !== 0;
  } catch {
    return false;
  }
}

/**
 * A spoilt recipe, or spoilt plain bytes, may give other bytes, which the digest shows; it may not do
 * anything worse. Most of those that have restarts are rebuilt between two of them.
 */
function tryRecipe(
  bytes: Uint8Array,
  plain: Uint8Array,
  { random, memory, stream }: Means & { readonly stream: Uint8Array },
): TrialEnd {
  try {
    const recipe = decodeRecipe(bytes);
    const span = random.oneIn(4) ? undefined : spanOf(recipe, random);
    const rebuilt = rebuilding(recipe, plain, { random, memory, span });
    if (span !== undefined) return "piece";
    return Buffer.compare(rebuilt, stream) === 0 ? "same bytes" : "other bytes";
  } catch (error) {
    if (error instanceof RecipeError) return "refused";
    throw error;
  }
}

/** @returns a piece between two restarts, or to the end; `undefined` if there are none. */
function spanOf(recipe: Recipe, random: SeededRandom): Required<RebuildSpan> | undefined {
  const count = restartPoints(recipe).length;
  if (count === 0) return undefined;
  const from = random.below(count);
  const until = from + random.between(1, count - from);
  return { from, until: until < count ? until : undefined };
}

/** @returns the compressed bytes again, or a piece of them. @throws {RecipeError} */
function rebuilding(
  recipe: Recipe,
  plain: Uint8Array,
  { random, memory, span }: Means & { readonly span?: RebuildSpan | undefined },
): Uint8Array {
  const collected = new Collected(MOST_PLAIN_BYTES);
  const plainFrom = restartPoints(recipe)[span?.from ?? Infinity]?.plainFrom ?? 0;
  const rebuilder = rebuildStream(recipe, (bytes) => collected.add(bytes), { ...span, memory });
  for (const piece of cut(plain.subarray(plainFrom), random)) if (!rebuilder.write(piece)) break;
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
