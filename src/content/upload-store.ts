/**
 * Uploads: bytes that come in, in one piece or in many, and become a blob once their digest is right.
 *
 * All that an upload is lies in the store (`_uploads/<id>/`), so any process can go on with it, also
 * after a crash. It belongs to its repository: the same id in another repository is not known.
 */
import { type Digest, algorithmOf, type DigestAlgorithm } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import { BoundedMap } from "../lib/bounded-map.ts";
import { KeyedLock } from "../lib/keyed-lock.ts";
import { TakeoverLock } from "../lib/takeover-lock.ts";
import { ObjectNotFound, StagedOutOfOrder } from "../storage/errors.ts";
import type { CallOptions, StagedInfo, StorageDriver } from "../storage/storage-driver.ts";
import type { BlobStore } from "./blob-store.ts";
import { DigestMismatch, UploadOutOfOrder, UploadUnknown } from "./errors.ts";
import type { Hashing } from "./hashing.ts";
import { blobData, uploadData, uploadFolder, uploadStartedAt } from "./layout.ts";
import type { StoredBlob } from "./presence.ts";
import { RememberedDigests, RunningDigests } from "./upload-digests.ts";
import type { UploadId, UploadOwner } from "./upload-id.ts";

export interface Upload {
  readonly repository: RepositoryName;
  readonly id: UploadId;
}

export interface UploadStatus {
  readonly sizeBytes: number;
}

export interface Chunk {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Where the client says the chunk begins; left out when it says nothing. */
  readonly startBytes: number | undefined;
}

/** Hashes a staged object from its first byte, off the serving thread where that is possible. */
export type HashStaged = (
  key: string,
  algorithms: readonly DigestAlgorithm[],
  options: CallOptions,
) => Promise<ReadonlyMap<DigestAlgorithm, Digest>>;

export interface UploadEnd {
  readonly chunk: Chunk | undefined;
  readonly digest: Digest;
}

/** An upload whose bytes have the digest that its client said. */
interface Verified {
  readonly staged: StagedInfo;
  readonly digest: Digest;
  readonly sha256: Digest;
}

type HashOptions = CallOptions & { readonly algorithms: readonly DigestAlgorithm[] };

const MAX_VERIFIED = 10_000;

interface Deps {
  readonly driver: StorageDriver;
  readonly blobs: BlobStore;
  readonly hashing: Hashing;
  readonly hashStaged: HashStaged;
  readonly newId: (owner: UploadOwner) => UploadId;
  readonly now: () => Date;
}

export class UploadStore {
  readonly #deps: Deps;
  readonly #active = new TakeoverLock();
  readonly #remembered = new RememberedDigests();
  /** By digest: data that another upload is just publishing is not durable yet, and so not there. */
  readonly #publishing = new KeyedLock();
  /** By the key of their data, kept after they ended: a commit whose answer was lost comes again. */
  readonly #verified = new BoundedMap<string, Verified>(MAX_VERIFIED);

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * @param options.algorithm a hint of what the final digest will be in; any may come nevertheless.
   * @param options.actor whose it is, which its id tells; empty for the anonymous.
   */
  async start(
    repository: RepositoryName,
    {
      signal,
      algorithm,
      actor = "",
    }: CallOptions & {
      readonly algorithm?: DigestAlgorithm | undefined;
      readonly actor?: string;
    },
  ): Promise<Upload> {
    const { driver, hashing, newId, now } = this.#deps;
    const upload = { repository, id: newId({ repository, actor }) };
    const startedAt = Buffer.from(`${now().toISOString().slice(0, 19)}Z`);
    const startKey = uploadStartedAt(repository, upload.id);
    await driver.write(startKey, startedAt, { signal, isVolatile: true });
    const staged = await driver.staging.create(dataKey(upload), { signal });
    const running = new RunningDigests(hashing, ["sha256", algorithm ?? "sha256"]);
    this.#remembered.remember(upload.id, staged, running);
    return upload;
  }

  /** @throws {UploadUnknown} */
  status(upload: Upload, options: CallOptions): Promise<UploadStatus> {
    return this.#staged(upload, options);
  }

