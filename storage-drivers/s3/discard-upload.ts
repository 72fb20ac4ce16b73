import type { CallOptions } from "../../src/storage/storage-driver.ts";
import type { Bucket } from "./bucket.ts";
import { openUploads, pathsBelow } from "./bucket-listing.ts";
import { abortMultipart } from "./multipart.ts";
import { stagedKeyOf, type UploadRecords, workingFolder } from "./upload-record.ts";
import type { UploadState } from "./upload-state.ts";
import { tailKey } from "./upload-tail.ts";

interface Parts {
  readonly bucket: Bucket;
  readonly records: UploadRecords;
}

/** Gives up a staged object: open uploads first, then what lies in the store, the record last. */
export async function discardUpload(
  { bucket, records }: Parts,
  key: string,
  { signal }: CallOptions,
): Promise<void> {
  const path = bucket.pathOf(key);
  const record = await records.find(key, { signal });
  const uploads = record === undefined ? [] : await openUploads(bucket, path, { signal });
  const { uploadId } = record?.state ?? {};
  if (uploadId !== undefined) await abortMultipart(bucket, { path, uploadId }, { signal });
  for (const upload of uploads) {
    if (upload.path === path && upload.uploadId !== uploadId) {
      await abortMultipart(bucket, upload, { signal });
    }
  }
  for await (const working of pathsBelow(bucket, workingFolder(key), { signal })) {
    await bucket.deletePaths(
      working.filter((each) => !each.endsWith("/state")),
      { signal },
    );
  }
  await bucket.deletePaths([path], { signal });
  await bucket.delete(`${workingFolder(key)}/state`, { signal });
}

/** Removes what is left of a staged object whose parts have been joined or were never any. */
export async function endUpload(
  bucket: Bucket,
  key: string,
  { signal, state }: CallOptions & { readonly state: UploadState },
): Promise<void> {
  const { uploadId, isComplete, tail } = state;
  if (uploadId !== undefined && !isComplete) {
    await abortMultipart(bucket, { path: bucket.pathOf(key), uploadId }, { signal });
  }
  const keys = [key, ...tail.map((piece) => tailKey(key, piece)), `${workingFolder(key)}/state`];
  await bucket.deletePaths(
    keys.map((each) => bucket.pathOf(each)),
    { signal },
  );
}

/** Removes everything below a prefix, uploads that are not joined yet included. */
export async function deleteBelow(
  { bucket, records }: Parts,
  prefix: string,
  { signal }: CallOptions,
): Promise<void> {
  const path = bucket.pathOf(prefix);
  for (const upload of await openUploads(bucket, path, { signal })) {
    const isBelow = upload.path === path || upload.path.startsWith(`${path}/`);
    if (isBelow) await abortMultipart(bucket, upload, { signal });
  }
  for await (const paths of pathsBelow(bucket, prefix, { signal })) {
    await abortRecorded({ bucket, records }, paths, { signal });
    await bucket.deletePaths(paths, { signal });
  }
  await bucket.delete(prefix, { signal });
}

/** Some stores list uploads only by their full name; the records know them in any case. */
async function abortRecorded(
  { bucket, records }: Parts,
  paths: readonly string[],
  { signal }: CallOptions,
): Promise<void> {
  for (const path of paths) {
    const key = stagedKeyOf(bucket.keyOf(path) ?? "");
    if (key === undefined) continue;
    const record = await records.find(key, { signal });
    const uploadId = record?.state.uploadId;
    if (uploadId === undefined) continue;
    await abortMultipart(bucket, { path: bucket.pathOf(key), uploadId }, { signal });
  }
}
