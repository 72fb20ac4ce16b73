/**
 * A thread that rebuilds pieces of one stream. It is given a {@link RebuildTask} as its data, then
 * {@link RebuildOrder}s, and posts {@link RebuildNews}. An error that is not the recipe's ends it.
 */
import { open } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { RecipeError } from "../recompress/recipe-error.ts";
import { decodeRecipe } from "../recompress/recipe.ts";
import type { RebuildPiece } from "../recompress/rebuild-plan.ts";
import { EngineMemory } from "../recompress/engine-memory.ts";
import { rebuildStream } from "../recompress/rebuild.ts";
import { ByteParcels } from "./byte-parcels.ts";
import { PieceCredit } from "./piece-credit.ts";
import { isRebuildOrder, isRebuildTask, type RebuildNews } from "./rebuild-messages.ts";

const READ_BYTES = 1024 * 1024;

if (!isRebuildTask(workerData)) throw new TypeError("not a task of rebuilding");
const { plain } = workerData;
const recipe = decodeRecipe(workerData.recipe);
const credit = new PieceCredit();
/** One piece comes after the other. */
const memory = new EngineMemory();

parentPort?.on("message", (order: unknown) => {
  if (!isRebuildOrder(order)) throw new TypeError("not an order of rebuilding");
  if (order.kind === "taken") {
    credit.give(order.index, order.bytes);
    return;
  }
  credit.begin(order.index);
  // What it rejects with ends the thread.
  void rebuild(order.piece);
});

async function rebuild(piece: RebuildPiece): Promise<void> {
  try {
    await feed(piece);
    post({ kind: "done" });
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    post({ kind: "refused", text: error.message });
  }
}

async function feed(piece: RebuildPiece): Promise<void> {
  const parcels = new ByteParcels(send);
  const rebuilder = rebuildStream(recipe, (bytes) => parcels.put(bytes), { ...piece, memory });
  await using file = await open(plain.path);
  const buffer = new Uint8Array(READ_BYTES);
  for (let at = piece.plainFrom, wantsMore = true; wantsMore && at < recipe.plainBytes;) {
    await credit.room();
    const wanted = Math.min(READ_BYTES, recipe.plainBytes - at);
    const { bytesRead } = await file.read(buffer, 0, wanted, plain.offset + at);
    if (bytesRead === 0) throw new RecipeError("there are fewer plain bytes than the recipe says");
    wantsMore = rebuilder.write(buffer.subarray(0, bytesRead));
    post({ kind: "progress", plainBytes: shareOf(piece, at, at + bytesRead) });
    at += bytesRead;
  }
  rebuilder.end();
  parcels.end();
}

function send(bytes: Uint8Array<ArrayBuffer>): void {
  credit.spend(bytes.length);
  post({ kind: "bytes", bytes }, bytes);
}

/** Plain bytes of a stretch that the piece stands for, and no other one. */
function shareOf({ plainAt, plainEnd }: RebuildPiece, from: number, to: number): number {
  return Math.max(0, Math.min(to, plainEnd) - Math.max(from, plainAt));
}

function post(news: RebuildNews, given?: Uint8Array<ArrayBuffer>): void {
  parentPort?.postMessage(news, given === undefined ? [] : [given.buffer]);
}
