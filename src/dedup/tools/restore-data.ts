import { dirname } from "node:path/posix";
import { blobData, INCOMING, PACKS, QUARANTINED_RECIPES, RECIPES } from "../../content/layout.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";
import { BlobBroken, type BlobMaker } from "../cold/blob-maker.ts";
import type { Healing } from "../convert/healing.ts";
import { receiveObject } from "../store/receive-object.ts";
import {
  bytesOf,
  type ColdBlob,
  type InventoryDeps,
  listAbsent,
  listCold,
} from "./cold-inventory.ts";
import { missingBytes, NoRoomToRestore, type RoomOptions } from "./restore-room.ts";
import type { BrokenBlob, Watch } from "./watching.ts";

/** Recipes go first: no reader is to look for packs that are gone. */
const WHAT_GOES = [RECIPES, PACKS, dirname(QUARANTINED_RECIPES), dirname(INCOMING)];

export interface RestoreDataOptions extends InventoryDeps, CallOptions, RoomOptions {
  readonly maker: Pick<BlobMaker, "whole">;
  readonly healing: Pick<Healing, "heal">;
  /** Asked before anything is deleted. @throws when another process may write to the store. */
  readonly stillAlone: (options: CallOptions) => Promise<void>;
  readonly watch: Watch;
}

export interface RestoredData {
  /** Blobs that are data again, */
  readonly restored: number;
  /** and their bytes. */
  readonly bytes: number;
  readonly broken: readonly BrokenBlob[];
  /** Whether nothing of recipes and packs is left: only when nothing is broken. */
  readonly isPlain: boolean;
}

/**
 * Makes data of all cold blobs, and deletes all recipes and packs when they are not needed any more. It may be
 * cut short anywhere, and done again. The caller is alone in the store.
 * @throws {NoRoomToRestore} before anything is written. {StorageError}, and what `stillAlone` throws.
 */
export async function restoreData(options: RestoreDataOptions): Promise<RestoredData> {
  const { healing, signal } = options;
  await healing.heal({ signal });
  const cold = await listCold(options, { signal });
  const lacking = await missingBytes(bytesOf(cold), options);
  if (lacking > 0) throw new NoRoomToRestore(bytesOf(cold), lacking);
  const broken = await restoreEach(cold, options);
  const absent = await listAbsent(options, { signal });
  const aside = absent.map((digest) => ({ digest, reason: SET_ASIDE }));
  const isPlain = broken.length + aside.length === 0 && (await deleteRest(options));
  const restored = cold.filter(({ digest }) => broken.every((one) => one.digest !== digest));
  const bytes = bytesOf(restored);
  return { restored: restored.length, bytes, broken: [...broken, ...aside], isPlain };
}

/** Why a blob in quarantine is absent. */
const SET_ASIDE = "it was set aside, because chunks of it are damaged or missing";

async function restoreEach(
  cold: readonly ColdBlob[],
  options: RestoreDataOptions,
): Promise<readonly BrokenBlob[]> {
  const onBytes = options.watch(bytesOf(cold));
  const broken: BrokenBlob[] = [];
  for (const { digest } of cold) {
    try {
      await restore(digest, options, onBytes);
    } catch (error) {
      if (!(error instanceof BlobBroken)) throw error;
      broken.push({ digest, reason: error.reason });
    }
  }
  return broken;
}

async function restore(
  digest: Digest,
  { driver, maker, signal }: RestoreDataOptions,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const bytes = told(maker.whole(digest, { signal }), onBytes);
  await using received = await receiveObject(driver, bytes, { signal });
  await received.publish(blobData(digest), { signal });
}

async function* told(
  bytes: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of bytes) {
    onBytes(piece.length);
    yield piece;
  }
}

/** Looks again at what is there before it deletes what it was made of. */
async function deleteRest(options: RestoreDataOptions): Promise<boolean> {
  const { driver, stillAlone, signal } = options;
  if ((await listCold(options, { signal })).length > 0) return false;
  for (const folder of WHAT_GOES) {
    await stillAlone({ signal });
    await driver.deleteTree(folder, { signal });
  }
  return true;
}
