import type { CallOptions } from "../../storage/storage-driver.ts";
import { bytesOf, type InventoryDeps, listAbsent, listCold } from "./cold-inventory.ts";
import type { Digest } from "../../oci/digest.ts";

export interface RoomOptions {
  /** What is free on the disk of the store at this moment; `undefined` when nobody can tell. */
  readonly freeBytes: () => Promise<number | undefined>;
  /** What is to stay free. */
  readonly diskFloorBytes: number;
}

/** There is too little free disk for the data of the cold blobs. */
export class NoRoomToRestore extends Error {
  readonly kind = "NoRoomToRestore";
  /** What the blobs take. */
  readonly neededBytes: number;
  /** What there is too little. */
  readonly missingBytes: number;

  constructor(neededBytes: number, lacking: number) {
    super(
      `nothing was restored: the cold blobs take ${megabytes(neededBytes)}, and barge.dedup.diskFloor is to stay free; ` +
        `${megabytes(lacking)} more must be free on the disk of the store`,
    );
    this.neededBytes = neededBytes;
    this.missingBytes = lacking;
  }
}

/** What a restoring would do. */
export interface RestorePlan {
  readonly blobs: number;
  readonly bytes: number;
  /** What is too little on the disk for it, 0 when it fits. */
  readonly missingBytes: number;
  /** Blobs that cannot be made again, as far as is known. */
  readonly absent: readonly Digest[];
}

/** Reads, and changes nothing. @throws {StorageError} */
export async function planRestore(
  options: InventoryDeps & RoomOptions & CallOptions,
): Promise<RestorePlan> {
  const cold = await listCold(options, options);
  const bytes = bytesOf(cold);
  return {
    blobs: cold.length,
    bytes,
    missingBytes: await missingBytes(bytes, options),
    absent: await listAbsent(options, options),
  };
}

/** @returns how much must become free before so many bytes can be written: 0 when they can. */
export async function missingBytes(
  neededBytes: number,
  { freeBytes, diskFloorBytes }: RoomOptions,
): Promise<number> {
  const free = await freeBytes();
  if (free === undefined || neededBytes === 0) return 0;
  return Math.max(0, neededBytes + diskFloorBytes - free);
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
