import type { Digest } from "../oci/digest.ts";
import type { ByteRange, CallOptions } from "../storage/storage-driver.ts";

/** Blobs whose data has given way to what makes it again. Digests are the sha256 that data lies under. */
export interface ColdBlobs {
  /** Bytes of the blob; asks the store. @returns `undefined` when there is nothing to make it of. */
  sizeOf(sha256: Digest, options: CallOptions): Promise<number | undefined>;
  /**
   * Makes the blob again, or a range of it. It ends early, with an error, rather than give out all bytes of
   * something else.
   * @throws {BlobUnknown} on the first pull, when there is nothing to make it of.
   */
  read(
    sha256: Digest,
    options: CallOptions & { readonly range?: ByteRange },
  ): AsyncIterable<Uint8Array>;
  /** Somebody reads the blob, cold or not, whose time until it is cold begins again. At once: every pull passes here. */
  used(sha256: Digest): void;
}

/** For stores in which every blob has its data. */
export const NO_COLD_BLOBS: ColdBlobs = {
  sizeOf: () => Promise.resolve(undefined),
  read: () => {
    throw new TypeError("there are no cold blobs here");
  },
  used: () => undefined,
};
