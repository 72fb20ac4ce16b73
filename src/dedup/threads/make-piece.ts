import type { ChunkSource } from "../../chunks/plain/make-plain.ts";
import { makePlain } from "../../chunks/plain/make-plain.ts";
import type { BlobRecipe } from "../../chunks/recipe/blob-recipe.ts";
import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import type { EngineMemory } from "../../recompress/engine-memory.ts";
import { rebuildStream } from "../../recompress/rebuild.ts";
import { RecipeError } from "../../recompress/recipe-error.ts";
import { decodeRecipe } from "../../recompress/recipe.ts";
import type { MakeOrder } from "./thread-messages.ts";
import type { StoreHost } from "./store-host.ts";

/** What an order is carried out with. */
export interface MakingTools {
  readonly host: Pick<StoreHost, "put" | "room">;
  readonly chunks: ChunkSource;
  readonly memory: EngineMemory;
}

/**
 * Makes a piece of a blob. What comes out is right only if recipe and chunks are.
 * @throws {BlobRecipeError} when the recipe is damaged, or its chunks are others. {ChunkMissing} {ChunkDamaged}
 */
export async function makePiece(
  blob: BlobRecipe,
  order: MakeOrder,
  tools: MakingTools,
): Promise<void> {
  if (order.piece === undefined) return await makeItsPlain(blob, order, tools);
  const { host, chunks, memory } = tools;
  const { piece } = order;
  try {
    const recipe = decodeRecipe(blob.stream ?? new Uint8Array(0));
    const rebuilder = rebuildStream(recipe, (bytes) => host.put(bytes), { ...piece, memory });
    for await (const bytes of makePlain(blob, chunks, { from: piece.plainFrom })) {
      await host.room();
      if (!rebuilder.write(bytes)) break;
    }
    rebuilder.end();
  } catch (cause) {
    if (!(cause instanceof RecipeError)) throw cause;
    throw new BlobRecipeError("its compression cannot be put on again", { cause });
  }
}

async function makeItsPlain(
  blob: BlobRecipe,
  { from, until }: MakeOrder,
  { host, chunks }: MakingTools,
): Promise<void> {
  let at = from;
  for await (const bytes of makePlain(blob, chunks, { from })) {
    await host.room();
    host.put(bytes.subarray(0, until - at));
    at += bytes.length;
    if (at >= until) return;
  }
}
