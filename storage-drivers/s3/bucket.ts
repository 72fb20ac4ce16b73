import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { StorageUnavailable } from "../../src/storage/errors.ts";
import type { CallOptions, ObjectInfo } from "../../src/storage/storage-driver.ts";
import type { Placement } from "./placement.ts";
import { createS3Clients, destroyS3Clients, type S3Clients } from "./s3-client.ts";
import { absentAsUndefined, failedFor, toStorageError } from "./s3-errors.ts";
import type { S3Limits, S3Settings } from "./s3-settings.ts";

/** The most that the store takes in one request. */
const DELETE_BATCH = 1000;

/** An object as the store describes it. */
export interface StoredObject extends ObjectInfo {
  readonly etag: string;
}

/** A call on the library's client, for {@link Bucket.call}. */
export interface Call<Output> extends CallOptions {
  /** For messages: `write a/b/link`. */
  readonly doing: string;
  /** Whether the store may be silent for minutes. */
  readonly isSlow?: boolean;
  readonly send: (client: S3Client, options: { abortSignal: AbortSignal }) => Promise<Output>;
}

/** How an object is put. */
export interface PutOptions extends CallOptions {
  readonly placement: Placement;
  /** Only in place of the object with this tag; with `*`, only when there is none. */
  readonly onlyIf?: { readonly etag: string } | "absent";
}

/** One bucket: keys become its own below the root, the library's errors become those of the port. */
export class Bucket implements Disposable {
  readonly name: string;
  readonly clients: S3Clients;
  readonly #root: string;

  constructor(settings: S3Settings, limits: S3Limits) {
    this.name = settings.bucket;
    this.#root = settings.rootDirectory === "" ? "" : `${settings.rootDirectory}/`;
    this.clients = createS3Clients(settings, limits);
  }

  /** The object's name in the bucket. */
  pathOf(key: string): string {
    return `${this.#root}${key}`;
  }

  /** @returns `undefined` for what lies outside the root. */
  keyOf(path: string): string | undefined {
    return path.startsWith(this.#root) ? path.slice(this.#root.length) : undefined;
  }

  /** @throws {StorageUnavailable}, or the signal's reason when it is aborted. */
  async call<Output>({ doing, signal, isSlow = false, send }: Call<Output>): Promise<Output> {
    signal.throwIfAborted();
    const { quick, patient } = this.clients;
    try {
      return await send(isSlow ? patient : quick, { abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      throw toStorageError(error, doing);
    }
  }

  /** @returns `undefined` when there is no such object. */
  async head(key: string, { signal }: CallOptions): Promise<StoredObject | undefined> {
    const request = new HeadObjectCommand({ Bucket: this.name, Key: this.pathOf(key) });
    const output = await this.call({
      doing: `look at ${key}`,
      signal,
      send: (client, options) => client.send(request, options),
    }).catch(absentAsUndefined);
    return (
      output && {
        key,
        sizeBytes: output.ContentLength ?? 0,
        modifiedAt: output.LastModified ?? new Date(),
        etag: output.ETag ?? "",
      }
    );
  }

  /** @returns `undefined` when there is no such object. The body must be read or destroyed. */
  async get(
    key: string,
    { signal, ...only }: CallOptions & { readonly Range?: string; readonly IfMatch?: string },
  ): Promise<GetObjectCommandOutput | undefined> {
    const request = new GetObjectCommand({ Bucket: this.name, Key: this.pathOf(key), ...only });
    return this.call({
      doing: `read ${key}`,
      signal,
      send: (client, options) => client.send(request, options),
    }).catch(absentAsUndefined);
  }

  /**
   * Stores a whole object. `onlyIf` is a help, not a promise: a store may not know it.
   * @returns its entity tag.
   * @throws {StorageUnavailable} with `PreconditionFailed` when `onlyIf` does not hold.
   */
  async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<string> {
    const { signal, placement, onlyIf } = options;
    const request = new PutObjectCommand({
      Bucket: this.name,
      Key: this.pathOf(key),
      Body: bytes,
      ...placement,
      ...conditionOf(onlyIf),
    });
    try {
      const { ETag = "" } = await this.call({
        doing: `write ${key}`,
        signal,
        send: (client, abort) => client.send(request, abort),
      });
      return ETag;
    } catch (error) {
      if (onlyIf === undefined || !failedFor(error, "NotImplemented", "Http501")) throw error;
      return await this.put(key, bytes, { signal, placement });
    }
  }

  /** Removes one object, which need not exist. */
  async delete(key: string, { signal }: CallOptions): Promise<void> {
    const request = new DeleteObjectCommand({ Bucket: this.name, Key: this.pathOf(key) });
    await this.call({
      doing: `delete ${key}`,
      signal,
      send: (client, options) => client.send(request, options),
    }).catch(absentAsUndefined);
  }

  /** Removes objects by their names in the bucket; those that do not exist are no error. */
  async deletePaths(paths: readonly string[], { signal }: CallOptions): Promise<void> {
    for (let at = 0; at < paths.length; at += DELETE_BATCH) {
      const batch = paths.slice(at, at + DELETE_BATCH);
      await this.#deleteBatch(batch, { signal });
    }
  }

  /** The answer is a success even when some were not deleted: each failure stands in the list. */
  async #deleteBatch(paths: readonly string[], { signal }: CallOptions): Promise<void> {
    const request = new DeleteObjectsCommand({
      Bucket: this.name,
      Delete: { Quiet: true, Objects: paths.map((Key) => ({ Key })) },
    });
    const doing = `delete ${paths.length} objects`;
    const { Errors = [] } = await this.call({
      doing,
      signal,
      send: (client, options) => client.send(request, options),
    });
    const failed = Errors.find(({ Code }) => Code !== "NoSuchKey");
    if (failed === undefined) return;
    const reason = failed.Code ?? "Unknown";
    throw new StorageUnavailable(`cannot ${doing}: ${reason} for ${failed.Key ?? "one"}`, {
      reason,
    });
  }

  [Symbol.dispose](): void {
    destroyS3Clients(this.clients);
  }
}

function conditionOf(onlyIf: PutOptions["onlyIf"]): { IfMatch?: string; IfNoneMatch?: string } {
  if (onlyIf === undefined) return {};
  return onlyIf === "absent" ? { IfNoneMatch: "*" } : { IfMatch: onlyIf.etag };
}
