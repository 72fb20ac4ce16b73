/** The blobs of repositories: found by their links, read, mounted from one to another, let go. */
import { algorithmOf, type Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import { ObjectNotFound } from "../storage/errors.ts";
import {
  type ByteRange,
  type CallOptions,
  hasLocalFiles,
  hasPresignedUrls,
  type StorageDriver,
} from "../storage/storage-driver.ts";
import type { ColdBlobs } from "./cold-blobs.ts";
import { BlobUnknown } from "./errors.ts";
import { layerLink } from "./layout.ts";
import type { Links } from "./links.ts";
import type { Presence, StoredBlob } from "./presence.ts";

export interface BlobStore {
  /** @returns `undefined` when the repository does not hold it. */
  find(
    repository: RepositoryName,
    digest: Digest,
    options: CallOptions,
  ): Promise<StoredBlob | undefined>;
  /**
   * The data, or the blob made again where it is cold. @throws {BlobUnknown} on the first pull, when it went
   * away since it was found.
   */
  read(
    blob: StoredBlob,
    options: CallOptions & { readonly range?: ByteRange },
  ): AsyncIterable<Uint8Array>;
  /** Path of the file that holds its data, or would. @returns `undefined` when there is no such file on this machine. */
  localFile(blob: StoredBlob): string | undefined;
  /** A short-lived URL at which the store itself serves it. @returns `undefined` when the store cannot. */
  presign(
    blob: StoredBlob,
    options: CallOptions & { readonly method: "GET" | "HEAD" },
  ): Promise<URL | undefined>;
  /**
   * Makes a blob of `from` one of `to` as well; without `from`, whatever data the store has under that
   * sha256, which is for callers who may read everything.
   * @returns `undefined` when it is not there.
   */
  mount(
    blob: {
      readonly digest: Digest;
      readonly from: RepositoryName | undefined;
      readonly to: RepositoryName;
    },
    options: CallOptions,
  ): Promise<StoredBlob | undefined>;
  /** Records that the repository holds the data under `sha256`, known to its clients as `digest`. */
  link(
    repository: RepositoryName,
    names: { readonly digest: Digest; readonly sha256: Digest },
    options: CallOptions,
  ): Promise<void>;
  /** Ends the membership; the data stays for other repositories until it is collected. @throws {BlobUnknown} */
  delete(repository: RepositoryName, digest: Digest, options: CallOptions): Promise<void>;
}

/** As the reference: long enough to begin a transfer, short enough to leak without harm. */
const PRESIGNED_SECONDS = 20 * 60;

interface Deps {
  readonly driver: StorageDriver;
  readonly links: Links;
  readonly presence: Presence;
  readonly cold: ColdBlobs;
}

export function createBlobStore({ driver, links, presence, cold }: Deps): BlobStore {
  const link: BlobStore["link"] = async (repository, { digest, sha256 }, options) => {
    await links.write(layerLink(repository, sha256), sha256, options);
    if (digest !== sha256) await links.write(layerLink(repository, digest), sha256, options);
  };
  return {
    find: (repository, digest, options) => presence.confirmBlob(repository, digest, options),
    link,

    read: (blob, options) => readBlob(blob, options, { driver, cold }),

    localFile({ dataKey, sha256, isCold }) {
      if (isCold || !hasLocalFiles(driver)) return undefined;
      cold.used(sha256);
      return driver.localPath(dataKey);
    },

    async presign({ dataKey, sha256, isCold }, options) {
      if (isCold || !hasPresignedUrls(driver)) return undefined;
      cold.used(sha256);
      return await driver.presign(dataKey, { ...options, expiresSeconds: PRESIGNED_SECONDS });
    },

    async mount({ digest, from, to }, options) {
      const found =
        from === undefined
          ? await presence.confirmData(digest, options)
          : await presence.confirmBlob(from, digest, options);
      if (found === undefined) return undefined;
      const sha256 =
        from === undefined ? digest : await links.read(layerLink(from, digest), options);
      if (sha256 === undefined || algorithmOf(sha256) !== "sha256") return undefined;
      await link(to, { digest, sha256 }, options);
      return found;
    },

    async delete(repository, digest, options) {
      const key = layerLink(repository, digest);
      if ((await links.read(key, options)) === undefined) throw new BlobUnknown(digest);
      await driver.delete(key, options);
    },
  };
}

type ReadOptions = CallOptions & { readonly range?: ByteRange };

async function* readBlob(
  blob: StoredBlob,
  options: ReadOptions,
  { driver, cold }: Pick<Deps, "driver" | "cold">,
): AsyncGenerator<Uint8Array> {
  const { sha256 } = blob;
  cold.used(sha256);
  if (blob.isCold) return yield* cold.read(sha256, options);
  let givenBytes = 0;
  try {
    for await (const bytes of driver.read(blob.dataKey, options)) {
      givenBytes += bytes.length;
      yield bytes;
    }
  } catch (cause) {
    if (!(cause instanceof ObjectNotFound)) throw cause;
    // It may have gone cold since it was found, or while it was read.
    const sizeBytes = await cold.sizeOf(sha256, options);
    if (sizeBytes === undefined) throw new BlobUnknown(blob.digest, { cause });
    yield* cold.read(sha256, { ...options, range: restOf(givenBytes, options.range) });
  }
}

function restOf(
  givenBytes: number,
  { startBytes, lengthBytes }: ByteRange = { startBytes: 0 },
): ByteRange {
  const rest = { startBytes: startBytes + givenBytes };
  return lengthBytes === undefined ? rest : { ...rest, lengthBytes: lengthBytes - givenBytes };
}
