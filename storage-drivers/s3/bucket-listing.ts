import {
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
} from "@aws-sdk/client-s3";
import {
  type CallOptions,
  isStorageKey,
  type ListEntry,
} from "../../src/storage/storage-driver.ts";
import { childKey, isObjectKey } from "../keys.ts";
import { inListOrder } from "../list-order.ts";
import type { Bucket } from "./bucket.ts";
import { pagesOf } from "./pages.ts";

/** No store takes a longer one. */
const MAX_KEY_BYTES = 1024;

/** Objects and prefixes directly below a prefix, in order; names that no key can have are left out. */
export async function* listBelow(
  bucket: Bucket,
  prefix: string,
  { signal, after }: CallOptions & { readonly after?: string },
): AsyncGenerator<ListEntry> {
  const folder = bucket.pathOf(prefix === "" ? "" : `${prefix}/`);
  const fetch = (token: string | undefined): Promise<ListObjectsV2CommandOutput> =>
    listPage(bucket, { folder, signal, token, after, delimiter: "/" });
  for await (const page of pagesOf(fetch)) {
    const entries = entriesOf(page, folder).filter(
      ({ name }) => isStorageKey(name) && isObjectKey(childKey(prefix, name)),
    );
    for (const entry of inListOrder(entries, after)) {
      signal.throwIfAborted();
      yield entry;
    }
  }
}

/** Names in the bucket of all objects whose key begins with `prefix` + `/`, page by page. */
export async function* pathsBelow(
  bucket: Bucket,
  prefix: string,
  { signal }: CallOptions,
): AsyncGenerator<readonly string[]> {
  const folder = bucket.pathOf(`${prefix}/`);
  const fetch = (token: string | undefined): Promise<ListObjectsV2CommandOutput> =>
    listPage(bucket, { folder, signal, token });
  for await (const page of pagesOf(fetch)) {
    const decode = decoderOf(page);
    const paths = (page.Contents ?? []).map(({ Key = "" }) => decode(Key));
    yield paths.filter((path) => path.startsWith(folder));
  }
}

interface PageOptions extends CallOptions {
  readonly folder: string;
  readonly token: string | undefined;
  readonly after?: string | undefined;
  readonly delimiter?: string;
}

async function listPage(
  bucket: Bucket,
  { folder, signal, token, after, delimiter }: PageOptions,
): Promise<ListObjectsV2CommandOutput> {
  const request = new ListObjectsV2Command({
    Bucket: bucket.name,
    Prefix: folder,
    EncodingType: "url",
    ...(delimiter !== undefined && { Delimiter: delimiter }),
    ...(token !== undefined && { ContinuationToken: token }),
    ...(token === undefined && after && { StartAfter: startOf(folder, after) }),
  });
  return await bucket.call({
    doing: `list ${folder}`,
    signal,
    send: (client, options) => client.send(request, options),
  });
}

/**
 * Where to begin for what lies behind `after`: at it, or shortly before where a store may not like
 * the text. All that keys can have comes before `~`.
 */
function startOf(folder: string, after: string): string {
  const [plain = ""] = /^[ -~]*/.exec(after) ?? [];
  const isBehindKeys = (after[plain.length] ?? "") > "~";
  return `${folder}${plain}${isBehindKeys ? "~" : ""}`.slice(0, MAX_KEY_BYTES);
}

function entriesOf(page: ListObjectsV2CommandOutput, folder: string): readonly ListEntry[] {
  const decode = decoderOf(page);
  const nameOf = (path: string): string => decode(path).slice(folder.length);
  return [
    ...(page.CommonPrefixes ?? []).map(
      ({ Prefix = "" }) => ({ kind: "prefix", name: nameOf(Prefix).replace(/\/$/, "") }) as const,
    ),
    ...(page.Contents ?? []).map(
      ({ Key = "" }) => ({ kind: "object", name: nameOf(Key) }) as const,
    ),
  ];
}

/** Names come encoded where the store heeds that we asked for it: they may hold what XML cannot. */
function decoderOf({ EncodingType }: ListObjectsV2CommandOutput): (text: string) => string {
  if (EncodingType !== "url") return (text) => text;
  return (text) => decodeURIComponent(text.replaceAll("+", " "));
}

/** A multipart upload that has not ended. */
export interface OpenUpload {
  readonly path: string;
  readonly uploadId: string;
}

/** All multipart uploads of objects whose name in the bucket begins with `path`. */
export async function openUploads(
  bucket: Bucket,
  path: string,
  { signal }: CallOptions,
): Promise<readonly OpenUpload[]> {
  const found: OpenUpload[] = [];
  const markers = new Map<string, { KeyMarker: string; UploadIdMarker?: string }>();
  const fetch = async (token: string | undefined) => {
    const page = await uploadsPage(bucket, { path, signal, marker: markers.get(token ?? "") });
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    if (KeyMarker === undefined) return page;
    const next = `${KeyMarker} ${UploadIdMarker ?? ""}`;
    markers.set(next, { KeyMarker, ...(UploadIdMarker !== undefined && { UploadIdMarker }) });
    return { ...page, NextContinuationToken: next };
  };
  for await (const { Uploads = [] } of pagesOf(fetch)) {
    for (const { Key, UploadId } of Uploads) {
      if (Key !== undefined && UploadId !== undefined)
        found.push({ path: Key, uploadId: UploadId });
    }
  }
  return found;
}

async function uploadsPage(
  bucket: Bucket,
  {
    path,
    signal,
    marker,
  }: CallOptions & {
    readonly path: string;
    readonly marker: { KeyMarker: string; UploadIdMarker?: string } | undefined;
  },
): Promise<ListMultipartUploadsCommandOutput> {
  const request = new ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix: path, ...marker });
  return await bucket.call({
    doing: `list the uploads of ${path}`,
    signal,
    send: (client, options) => client.send(request, options),
  });
}
