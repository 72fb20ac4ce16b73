import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type Part,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { StorageUnavailable } from "../../src/storage/errors.ts";
import type { CallOptions } from "../../src/storage/storage-driver.ts";
import type { Bucket } from "./bucket.ts";
import { pagesOf } from "./pages.ts";
import type { Placement } from "./placement.ts";
import { failedFor } from "./s3-errors.ts";

/** One part of a multipart upload; its number is its place in the list, from 1 on. */
export interface UploadedPart {
  readonly etag: string;
  readonly sizeBytes: number;
}

/** A multipart upload of the object `key`. */
export interface Multipart {
  readonly key: string;
  readonly uploadId: string;
}

/** Begins one. */
export async function createMultipart(
  bucket: Bucket,
  key: string,
  { signal, placement }: CallOptions & { readonly placement: Placement },
): Promise<Multipart> {
  const request = new CreateMultipartUploadCommand({
    Bucket: bucket.name,
    Key: bucket.pathOf(key),
    ...placement,
  });
  const { UploadId: uploadId } = await bucket.call({
    doing: `begin the upload of ${key}`,
    signal,
    send: (client, options) => client.send(request, options),
  });
  if (uploadId !== undefined) return { key, uploadId };
  throw new StorageUnavailable(`the store named no upload of ${key}`, { reason: "NoUploadId" });
}

/** Sends a part, replacing one of the same number. */
export async function uploadPart(
  bucket: Bucket,
  { key, uploadId }: Multipart,
  { signal, number, bytes }: CallOptions & { readonly number: number; readonly bytes: Uint8Array },
): Promise<UploadedPart> {
  const request = new UploadPartCommand({
    Bucket: bucket.name,
    Key: bucket.pathOf(key),
    UploadId: uploadId,
    PartNumber: number,
    Body: bytes,
  });
  const { ETag: etag = "" } = await bucket.call({
    doing: `send part ${number} of ${key}`,
    signal,
    send: (client, options) => client.send(request, options),
  });
  return { etag, sizeBytes: bytes.byteLength };
}

/**
 * What the store holds of one, from the first part up to the first gap.
 * @returns `undefined` when there is no such upload, or no longer.
 */
export async function listParts(
  bucket: Bucket,
  { key, uploadId }: Multipart,
  { signal }: CallOptions,
): Promise<readonly UploadedPart[] | undefined> {
  const name = { Bucket: bucket.name, Key: bucket.pathOf(key), UploadId: uploadId };
  const fetch = async (token: string | undefined) => {
    const request = new ListPartsCommand({ ...name, ...(token && { PartNumberMarker: token }) });
    const page = await bucket.call({
      doing: `list the parts of ${key}`,
      signal,
      send: (client, options) => client.send(request, options),
    });
    const { IsTruncated, Parts: Contents = [], NextPartNumberMarker } = page;
    return { IsTruncated, Contents, NextContinuationToken: NextPartNumberMarker };
  };
  const parts: UploadedPart[] = [];
  try {
    for await (const { Contents } of pagesOf(fetch)) {
      addInOrder(parts, Contents);
    }
    return parts;
  } catch (error) {
    if (failedFor(error, "NoSuchUpload", "NotFound")) return undefined;
    throw error;
  }
}

function addInOrder(parts: UploadedPart[], found: readonly Part[]): void {
  for (const { PartNumber, ETag = "", Size = 0 } of found) {
    if (PartNumber === parts.length + 1) parts.push({ etag: ETag, sizeBytes: Size });
  }
}

/**
 * Joins the parts to the object. It names the parts that we know of: one that somebody has replaced
 * since makes it fail with `InvalidPart`. When the answer is lost, or the upload was joined before,
 * the object itself tells whether it is done.
 */
export async function completeMultipart(
  bucket: Bucket,
  { key, uploadId }: Multipart,
  { signal, parts }: CallOptions & { readonly parts: readonly UploadedPart[] },
): Promise<void> {
  const request = new CompleteMultipartUploadCommand({
    Bucket: bucket.name,
    Key: bucket.pathOf(key),
    UploadId: uploadId,
    MultipartUpload: {
      Parts: parts.map(({ etag }, index) => ({ ETag: etag, PartNumber: index + 1 })),
    },
  });
  try {
    await bucket.call({
      doing: `complete ${key}`,
      signal,
      isSlow: true,
      send: (client, options) => client.send(request, options),
    });
  } catch (error) {
    const object = failedFor(error, "InvalidPart") ? undefined : await bucket.head(key, { signal });
    if (object?.sizeBytes !== sizeOfParts(parts)) throw error;
  }
}

/** Of all of them together. */
export function sizeOfParts(parts: readonly { readonly sizeBytes: number }[]): number {
  return parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Gives up an upload and its parts. Idempotent. */
export async function abortMultipart(
  bucket: Bucket,
  upload: { readonly path: string; readonly uploadId: string },
  { signal }: CallOptions,
): Promise<void> {
  const request = new AbortMultipartUploadCommand({
    Bucket: bucket.name,
    Key: upload.path,
    UploadId: upload.uploadId,
  });
  try {
    await bucket.call({
      doing: `abort the upload of ${upload.path}`,
      signal,
      send: (client, options) => client.send(request, options),
    });
  } catch (error) {
    if (!failedFor(error, "NoSuchUpload", "NotFound", "NoSuchKey")) throw error;
  }
}
