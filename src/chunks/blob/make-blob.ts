import type { EngineMemory } from "../../recompress/engine-memory.ts";
import { rebuildStream } from "../../recompress/rebuild.ts";
import { RecipeError } from "../../recompress/recipe-error.ts";
import { decodeRecipe } from "../../recompress/recipe.ts";
import { type ChunkSource, makePlain } from "../plain/make-plain.ts";
import { BlobRecipeError } from "../recipe/blob-recipe-error.ts";
import type { BlobRecipe } from "../recipe/blob-recipe.ts";

/**
 * Makes a blob again, as it was pushed.
 *
 * What comes out is right only if recipe and chunks are: compare the digest of the whole, and let nobody take
 * it for complete before.
 *
 * @param recipe is not trusted
 * @returns the blob's bytes in order, to keep
 * @throws {BlobRecipeError} when the recipe is damaged, or its chunks are others. What the source rejects with.
 */
export async function* makeBlob(
  recipe: BlobRecipe,
  source: ChunkSource,
  { memory }: { readonly memory?: EngineMemory } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const plain = makePlain(recipe, source);
  yield* withSize(
    recipe.stream === undefined ? copiesOf(plain) : compress(recipe, plain, memory),
    recipe.blobBytes,
  );
}

async function* compress(
  { stream }: BlobRecipe,
  plain: AsyncIterable<Uint8Array>,
  memory: EngineMemory | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const made: Uint8Array[] = [];
  const onBytes = (bytes: Uint8Array): void => void made.push(bytes.slice());
  try {
    const rebuilder = rebuildStream(decodeRecipe(stream ?? new Uint8Array(0)), onBytes, { memory });
    for await (const bytes of plain) {
      rebuilder.write(bytes);
      yield* made.splice(0);
    }
    rebuilder.end();
    yield* made;
  } catch (cause) {
    if (!(cause instanceof RecipeError)) throw cause;
    throw new BlobRecipeError("its compression cannot be put on again", { cause });
  }
}

async function* copiesOf(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of pieces) yield piece.slice();
}

async function* withSize(
  pieces: AsyncIterable<Uint8Array>,
  wanted: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sizeBytes = 0;
  for await (const piece of pieces) {
    sizeBytes += piece.length;
    if (sizeBytes > wanted) break;
    yield piece;
  }
  if (sizeBytes !== wanted) throw new BlobRecipeError("it makes a blob of another size");
}
