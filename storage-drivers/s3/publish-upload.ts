import { ObjectNotFound, StagedOutOfOrder } from "../../src/storage/errors.ts";
import type { CallOptions, ObjectInfo, StagedInfo } from "../../src/storage/storage-driver.ts";
import type { Bucket, StoredObject } from "./bucket.ts";
import { copyObject } from "./copy-object.ts";
import { endUpload } from "./discard-upload.ts";
import { completeMultipart, type UploadedPart, uploadPart } from "./multipart.ts";
import type { Placement } from "./placement.ts";
import { failedFor } from "./s3-errors.ts";
import type { S3Settings } from "./s3-settings.ts";
import {
  checkUnchanged,
  multipartOf,
  stamped,
  type UploadRecord,
  type UploadRecords,
} from "./upload-record.ts";
import { stagedSizeBytes } from "./upload-state.ts";
import { collectTail } from "./upload-tail.ts";

/** What the operations on staged objects share. */
export interface UploadParts {
  readonly bucket: Bucket;
  readonly records: UploadRecords;
  readonly placement: Placement;
  readonly settings: S3Settings;
}

interface WithParts extends CallOptions {
  readonly parts: UploadParts;
}

/** Makes a staged object the object `to` and ends it; see the port for what else may be. */
export async function publishUpload(
  key: string,
  to: string,
  { signal, at, parts }: WithParts & { readonly at: StagedInfo },
): Promise<ObjectInfo> {
  const { bucket, records } = parts;
  const present = await wholeObject(bucket, to, { signal, sizeBytes: at.sizeBytes });
  const record = await records.load(key, { signal });
  if (record === undefined) {
    if (present === undefined) throw new ObjectNotFound(key);
    return objectInfo(present);
  }
  checkUnchanged(key, record, at);
  const object = present ?? (await makeObject(key, to, { signal, parts, record }));
  const isComplete = present === undefined || record.state.isComplete;
  await endUpload(bucket, key, { signal, state: { ...record.state, isComplete } });
  return objectInfo(object);
}

async function wholeObject(
  bucket: Bucket,
  key: string,
  { signal, sizeBytes }: CallOptions & { readonly sizeBytes: number },
): Promise<StoredObject | undefined> {
  const object = await bucket.head(key, { signal });
  return object?.sizeBytes === sizeBytes ? object : undefined;
}

function objectInfo({ key, sizeBytes, modifiedAt }: StoredObject): ObjectInfo {
  return { key, sizeBytes, modifiedAt };
}

async function makeObject(
  key: string,
  to: string,
  { signal, parts, record }: WithParts & { readonly record: UploadRecord },
): Promise<StoredObject> {
  const { bucket, placement, settings } = parts;
  const { state } = record;
  if (state.parts.length > 0) {
    const from = await completeUpload(key, record, { signal, parts });
    return await copyObject(bucket, { from, to }, { signal, placement, settings });
  }
  const bytes = await collectTail(bucket, key, { signal, tail: state.tail });
  await bucket.put(to, bytes, { signal, placement });
  const object = await wholeObject(bucket, to, { signal, sizeBytes: bytes.byteLength });
  if (object === undefined) throw new ObjectNotFound(to);
  return object;
}

/**
 * Joins the parts of a staged object and notes that down; its version stays, for its bytes do.
 * @throws {StagedOutOfOrder} when somebody else has sent parts meanwhile.
 */
export async function completeUpload(
  key: string,
  record: UploadRecord,
  { signal, parts: { bucket, records } }: WithParts,
): Promise<StoredObject> {
  const { state, etag } = record;
  const sizeBytes = stagedSizeBytes(state);
  if (!state.isComplete) {
    await joinParts(key, record, { signal, bucket });
    const complete = stamped({ ...state, isComplete: true, isAppending: false });
    await records.save(key, complete, { signal, etag });
  }
  const object = await wholeObject(bucket, key, { signal, sizeBytes });
  if (object === undefined) throw new ObjectNotFound(key);
  return object;
}

async function joinParts(
  key: string,
  { state }: UploadRecord,
  { signal, bucket }: CallOptions & { readonly bucket: Bucket },
): Promise<void> {
  const multipart = multipartOf(key, state);
  if (multipart === undefined) throw new ObjectNotFound(key);
  try {
    const last: UploadedPart[] = [];
    if (state.tail.length > 0) {
      const bytes = await collectTail(bucket, key, { signal, tail: state.tail });
      const number = state.parts.length + 1;
      last.push(await uploadPart(bucket, multipart, { signal, number, bytes }));
    }
    await completeMultipart(bucket, multipart, { signal, parts: [...state.parts, ...last] });
  } catch (error) {
    if (failedFor(error, "InvalidPart")) throw new StagedOutOfOrder(key, stagedSizeBytes(state));
    // Without the upload, the object itself tells whether its parts had been joined before.
    if (!failedFor(error, "NoSuchUpload")) throw error;
  }
}
