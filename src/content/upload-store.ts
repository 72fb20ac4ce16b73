/**
 * Uploads: bytes that come in, in one piece or in many, and become a blob once their digest is right.
 *
 * All that an upload is lies in the store (`_uploads/<id>/`), so any process can go on with it, also
 * after a crash. It belongs to its repository: the same id in another repository is not known.
 */
import { type Digest, algorithmOf, type DigestAlgorithm } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import { TakeoverLock } from "../lib/takeover-lock.ts";
import { StagedOutOfOrder } from "../storage/errors.ts";
import type { CallOptions, StagedInfo, StorageDriver } from "../storage/storage-driver.ts";
import type { BlobStore } from "./blob-store.ts";
import { DigestMismatch, UploadOutOfOrder, UploadUnknown } from "./errors.ts";
import { blobData, uploadData, uploadFolder, uploadStartedAt } from "./layout.ts";
import type { Presence, StoredBlob } from "./presence.ts";
import { RememberedDigests, RunningDigests } from "./upload-digests.ts";
import type { UploadId } from "./upload-id.ts";

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

export interface UploadStore {
  /** @param algorithm a hint of what the final digest will be in; any may come nevertheless. */
  start(
    repository: RepositoryName,
    options: CallOptions & { readonly algorithm?: DigestAlgorithm | undefined },
  ): Promise<Upload>;
  /** @throws {UploadUnknown} */
  status(upload: Upload, options: CallOptions): Promise<UploadStatus>;
  /**
   * A newer call for the same upload ends an older one that still waits for bytes.
   * @throws {UploadUnknown} @throws {UploadOutOfOrder} and the upload stays as it was.
   */
  append(upload: Upload, chunk: Chunk, options: CallOptions): Promise<UploadStatus>;
  /**
   * Appends the last chunk, if any, and makes the whole a blob of the repository, durably.
   * @throws {UploadUnknown} {UploadOutOfOrder}; {DigestMismatch} ends the upload and keeps nothing.
   */
  commit(
    upload: Upload,
    end: { readonly chunk: Chunk | undefined; readonly digest: Digest },
    options: CallOptions,
  ): Promise<StoredBlob>;
  /** @throws {UploadUnknown} */
  cancel(upload: Upload, options: CallOptions): Promise<void>;
}

/** Hashes a staged object from its first byte, off the serving thread where that is possible. */
export type HashStaged = (
  key: string,
  algorithms: readonly DigestAlgorithm[],
  options: CallOptions,
) => Promise<ReadonlyMap<DigestAlgorithm, Digest>>;

interface Deps {
  readonly driver: StorageDriver;
  readonly blobs: BlobStore;
  readonly presence: Presence;
  readonly hashStaged: HashStaged;
  readonly newId: () => UploadId;
  readonly now: () => Date;
}

