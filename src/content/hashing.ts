/** The port to whatever hashes bytes as they come in. */
import type { Digest, DigestAlgorithm } from "../oci/digest.ts";

export interface Hashing {
  start(algorithms: readonly DigestAlgorithm[]): RunningHash;
}

/**
 * Dispose what is given up; one whose digests were asked for is over. Once a call of it has failed, its
 * digests are not to be trusted: the bytes are in the store and can be hashed from there.
 */
export interface RunningHash extends Disposable {
  /** Takes the bytes that come next. Resolves when they are free for other use. Need not be waited for before the next call. */
  update(bytes: Uint8Array): Promise<void>;
  /** Ends it. */
  digests(): Promise<ReadonlyMap<DigestAlgorithm, Digest>>;
}
