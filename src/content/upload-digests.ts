/**
 * Running digests of uploads, kept in this process between chunks so that the bytes are read once.
 *
 * They are only ever an advantage: they count while the staged object is exactly as this process left
 * it, and otherwise the bytes are hashed again from the store.
 */
import { BoundedMap } from "../lib/bounded-map.ts";
import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import type { StagedInfo } from "../storage/storage-driver.ts";
import type { Hashing, RunningHash } from "./hashing.ts";
import type { UploadId } from "./upload-id.ts";

/** A hash of all that an upload has, and how many bytes it has seen. */
export class RunningDigests implements Disposable {
  readonly #algorithms: ReadonlySet<DigestAlgorithm>;
  readonly #hash: RunningHash;
  #sizeBytes = 0;
  /** Counts whose bytes are taken: those of an append that was given up may still come. */
  #turn = 0;

  constructor(hashing: Hashing, algorithms: Iterable<DigestAlgorithm>) {
    this.#algorithms = new Set(algorithms);
    this.#hash = hashing.start([...this.#algorithms]);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  covers(algorithms: readonly DigestAlgorithm[]): boolean {
    return algorithms.every((algorithm) => this.#algorithms.has(algorithm));
  }

  /** Passes the bytes on while they are hashed; a piece is let go when both are done with it. */
  async *through(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.stop();
    const turn = this.#turn;
    for await (const piece of bytes) {
      if (turn !== this.#turn) return;
      this.#sizeBytes += piece.byteLength;
      const hashed = this.#hash.update(piece);
      hashed.catch(ignoreUntilAwaited);
      try {
        yield piece;
      } finally {
        await hashed;
      }
    }
  }

  /** Takes no more of the bytes that pass. */
  stop(): void {
    this.#turn += 1;
  }

  /** Ends them. */
  async digests(): Promise<ReadonlyMap<DigestAlgorithm, Digest>> {
    return await this.#hash.digests();
  }

  [Symbol.dispose](): void {
    this.stop();
    this.#hash[Symbol.dispose]();
  }
}

/** The failure is thrown where the piece is let go. */
function ignoreUntilAwaited(): undefined {
  return undefined;
}

const MAX_REMEMBERED = 10_000;

interface Known {
  readonly version: string;
  readonly running: RunningDigests;
}

/** What this process remembers of the uploads it has seen; the oldest are forgotten first. */
export class RememberedDigests {
  readonly #known = new BoundedMap<UploadId, Known>(MAX_REMEMBERED, ({ running }) =>
    running[Symbol.dispose](),
  );

  /** Takes them over: they are disposed when they have not seen all that is staged, or are forgotten. */
  remember(id: UploadId, { version, sizeBytes }: StagedInfo, running: RunningDigests): void {
    this.forget(id);
    running.stop();
    if (running.sizeBytes === sizeBytes) this.#known.set(id, { version, running });
    else running[Symbol.dispose]();
  }

  /** Takes them out: whoever goes on hashing remembers them again, or disposes them. */
  take(id: UploadId, staged: StagedInfo): RunningDigests | undefined {
    const known = this.#known.get(id);
    this.#known.delete(id);
    if (known === undefined || known.version === staged.version) return known?.running;
    known.running[Symbol.dispose]();
    return undefined;
  }

  forget(id: UploadId): void {
    this.#known.get(id)?.running[Symbol.dispose]();
    this.#known.delete(id);
  }
}