export function createUploadStore(deps: Deps): UploadStore {
  const { driver, blobs, presence, hashStaged, newId, now } = deps;
  const { staging } = driver;
  const active = new TakeoverLock();
  const remembered = new RememberedDigests();

  async function stagedOf(upload: Upload, options: CallOptions): Promise<StagedInfo> {
    const staged = await staging.stat(dataKey(upload), options);
    if (staged === undefined) throw new UploadUnknown();
    return staged;
  }

  async function appendTo(
    upload: Upload,
    { bytes, startBytes }: Chunk,
    { signal, algorithms }: CallOptions & { readonly algorithms: readonly DigestAlgorithm[] },
  ): Promise<StagedInfo> {
    const at = await stagedOf(upload, { signal });
    if (startBytes !== undefined && startBytes !== at.sizeBytes) {
      throw new UploadOutOfOrder(at.sizeBytes);
    }
    const running = remembered.take(upload.id, at) ?? freshDigests(at, algorithms);
    try {
      const passing = running?.through(bytes) ?? bytes;
      const staged = await staging.append(dataKey(upload), passing, { signal, at });
      if (running) remembered.remember(upload.id, staged, running);
      return staged;
    } catch (error) {
      await rememberWhatArrived(upload, running);
      throw inOrder(error);
    }
  }

  /** After a cut the digests still hold if the store kept all that they saw: the next chunk goes on. */
  async function rememberWhatArrived(
    upload: Upload,
    running: RunningDigests | undefined,
  ): Promise<void> {
    if (running === undefined) return;
    const signal = AbortSignal.timeout(10_000);
    const staged = await staging.stat(dataKey(upload), { signal }).catch(() => undefined);
    if (staged) remembered.remember(upload.id, staged, running);
  }

  async function digestsOf(
    upload: Upload,
    staged: StagedInfo,
    { signal, algorithms }: CallOptions & { readonly algorithms: readonly DigestAlgorithm[] },
  ): Promise<{ readonly sha256: Digest; readonly claimed: Digest }> {
    const running = remembered.take(upload.id, staged) ?? freshDigests(staged, algorithms);
    const digests = running?.covers(algorithms)
      ? running.digests()
      : await hashStaged(dataKey(upload), algorithms, { signal });
    const sha256 = digests.get("sha256");
    const claimed = digests.get(algorithms[0] ?? "sha256");
    if (sha256 === undefined || claimed === undefined) throw new TypeError("a digest is missing");
    return { sha256, claimed };
  }

  async function publish(
    upload: Upload,
    staged: StagedInfo,
    { sha256, signal }: CallOptions & { readonly sha256: Digest },
  ): Promise<void> {
    const present = await presence.confirmData(sha256, { signal });
    if (present?.sizeBytes === staged.sizeBytes) return;
    await staging
      .publish(dataKey(upload), blobData(sha256), { signal, at: staged })
      .catch((error: unknown) => {
        throw inOrder(error);
      });
  }

  async function end(upload: Upload, { signal }: CallOptions): Promise<void> {
    remembered.forget(upload.id);
    await staging.discard(dataKey(upload), { signal });
    await driver.deleteTree(uploadFolder(upload.repository, upload.id), { signal });
  }

  return {
    async start(repository, { signal, algorithm }) {
      const upload = { repository, id: newId() };
      const startedAt = Buffer.from(`${now().toISOString().slice(0, 19)}Z`);
      await driver.write(uploadStartedAt(repository, upload.id), startedAt, { signal });
      const staged = await staging.create(dataKey(upload), { signal });
      const running = new RunningDigests(["sha256", algorithm ?? "sha256"]);
      remembered.remember(upload.id, staged, running);
      return upload;
    },

    status: (upload, options) => stagedOf(upload, options),

    append: (upload, chunk, { signal: outer }) =>
      active.run(dataKey(upload), outer, (signal) =>
        appendTo(upload, chunk, { signal, algorithms: ["sha256"] }),
      ),

    commit: (upload, { chunk, digest }, { signal: outer }) =>
      active.run(dataKey(upload), outer, async (signal) => {
        const algorithms = algorithmsFor(digest);
        const staged = chunk
          ? await appendTo(upload, chunk, { signal, algorithms })
          : await stagedOf(upload, { signal });
        const { sha256, claimed } = await digestsOf(upload, staged, { signal, algorithms });
        if (claimed !== digest) {
          await end(upload, { signal });
          throw new DigestMismatch(digest, claimed);
        }
        await publish(upload, staged, { sha256, signal });
        await blobs.link(upload.repository, { digest, sha256 }, { signal });
        await end(upload, { signal });
        return { digest, dataKey: blobData(sha256), sizeBytes: staged.sizeBytes };
      }),

    async cancel(upload, { signal: outer }) {
      await active.run(dataKey(upload), outer, async (signal) => {
        await stagedOf(upload, { signal });
        await end(upload, { signal });
      });
    },
  };
}

function dataKey({ repository, id }: Upload): string {
  return uploadData(repository, id);
}

/** The claimed digest's first; sha256 always, for the data lies under it. */
function algorithmsFor(digest: Digest): readonly DigestAlgorithm[] {
  return [...new Set<DigestAlgorithm>([algorithmOf(digest), "sha256"])];
}

/** An empty upload can be hashed from the start whoever began it. */
function freshDigests(
  { sizeBytes }: StagedInfo,
  algorithms: readonly DigestAlgorithm[],
): RunningDigests | undefined {
  return sizeBytes === 0 ? new RunningDigests(["sha256", ...algorithms]) : undefined;
}

function inOrder(error: unknown): unknown {
  return error instanceof StagedOutOfOrder
    ? new UploadOutOfOrder(error.sizeBytes, { cause: error })
    : error;
}
