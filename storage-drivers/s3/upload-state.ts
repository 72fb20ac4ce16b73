import { z } from "zod";
import { StorageUnavailable } from "../../src/storage/errors.ts";
import type { StagedInfo } from "../../src/storage/storage-driver.ts";
import { sizeOfParts, type UploadedPart } from "./multipart.ts";

/**
 * The record of a staged object, which lies beside it and holds all that another process needs to go
 * on: the parts that were sent, then the pieces that are too small to be one.
 */
const schema = z.object({
  format: z.literal(1),
  /** Changes with the bytes. */
  version: z.string(),
  /** Of this very record, to know it again after an answer was lost. */
  nonce: z.string(),
  modifiedAt: z.iso.datetime(),
  uploadId: z.string().optional(),
  parts: z.array(z.object({ etag: z.string(), sizeBytes: z.int().nonnegative() })).readonly(),
  /** Objects that hold the bytes behind the parts. */
  tail: z.array(z.object({ name: z.string(), sizeBytes: z.int().positive() })).readonly(),
  /** There may be more parts than stand here. */
  isAppending: z.boolean(),
  /** The parts have been joined: the object can be read and no longer grow. */
  isComplete: z.boolean(),
});

/** See the schema above. */
export type UploadState = Readonly<z.output<typeof schema>>;

/** Bytes that are in no part yet. */
export type TailPiece = UploadState["tail"][number];

const PARTS_OF_ONE_SIZE = 5000;
const PARTS_PER_DOUBLING = 1000;

/**
 * Size of the part with that number. A multipart upload has at most 10,000 parts: from the 5,001st on
 * each thousand is twice as large, which makes room for 650 GiB in parts that begin with 10 MiB.
 */
export function partSizeBytes(number: number, chunkSizeBytes: number): number {
  const doublings = Math.ceil(Math.max(0, number - PARTS_OF_ONE_SIZE) / PARTS_PER_DOUBLING);
  return chunkSizeBytes * 2 ** doublings;
}

/** All bytes that are staged. */
export function stagedSizeBytes({ parts, tail }: Pick<UploadState, "parts" | "tail">): number {
  return sizeOfParts(parts) + sizeOfParts(tail);
}

/** As the port describes a staged object. */
export function stagedInfo(state: UploadState): StagedInfo {
  const { version, modifiedAt } = state;
  return { sizeBytes: stagedSizeBytes(state), version, modifiedAt: new Date(modifiedAt) };
}

/** The bytes of the record. */
export function encodeState(state: UploadState): Buffer {
  return Buffer.from(JSON.stringify(state));
}

/** @throws {StorageUnavailable} when it is no such record. */
export function decodeState(text: string, key: string): UploadState {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const reason = "DamagedUploadState";
    throw new StorageUnavailable(`the state of ${key} is damaged`, { reason, cause });
  }
}

/**
 * The state after a crash in the middle of an append: parts that were sent and not noted down count.
 * The tail is sent at the beginning of the part behind it, so it counts only while there is none.
 */
export function withListedParts(state: UploadState, listed: readonly UploadedPart[]): UploadState {
  const added = listed.slice(state.parts.length);
  if (added.length === 0) return state;
  return {
    ...state,
    parts: [...state.parts, ...added],
    tail: [],
    version: `${state.version}+${added.length}`,
  };
}
