import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { ObjectNotFound, StorageUnavailable } from "../../src/storage/errors.ts";
import type {
  ByteRange,
  CallOptions,
  ListEntry,
  ObjectInfo,
  PresignedUrls,
  StorageDriver,
  WriteOptions,
} from "../../src/storage/storage-driver.ts";
import { checkKey, checkObjectKey, checkPrefix, isObjectKey } from "../keys.ts";
import { Bucket } from "./bucket.ts";
import { listBelow } from "./bucket-listing.ts";
import { createObject } from "./create-object.ts";
import { deleteBelow } from "./discard-upload.ts";
import { type Placement, placementOf } from "./placement.ts";
import { readObject } from "./read-object.ts";
import type { S3Limits, S3Settings } from "./s3-settings.ts";
import { S3Staging } from "./s3-staging.ts";
import { UploadRecords } from "./upload-record.ts";

/** What an operator may have got wrong, by what the store says. */
const HINTS: Readonly<Record<string, string>> = {
  NoSuchBucket: "create the bucket, or correct storage.s3.bucket",
  InvalidAccessKeyId: "the store does not know storage.s3.accesskey",
  SignatureDoesNotMatch: "storage.s3.secretkey is not the one of storage.s3.accesskey",
  AccessDenied: "the credentials need the right to list, read, write and delete in this bucket",
  CredentialsProviderError: "set storage.s3.accesskey and secretkey, or give the machine a role",
  PermanentRedirect: "the bucket is in another region than storage.s3.region",
  AuthorizationHeaderMalformed: "the bucket is in another region than storage.s3.region",
  RequestTimeTooSkewed: "the clock of this machine is wrong",
  ENOTFOUND: "storage.s3.regionendpoint names a host that does not exist",
  ECONNREFUSED: "nothing listens at storage.s3.regionendpoint",
};

/**
 * One S3 object per object, at its key below `rootDirectory`: the layout that the reference registry
 * reads too. Loaded only when it is used, for the library is large.
 */
export class S3Driver implements StorageDriver, PresignedUrls {
  readonly name = "s3";
  readonly staging: S3Staging;
  readonly #bucket: Bucket;
  readonly #records: UploadRecords;
  readonly #placement: Placement;

  private constructor(settings: S3Settings, limits: S3Limits) {
    this.#bucket = new Bucket(settings, limits);
    this.#placement = placementOf(settings);
    this.#records = new UploadRecords(this.#bucket, this.#placement);
    const shared = { bucket: this.#bucket, records: this.#records, placement: this.#placement };
    this.staging = new S3Staging({ ...shared, settings });
  }

  /**
   * Asks the store once, so that a wrong setting is told at the start.
   * @throws {StorageUnavailable} with a message that says what to do.
   */
  static async open(
    settings: S3Settings,
    { signal, ...limits }: CallOptions & S3Limits,
  ): Promise<S3Driver> {
    await using opening = new AsyncDisposableStack();
    const driver = opening.use(new S3Driver(settings, limits));
    await driver.#probe(settings, signal);
    opening.move();
    return driver;
  }

  async #probe({ bucket, rootDirectory }: S3Settings, signal: AbortSignal): Promise<void> {
    const request = new ListObjectsV2Command({ Bucket: bucket, Prefix: rootDirectory, MaxKeys: 1 });
    try {
      await this.#bucket.call({
        doing: `use the bucket ${bucket}`,
        signal,
        send: (client, options) => client.send(request, options),
      });
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error;
      const { message, reason } = error;
      const hint = HINTS[reason] ?? "look at the settings below storage.s3";
      throw new StorageUnavailable(`${message}: ${hint}`, { reason, cause: error });
    }
  }

  async stat(key: string, { signal }: CallOptions): Promise<ObjectInfo | undefined> {
    checkKey(key);
    signal.throwIfAborted();
    const object = isObjectKey(key) ? await this.#bucket.head(key, { signal }) : undefined;
    return object && { key, sizeBytes: object.sizeBytes, modifiedAt: object.modifiedAt };
  }

  async *read(
    key: string,
    { signal, range = { startBytes: 0 } }: CallOptions & { readonly range?: ByteRange },
  ): AsyncGenerator<Uint8Array> {
    checkKey(key);
    if (!isObjectKey(key)) throw new ObjectNotFound(key);
    yield* readObject(this.#bucket, key, { signal, range });
  }

  async write(key: string, bytes: Uint8Array, { signal, ifAbsent }: WriteOptions): Promise<void> {
    checkObjectKey(key);
    const options = { signal, placement: this.#placement };
    if (ifAbsent === true) await createObject(this.#bucket, { key, bytes }, options);
    else await this.#bucket.put(key, bytes, options);
  }

  async delete(key: string, { signal }: CallOptions): Promise<void> {
    checkKey(key);
    signal.throwIfAborted();
    if (isObjectKey(key)) await this.#bucket.delete(key, { signal });
  }

  async deleteTree(prefix: string, { signal }: CallOptions): Promise<void> {
    checkKey(prefix);
    await deleteBelow({ bucket: this.#bucket, records: this.#records }, prefix, { signal });
  }

  async *list(
    prefix: string,
    options: CallOptions & { readonly after?: string },
  ): AsyncGenerator<ListEntry> {
    checkPrefix(prefix);
    yield* listBelow(this.#bucket, prefix, options);
  }

  async presign(
    key: string,
    {
      signal,
      method,
      expiresSeconds,
    }: CallOptions & { readonly method: "GET" | "HEAD"; readonly expiresSeconds: number },
  ): Promise<URL> {
    checkKey(key);
    const { signing, signingBucket } = this.#bucket.clients;
    const target = { Bucket: signingBucket, Key: this.#bucket.pathOf(key) };
    const command =
      method === "GET"
        ? new GetObjectCommand({ ...target, ResponseContentType: "application/octet-stream" })
        : new HeadObjectCommand(target);
    const url = await this.#bucket.call({
      doing: `sign a URL of ${key}`,
      signal,
      send: () => getSignedUrl(signing, command, { expiresIn: expiresSeconds }),
    });
    return new URL(url);
  }

  /** Closes every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#bucket[Symbol.dispose]();
  }
}
