import { randomUUID } from "node:crypto";
import { ObjectNotFound, StagedOutOfOrder, StorageUnavailable } from "../../src/storage/errors.ts";
import type { CallOptions, StagedInfo } from "../../src/storage/storage-driver.ts";
import { DRIVER_FOLDER } from "../keys.ts";
import type { Bucket } from "./bucket.ts";
import { listParts, type Multipart } from "./multipart.ts";
import { type Placement, workingPlacement } from "./placement.ts";
import { failedFor } from "./s3-errors.ts";
import {
  decodeState,
  encodeState,
  stagedInfo,
  stagedSizeBytes,
  type UploadState,
  withListedParts,
} from "./upload-state.ts";

/** A state and the tag of the object in which it was found. */
export interface UploadRecord {
  readonly state: UploadState;
  readonly etag: string;
}

const STATE_SUFFIX = `/${DRIVER_FOLDER}/state`;

/** Folder of the working files of the staged object `key`. */
export function workingFolder(key: string): string {
  return `${key.slice(0, key.lastIndexOf("/"))}/${DRIVER_FOLDER}`;
}

/** @returns the key of the staged object whose state `key` is; `undefined` for other keys. */
export function stagedKeyOf(key: string): string | undefined {
  return key.endsWith(STATE_SUFFIX) ? `${key.slice(0, -STATE_SUFFIX.length)}/data` : undefined;
}

/** The multipart upload of a staged object, once it has one. */
export function multipartOf(key: string, { uploadId }: UploadState): Multipart | undefined {
  return uploadId === undefined ? undefined : { key, uploadId };
}

/** The records of staged objects: one small object beside each. */
export class UploadRecords {
  readonly #bucket: Bucket;
  readonly #placement: Placement;

  constructor(bucket: Bucket, placement: Placement) {
    this.#bucket = bucket;
    this.#placement = workingPlacement(placement);
  }

  /** @throws {StorageUnavailable} when there is one already. */
  async create(key: string, { signal }: CallOptions): Promise<UploadRecord> {
    const state = renewed({
      format: 1,
      version: "",
      nonce: "",
      modifiedAt: "",
      parts: [],
      tail: [],
      isAppending: false,
      isComplete: false,
    });
    const saved = await this.#put(key, state, { signal, onlyIf: "absent" });
    if (saved !== undefined) return saved;
    throw new StorageUnavailable(`${key} exists already`, { reason: "EEXIST" });
  }

  /** As it lies in the store. @returns `undefined` when there is none. */
  async find(key: string, { signal }: CallOptions): Promise<UploadRecord | undefined> {
    const output = await this.#bucket.get(stateKey(key), { signal });
    if (output?.Body === undefined) return undefined;
    const text = await this.#bucket.call({
      doing: `read the state of ${key}`,
      signal,
      send: async () => output.Body?.transformToString() ?? "",
    });
    return { state: decodeState(text, key), etag: output.ETag ?? "" };
  }

  /** With what a broken append has left behind. @returns `undefined` when there is none. */
  async load(key: string, options: CallOptions): Promise<UploadRecord | undefined> {
    const record = await this.find(key, options);
    if (record === undefined || !record.state.isAppending) return record;
    const multipart = multipartOf(key, record.state);
    if (multipart === undefined) return record;
    const listed = await listParts(this.#bucket, multipart, options);
    return listed && { ...record, state: withListedParts(record.state, listed) };
  }

  /**
   * Puts `state` in the place of the record that was loaded or saved last.
   * @throws {StagedOutOfOrder} {ObjectNotFound} when somebody else has changed or ended it meanwhile,
   * as far as the store can tell.
   */
  async save(
    key: string,
    state: UploadState,
    { signal, etag }: CallOptions & { readonly etag: string },
  ): Promise<UploadRecord> {
    const saved = await this.#put(key, state, { signal, onlyIf: { etag } });
    if (saved !== undefined) return saved;
    const present = await this.find(key, { signal });
    if (present === undefined) throw new ObjectNotFound(key);
    throw new StagedOutOfOrder(key, stagedSizeBytes(present.state));
  }

  /** @returns `undefined` when the condition does not hold, and nothing was written. */
  async #put(
    key: string,
    state: UploadState,
    options: CallOptions & { readonly onlyIf: "absent" | { readonly etag: string } },
  ): Promise<UploadRecord | undefined> {
    const { signal, onlyIf } = options;
    const put = { signal, onlyIf, placement: this.#placement };
    try {
      return { state, etag: await this.#bucket.put(stateKey(key), encodeState(state), put) };
    } catch (error) {
      if (!failedFor(error, "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")) {
        throw error;
      }
    }
    // An attempt before the last may have succeeded without our hearing of it.
    const present = await this.find(key, { signal });
    return present?.state.nonce === state.nonce ? present : undefined;
  }
}

/** @throws {StagedOutOfOrder} when the record is not exactly that of `at`. */
export function checkUnchanged(key: string, { state }: UploadRecord, at: StagedInfo): void {
  const { sizeBytes, version } = stagedInfo(state);
  if (sizeBytes !== at.sizeBytes || version !== at.version) {
    throw new StagedOutOfOrder(key, sizeBytes);
  }
}

/** The same state with another version: the bytes have changed. */
export function renewed(state: UploadState): UploadState {
  return { ...stamped(state), version: randomUUID() };
}

/** The same state as another record of it. */
export function stamped(state: UploadState): UploadState {
  return { ...state, nonce: randomUUID(), modifiedAt: new Date().toISOString() };
}

function stateKey(key: string): string {
  return `${workingFolder(key)}/state`;
}
