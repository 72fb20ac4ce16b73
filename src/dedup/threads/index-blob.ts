import { BlobChunker, type ChunkedBlob } from "../../chunks/blob/blob-chunker.ts";
import type { ChunkId } from "../../chunks/chunk-id.ts";
import { encodeBlobRecipe } from "../../chunks/recipe/blob-recipe.ts";
import type { EngineMemory } from "../../recompress/engine-memory.ts";
import { blobPieces } from "./blob-pieces.ts";
import { PackOutput } from "./pack-output.ts";
import type { StoreHost } from "./store-host.ts";
import type { IndexOrder, IndexResult } from "./thread-messages.ts";
import { WrongBytes } from "./wrong-bytes.ts";

/** What an order is carried out with. */
export interface IndexingTools {
  readonly host: StoreHost;
  readonly memory: EngineMemory;
}

/**
 * Finds out how a blob is made: of its plain bytes where its compression can be taken off and put on again,
 * else of the bytes it is.
 * @throws {WrongBytes} {HostReadFailed}
 */
export async function indexBlob(order: IndexOrder, tools: IndexingTools): Promise<IndexResult> {
  const first = await chunk(order, tools, false);
  if (first.kind !== "raw") return resultOf(first, undefined);
  return resultOf(await chunk(order, tools, true), first.reason.text);
}

async function chunk(
  order: IndexOrder,
  { host, memory }: IndexingTools,
  asItIs: boolean,
): Promise<ChunkedBlob> {
  const wanted = new Set(order.wanted);
  const packs = new PackOutput(host);
  const onChunk = (id: ChunkId, bytes: Uint8Array): void => {
    if (wanted.delete(id)) packs.add(bytes);
  };
  const chunker = new BlobChunker({ asItIs, onChunk, memory });
  for await (const bytes of blobPieces(order, host)) {
    if (!chunker.write(bytes)) break;
    await host.room();
  }
  const chunked = chunker.end();
  packs.end();
  if (chunked.kind === "chunked" && chunked.recipe.digest !== order.digest) {
    throw new WrongBytes(order.digest, chunked.recipe.digest);
  }
  return chunked;
}

function resultOf(chunked: ChunkedBlob, reason: string | undefined): IndexResult {
  switch (chunked.kind) {
    case "chunked":
      return { kind: "index", recipe: encodeBlobRecipe(chunked.recipe), reason };
    case "raw":
      return { kind: "index", recipe: undefined, reason: chunked.reason.text };
    case "too-large":
      return { kind: "index", recipe: undefined, reason: "its recipe would be too large" };
  }
}
