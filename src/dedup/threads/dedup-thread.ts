/**
 * A thread that works at blobs, one order after the other. It is given {@link ThreadData} as its data, then
 * messages {@link ToThread}, and posts {@link FromThread}. An error that is not the store's or the blob's ends it.
 */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import type { ChunkId } from "../../chunks/chunk-id.ts";
import { ChunkIndex } from "../../chunks/index/chunk-index.ts";
import { PackedChunks } from "../../chunks/packs/packed-chunks.ts";
import { type BlobRecipe, decodeBlobRecipe } from "../../chunks/recipe/blob-recipe.ts";
import { EngineMemory } from "../../recompress/engine-memory.ts";
import { makePiece } from "./make-piece.ts";
import { PackBlocks } from "./pack-blocks.ts";
import { StoreHost } from "./store-host.ts";
import { faultOf } from "./thread-fault.ts";
import {
  type FromThread,
  isThreadData,
  isToThread,
  type ThreadOrder,
  type ThreadResult,
} from "./thread-messages.ts";

const LOWEST_PRIORITY = 19;
/** Of frames that are unpacked, the largest that are written four times: chunks come from one after the other. */
const KEPT_FRAME_BYTES = 32 * 1024 * 1024;

if (!isThreadData(workerData)) throw new TypeError("not the data of a thread for blobs");
// Elsewhere it would be that of the whole process.
if (workerData.isIdle && process.platform === "linux") setPriority(0, LOWEST_PRIORITY);
const { indexPath } = workerData;
let index = ChunkIndex.open(indexPath);
const host = new StoreHost(post);
const memory = new EngineMemory();
let chunks = openChunks();
const packed = {
  depthOf: (id: ChunkId) => index.places(id)[0]?.depth,
  read: (id: ChunkId) => chunks.read(id),
};
let lastRecipe: { readonly bytes: Uint8Array; readonly recipe: BlobRecipe } | undefined;

parentPort?.on("message", (message: unknown) => {
  if (!isToThread(message)) throw new TypeError("not a message to a thread for blobs");
  if (message.kind !== "order") return host.hear(message);
  host.begin(message.index);
  // What it rejects with ends the thread.
  void carryOut(message.order);
});

async function carryOut(order: ThreadOrder): Promise<void> {
  try {
    followIndex();
    const result = await resultOf(order);
    host.flush();
    post({ kind: "done", result });
  } catch (error) {
    const fault = faultOf(error);
    if (fault === undefined) throw error;
    host.drop();
    post({ kind: "failed", fault });
  }
}

/** The index may have been begun anew. */
function followIndex(): void {
  if (!index.isReplaced) return;
  index[Symbol.dispose]();
  index = ChunkIndex.open(indexPath);
}

/** What nobody waits for is loaded when it is wanted: somebody may be waiting for the thread to begin. */
async function resultOf(order: ThreadOrder): Promise<ThreadResult> {
  switch (order.kind) {
    case "make":
      if (order.isProof) chunks = openChunks();
      await makePiece(recipeIn(order.recipe), order, { host, chunks, memory });
      return { kind: "make" };
    case "index": {
      const { indexBlob } = await import("./index-blob.ts");
      return await indexBlob(order, { host, memory });
    }
    case "pack": {
      const { packBlob } = await import("./pack-blob.ts");
      return await packBlob(recipeIn(order.recipe), order, { host, packed });
    }
  }
}

/** It remembers what it has read. */
function openChunks(): PackedChunks {
  const packs = new PackBlocks((name, at, size) => host.read({ kind: "pack", name }, at, size));
  return new PackedChunks({
    find: (id) => index.places(id),
    open: async (name) => ({ read: (at, size) => packs.read(name, at, size) }),
    onDamaged: ({ pack, at }) => post({ kind: "damaged", pack, at }),
    keptBytes: KEPT_FRAME_BYTES,
  });
}

/** Pieces of one blob come one after the other. */
function recipeIn(bytes: Uint8Array): BlobRecipe {
  if (lastRecipe !== undefined && Buffer.compare(lastRecipe.bytes, bytes) === 0) {
    return lastRecipe.recipe;
  }
  const recipe = decodeBlobRecipe(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  lastRecipe = { bytes, recipe };
  return recipe;
}

function post(message: FromThread, given?: Uint8Array<ArrayBuffer>): void {
  parentPort?.postMessage(message, given === undefined ? [] : [given.buffer]);
}
