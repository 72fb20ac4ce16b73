/**
 * Running digests of uploads, kept in this process between chunks so that the bytes are read once.
 *
 * They are only ever an advantage: they count while the staged object is exactly as this process left
 * it, and otherwise the bytes are hashed again from the store. That goes for a hash that failed, too: its
 * upload goes on without it.
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
  #isBroken = false;
  /** Counts whose bytes are taken: those of an append that was given up may still come. */
  #turn = 0;

  constructor(hashing: Hashing, algorithms: Iterable<DigestAlgorithm>) {
    this.#algorithms = new Set(algorithms);
    this.#hash = hashing.start([...this.#algorithms]);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The hash has failed: all it is good for now is to pass bytes on. */
  get isBroken(): boolean {
    return this.#isBroken;
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
      const hashed = this.#update(piece);
      try {
        yield piece;
      } finally {
        await hashed;
      }
    }
  }

  /** Never rejects. */
  async #update(piece: Uint8Array): Promise<void> {
    if (this.#isBroken) return;
    try {
      await this.#hash.update(piece);
    } catch {
      this.#break();
    }
  }

  #break(): void {
    this.#isBroken = true;
    this.#hash[Symbol.dispose]();
  }

  /** Takes no more of the bytes that pass. */
  stop(): void {
    this.#turn += 1;
  }

  /** Ends them. @returns `undefined` when the hash has failed. */
  async digests(): Promise<ReadonlyMap<DigestAlgorithm, Digest> | undefined> {
    try {
      const digests = await this.#hash.digests();
      return this.#isBroken ? undefined : digests;
    } catch {
      this.#break();
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.stop();
    this.#hash[Symbol.dispose]();
  }
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

  /** Takes them over: they are disposed when they have not seen all that is staged, are broken, or are forgotten. */
  remember(id: UploadId, { version, sizeBytes }: StagedInfo, running: RunningDigests): void {
    this.forget(id);
    running.stop();
    const isOfAll = running.sizeBytes === sizeBytes && !running.isBroken;
    if (isOfAll) this.#known.set(id, { version, running });
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
