/**
 * Running digests of uploads, kept in this process between chunks so that the bytes are read once.
 *
 * They are only ever an advantage: they count while the staged object is exactly as this process left
 * it, and otherwise the bytes are hashed again from the store.
 */
import { BoundedMap } from "../lib/bounded-map.ts";
import { type Digest, type DigestAlgorithm, Digester } from "../oci/digest.ts";
import type { StagedInfo } from "../storage/storage-driver.ts";
import type { UploadId } from "./upload-id.ts";

/** One Digester per algorithm, and how many bytes they have seen. */
export class RunningDigests {
  readonly #digesters: ReadonlyMap<DigestAlgorithm, Digester>;
  #sizeBytes = 0;

  constructor(algorithms: Iterable<DigestAlgorithm>) {
    this.#digesters = new Map(
      [...new Set(algorithms)].map((algorithm) => [algorithm, new Digester(algorithm)]),
    );
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  covers(algorithms: readonly DigestAlgorithm[]): boolean {
    return algorithms.every((algorithm) => this.#digesters.has(algorithm));
  }

  async *through(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      for (const digester of this.#digesters.values()) digester.update(chunk);
      this.#sizeBytes += chunk.byteLength;
      yield chunk;
    }
  }

  /** Ends them. */
  digests(): ReadonlyMap<DigestAlgorithm, Digest> {
    return new Map([...this.#digesters].map(([name, digester]) => [name, digester.digest()]));
  }
}

const MAX_REMEMBERED = 10_000;

/** What this process remembers of the uploads it has seen; the oldest are forgotten first. */
export class RememberedDigests {
  readonly #known = new BoundedMap<UploadId, { version: string; running: RunningDigests }>(
    MAX_REMEMBERED,
  );

  remember(id: UploadId, { version, sizeBytes }: StagedInfo, running: RunningDigests): void {
    this.#known.delete(id);
    if (running.sizeBytes === sizeBytes) this.#known.set(id, { version, running });
  }

  /** Takes them out: whoever goes on hashing remembers them again. */
  take(id: UploadId, staged: StagedInfo): RunningDigests | undefined {
    const known = this.#known.get(id);
    this.#known.delete(id);
    return known?.version === staged.version ? known.running : undefined;
  }

  forget(id: UploadId): void {
    this.#known.delete(id);
  }
}