  /**
   * A newer call for the same upload ends an older one that still waits for bytes.
   * @throws {UploadUnknown} @throws {UploadOutOfOrder} and the upload stays as it was.
   */
  append(upload: Upload, chunk: Chunk, { signal }: CallOptions): Promise<UploadStatus> {
    return this.#active.run(dataKey(upload), signal, (mine) => {
      this.#verified.delete(dataKey(upload));
      return this.#append(upload, chunk, { signal: mine, algorithms: ["sha256"] });
    });
  }

  /**
   * Appends the last chunk, if any, and makes the whole a blob of the repository, durably. One that
   * failed after its bytes were verified, or whose answer was lost, may be called again with the same
   * digest: it goes on from there and leaves the chunk unread.
   * @throws {UploadUnknown} {UploadOutOfOrder}; {DigestMismatch} ends the upload and keeps nothing.
   */
  commit(upload: Upload, end: UploadEnd, { signal }: CallOptions): Promise<StoredBlob> {
    return this.#active.run(dataKey(upload), signal, (mine) =>
      this.#commit(upload, end, { signal: mine }),
    );
  }

  /** @throws {UploadUnknown} */
  cancel(upload: Upload, { signal }: CallOptions): Promise<void> {
    return this.#active.run(dataKey(upload), signal, async (mine) => {
      await this.#staged(upload, { signal: mine });
      this.#verified.delete(dataKey(upload));
      await this.#end(upload, { signal: mine });
    });
  }

  async #staged(upload: Upload, options: CallOptions): Promise<StagedInfo> {
    const staged = await this.#deps.driver.staging.stat(dataKey(upload), options);
    if (staged === undefined) throw new UploadUnknown();
    return staged;
  }

  async #append(
    upload: Upload,
    { bytes, startBytes }: Chunk,
    { signal, algorithms }: HashOptions,
  ): Promise<StagedInfo> {
    const at = await this.#staged(upload, { signal });
    if (startBytes !== undefined && startBytes !== at.sizeBytes) {
      throw new UploadOutOfOrder(at.sizeBytes);
    }
    const running = this.#remembered.take(upload.id, at) ?? this.#fresh(at, algorithms);
    let left: StagedInfo | undefined;
    const onKept = (staged: StagedInfo): void => void (left = staged);
    try {
      const passing = running?.through(bytes) ?? bytes;
      const { staging } = this.#deps.driver;
      const staged = await staging.append(dataKey(upload), passing, { signal, at, onKept });
      if (running) this.#remembered.remember(upload.id, staged, running);
      return staged;
    } catch (error) {
      this.#rememberWhatArrived(upload, left, running);
      throw inOrder(error);
    }
  }

  /** After a cut the digests still hold if the store kept all that they saw: the next chunk goes on. */
  #rememberWhatArrived(
    upload: Upload,
    left: StagedInfo | undefined,
    running: RunningDigests | undefined,
  ): void {
    if (running === undefined) return;
    if (left) this.#remembered.remember(upload.id, left, running);
    else running[Symbol.dispose]();
  }

  async #commit(
    upload: Upload,
    { chunk, digest }: UploadEnd,
    { signal }: CallOptions,
  ): Promise<StoredBlob> {
    const before = this.#verified.get(dataKey(upload));
    const verified =
      before?.digest === digest
        ? before
        : await this.#verify(upload, { chunk, digest }, { signal });
    const { sha256, staged } = verified;
    await this.#publishing.run(sha256, () => this.#publish(upload, verified, { signal }));
    await this.#deps.blobs.link(upload.repository, { digest, sha256 }, { signal });
    await this.#end(upload, { signal });
    return {
      digest,
      sha256,
      dataKey: blobData(sha256),
      sizeBytes: staged.sizeBytes,
      isCold: false,
    };
  }

  async #verify(
    upload: Upload,
    { chunk, digest }: UploadEnd,
    { signal }: CallOptions,
  ): Promise<Verified> {
    const algorithms = algorithmsFor(digest);
    const staged = chunk
      ? await this.#append(upload, chunk, { signal, algorithms })
      : await this.#staged(upload, { signal });
    const { sha256, claimed } = await this.#digests(upload, staged, { signal, algorithms });
    if (claimed !== digest) {
      await this.#end(upload, { signal });
      throw new DigestMismatch(digest, claimed);
    }
    const verified = { staged, digest, sha256 };
    this.#verified.set(dataKey(upload), verified);
    return verified;
  }

  async #digests(
    upload: Upload,
    staged: StagedInfo,
    { signal, algorithms }: HashOptions,
  ): Promise<{ readonly sha256: Digest; readonly claimed: Digest }> {
    const digests =
      (await this.#runningDigests(upload, staged, algorithms)) ??
      (await this.#deps.hashStaged(dataKey(upload), algorithms, { signal }));
    const sha256 = digests.get("sha256");
    const claimed = digests.get(algorithms[0] ?? "sha256");
    if (sha256 === undefined || claimed === undefined) throw new TypeError("a digest is missing");
    return { sha256, claimed };
  }

  async #runningDigests(
    upload: Upload,
    staged: StagedInfo,
    algorithms: readonly DigestAlgorithm[],
  ): Promise<ReadonlyMap<DigestAlgorithm, Digest> | undefined> {
    const running = this.#remembered.take(upload.id, staged) ?? this.#fresh(staged, algorithms);
    if (running?.covers(algorithms)) return await running.digests();
    running?.[Symbol.dispose]();
    return undefined;
  }

  /** An empty upload can be hashed from the start whoever began it. */
  #fresh(
    { sizeBytes }: StagedInfo,
    algorithms: readonly DigestAlgorithm[],
  ): RunningDigests | undefined {
    if (sizeBytes > 0) return undefined;
    return new RunningDigests(this.#deps.hashing, ["sha256", ...algorithms]);
  }

  async #publish(
    upload: Upload,
    { staged, sha256 }: Verified,
    { signal }: CallOptions,
  ): Promise<void> {
    const { driver } = this.#deps;
    try {
      // Also when the data is there: another process may have put it there and not made it durable yet.
      await driver.staging.publish(dataKey(upload), blobData(sha256), { signal, at: staged });
    } catch (error) {
      if (error instanceof StagedOutOfOrder) this.#verified.delete(dataKey(upload));
      if (error instanceof ObjectNotFound) throw new UploadUnknown();
      throw inOrder(error);
    }
  }

  async #end(upload: Upload, { signal }: CallOptions): Promise<void> {
    const { driver } = this.#deps;
    this.#remembered.forget(upload.id);
    await driver.staging.discard(dataKey(upload), { signal });
    const folder = uploadFolder(upload.repository, upload.id);
    await driver.deleteTree(folder, { signal, isVolatile: true });
  }
}

function dataKey({ repository, id }: Upload): string {
  return uploadData(repository, id);
}

/** The claimed digest's first; sha256 always, for the data lies under it. */
function algorithmsFor(digest: Digest): readonly DigestAlgorithm[] {
  return [...new Set<DigestAlgorithm>([algorithmOf(digest), "sha256"])];
}

function inOrder(error: unknown): unknown {
  return error instanceof StagedOutOfOrder
    ? new UploadOutOfOrder(error.sizeBytes, { cause: error })
    : error;
}
