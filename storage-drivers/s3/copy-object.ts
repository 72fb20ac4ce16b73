import { CopyObjectCommand, UploadPartCopyCommand } from "@aws-sdk/client-s3";
import { pooledMap } from "../../src/lib/pooled-map.ts";
import { StorageUnavailable } from "../../src/storage/errors.ts";
import type { CallOptions } from "../../src/storage/storage-driver.ts";
import type { Bucket, StoredObject } from "./bucket.ts";
import {
  abortMultipart,
  completeMultipart,
  createMultipart,
  type Multipart,
  type UploadedPart,
} from "./multipart.ts";
import type { Placement } from "./placement.ts";
import type { S3Settings } from "./s3-settings.ts";

const MAX_PARTS = 10_000;
const ABORT_TIMEOUT_MS = 30_000;

/** What governs a copy within the store. */
export interface CopyOptions extends CallOptions {
  readonly placement: Placement;
  readonly settings: Pick<
    S3Settings,
    "multipartCopyChunkSizeBytes" | "multipartCopyMaxConcurrency" | "multipartCopyThresholdBytes"
  >;
}

/** Copies within the store, in parts when it is large. @returns the copy as the store describes it. */
export async function copyObject(
  bucket: Bucket,
  { from, to }: { readonly from: StoredObject; readonly to: string },
  options: CopyOptions,
): Promise<StoredObject> {
  const isLarge = from.sizeBytes > options.settings.multipartCopyThresholdBytes;
  if (isLarge) await copyInParts(bucket, { from, to }, options);
  else await copyAtOnce(bucket, { from, to }, options);
  const copy = await bucket.head(to, options);
  if (copy?.sizeBytes === from.sizeBytes) return copy;
  throw new StorageUnavailable(`the copy ${to} is not whole`, { reason: "CopyIncomplete" });
}

interface Copying {
  readonly from: StoredObject;
  readonly to: string;
}

async function copyAtOnce(
  bucket: Bucket,
  { from, to }: Copying,
  { signal, placement }: CopyOptions,
): Promise<void> {
  const request = new CopyObjectCommand({
    Bucket: bucket.name,
    Key: bucket.pathOf(to),
    CopySource: sourceOf(bucket, from.key),
    ...placement,
  });
  await bucket.call({
    doing: `copy ${from.key} to ${to}`,
    signal,
    isSlow: true,
    send: (client, options) => client.send(request, options),
  });
}

async function copyInParts(
  bucket: Bucket,
  { from, to }: Copying,
  { signal, placement, settings }: CopyOptions,
): Promise<void> {
  const upload = await createMultipart(bucket, to, { signal, placement });
  try {
    const ranges = rangesOf(from.sizeBytes, settings.multipartCopyChunkSizeBytes);
    const parts = await Array.fromAsync(
      pooledMap(ranges.entries(), settings.multipartCopyMaxConcurrency, ([index, range]) =>
        copyPart(bucket, upload, { from, range, number: index + 1, signal }),
      ),
    );
    await completeMultipart(bucket, upload, { signal, parts });
  } catch (error) {
    await giveUp(bucket, upload);
    throw error;
  }
}

async function giveUp(bucket: Bucket, { key, uploadId }: Multipart): Promise<void> {
  const signal = AbortSignal.timeout(ABORT_TIMEOUT_MS);
  const upload = { path: bucket.pathOf(key), uploadId };
  await abortMultipart(bucket, upload, { signal }).catch(ignoreSecondFailure);
}

interface Range {
  readonly startBytes: number;
  readonly sizeBytes: number;
}

/** Cuts an object into parts of at least `chunkBytes`, larger when there would be too many. */
export function rangesOf(sizeBytes: number, chunkBytes: number): readonly Range[] {
  const step = Math.max(chunkBytes, Math.ceil(sizeBytes / MAX_PARTS));
  return Array.from({ length: Math.ceil(sizeBytes / step) }, (_, index) => ({
    startBytes: index * step,
    sizeBytes: Math.min(step, sizeBytes - index * step),
  }));
}

async function copyPart(
  bucket: Bucket,
  { key, uploadId }: Multipart,
  {
    from,
    range: { startBytes, sizeBytes },
    number,
    signal,
  }: CallOptions & {
    readonly from: StoredObject;
    readonly range: Range;
    readonly number: number;
  },
): Promise<UploadedPart> {
  const request = new UploadPartCopyCommand({
    Bucket: bucket.name,
    Key: bucket.pathOf(key),
    UploadId: uploadId,
    PartNumber: number,
    CopySource: sourceOf(bucket, from.key),
    CopySourceRange: `bytes=${startBytes}-${startBytes + sizeBytes - 1}`,
  });
  const { CopyPartResult } = await bucket.call({
    doing: `copy part ${number} of ${from.key} to ${key}`,
    signal,
    isSlow: true,
    send: (client, options) => client.send(request, options),
  });
  return { etag: CopyPartResult?.ETag ?? "", sizeBytes };
}

function sourceOf(bucket: Bucket, key: string): string {
  const path = `${bucket.name}/${bucket.pathOf(key)}`;
  return path.split("/").map(encodeURIComponent).join("/");
}

/** The first failure is the one to tell. */
function ignoreSecondFailure(): undefined {
  return undefined;
}
