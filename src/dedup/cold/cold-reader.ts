import type { ColdBlobs } from "../../content/cold-blobs.ts";
import { BlobUnknown, StoredBytesDamaged } from "../../content/errors.ts";
import { blobData } from "../../content/layout.ts";
import type { Logger } from "../../observability/logger.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ByteRange, CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import type { DiskRoom } from "../store/disk-room.ts";
import { receiveObject } from "../store/receive-object.ts";
import type { RecipeStore } from "../store/recipe-store.ts";
import type { BlobSpan } from "../threads/make-in-threads.ts";
import { BlobBroken, type BlobMaker, NoRecipe } from "./blob-maker.ts";
import { Spool } from "./spool.ts";

/** What it takes to make blobs; opened when the first one is wanted. */
export interface ColdTools {
  readonly maker: Pick<BlobMaker, "whole" | "stretch">;
  readonly room: Pick<DiskRoom, "hasFor">;
  /** Where bytes wait for their readers, on a disk of this machine. */
  readonly spoolDirectory: string;
}

export interface ColdReaderDeps {
  readonly driver: StorageDriver;
  readonly recipes: Pick<RecipeStore, "blobBytes" | "quarantine">;
  readonly tools: () => Promise<ColdTools>;
  /** Told of each blob that is read, cold or not. */
  readonly onUse: (digest: Digest) => void;
  /** Whether anything is written: recipes set aside, blobs that were made stored as data again. */
  readonly mayWrite: boolean;
  readonly log: Logger;
  /** Ends what goes on without a reader. */
  readonly stopping: AbortSignal;
}

/**
 * Reads cold blobs. One that is wanted whole is made once for all who read it at the time, as fast as it can
 * be, and becomes data again; so a slow client keeps no thread.
 */
export class ColdReader implements ColdBlobs {
  readonly #deps: ColdReaderDeps;
  /** Blobs that are being made, whole. */
  readonly #making = new Map<Digest, Promise<Spool | undefined>>();
  readonly #running = new Set<Promise<void>>();

  constructor(deps: ColdReaderDeps) {
    this.#deps = deps;
  }

  sizeOf(sha256: Digest, options: CallOptions): Promise<number | undefined> {
    return this.#deps.recipes.blobBytes(sha256, options);
  }

  used(sha256: Digest): void {
    this.#deps.onUse(sha256);
  }

  async *read(
    sha256: Digest,
    { signal, range }: CallOptions & { readonly range?: ByteRange },
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const sizeBytes = await this.sizeOf(sha256, { signal });
    if (sizeBytes === undefined) throw new BlobUnknown(sha256);
    const span = spanOf(range, sizeBytes);
    const isWhole = span.startBytes === 0 && span.endBytes === sizeBytes;
    try {
      if (isWhole) yield* this.#whole(sha256, sizeBytes, signal);
      else yield* this.#stretch(sha256, span, signal);
    } catch (cause) {
      if (cause instanceof NoRecipe) throw new BlobUnknown(sha256, { cause });
      if (cause instanceof BlobBroken) throw await this.#setAside(cause, { signal });
      throw cause;
    }
  }

  /** Resolves when nothing is being made any more. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async *#whole(
    digest: Digest,
    sizeBytes: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const begin = (): Promise<Spool | undefined> => this.#begin(digest, sizeBytes);
    let spool = await this.#making.getOrInsertComputed(digest, begin);
    // It may have been over while it was waited for.
    while (spool?.tryShare() === false) {
      spool = await this.#making.getOrInsertComputed(digest, begin);
    }
    if (spool !== undefined) {
      yield* shared(spool, { startBytes: 0 }, signal);
      return;
    }
    const { maker } = await this.#deps.tools();
    yield* maker.whole(digest, { signal });
  }

  /** A stretch of what is being made at the moment is there already, or soon; any other is made by itself. */
  async *#stretch(
    digest: Digest,
    span: BlobSpan,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { startBytes, endBytes } = span;
    const lengthBytes = endBytes - startBytes;
    const made = await this.#making.get(digest);
    if (made !== undefined && made.shownBytes > startBytes && made.tryShare()) {
      yield* shared(made, { startBytes, lengthBytes }, signal);
      return;
    }
    const { maker, room, spoolDirectory } = await this.#deps.tools();
    if (!(await room.hasFor(lengthBytes))) {
      yield* maker.stretch(digest, span, { signal });
      return;
    }
    const over = new AbortController();
    const both = AbortSignal.any([over.signal, signal, this.#deps.stopping]);
    const spool = await Spool.open(spoolDirectory);
    spool.tryShare();
    this.#run(fill(spool, maker.stretch(digest, span, { signal: both })));
    try {
      yield* shared(spool, { startBytes: 0 }, signal);
    } finally {
      over.abort(new Error("nobody reads any more"));
    }
  }

  /** @returns `undefined` when there is no room for it to wait in. */
  async #begin(digest: Digest, sizeBytes: number): Promise<Spool | undefined> {
    try {
      const tools = await this.#deps.tools();
      if (await tools.room.hasFor(sizeBytes)) {
        const spool = await Spool.open(tools.spoolDirectory);
        this.#run(this.#make(digest, spool, tools));
        return spool;
      }
    } catch (error) {
      this.#making.delete(digest);
      throw error;
    }
    this.#making.delete(digest);
    return undefined;
  }

  /** Never rejects. */
  async #make(digest: Digest, spool: Spool, { maker }: ColdTools): Promise<void> {
    await fill(spool, maker.whole(digest, { signal: this.#deps.stopping }), async () => {
      if (spool.isWhole) await this.#store(digest, spool);
      // Whoever comes from now on must not find one that may be closed at any moment.
      this.#making.delete(digest);
    });
  }

  /** Never rejects. */
  async #store(digest: Digest, spool: Spool): Promise<void> {
    const { driver, mayWrite, stopping: signal, log } = this.#deps;
    if (!mayWrite) return;
    try {
      await using data = await receiveObject(driver, spool.read({ startBytes: 0 }), { signal });
      await data.publish(blobData(digest), { signal });
      log.info("a cold blob was read and has its data again", { digest });
    } catch (error) {
      if (signal.aborted) return;
      log.warn("a blob was made again and could not be stored", { digest, err: error });
    }
  }

  /** @returns what to throw. */
  async #setAside(
    { digest, reason }: BlobBroken,
    { signal }: CallOptions,
  ): Promise<StoredBytesDamaged> {
    const { recipes, mayWrite, log } = this.#deps;
    const message =
      "a cold blob cannot be made again: it is absent until an image that has it is pushed";
    log.error(message, { digest, reason });
    if (mayWrite) await recipes.quarantine(digest, { signal });
    return new StoredBytesDamaged(digest);
  }

  #run(work: Promise<void>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }
}

/**
 * A failure of the bytes is told to the readers.
 * @param onEnd called when all bytes are in the spool, or none come any more, before it is let go. Must not reject.
 */
async function fill(
  spool: Spool,
  bytes: AsyncIterable<Uint8Array>,
  onEnd: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  let sizeBytes = 0;
  try {
    for await (const piece of bytes) {
      sizeBytes += piece.length;
      await spool.write(piece, sizeBytes);
    }
    spool.end();
  } catch (error) {
    spool.fail(error);
  }
  await onEnd();
  await spool.release();
}

function spanOf(range: ByteRange | undefined, sizeBytes: number): BlobSpan {
  const startBytes = Math.min(range?.startBytes ?? 0, sizeBytes);
  const endBytes = Math.min(startBytes + (range?.lengthBytes ?? sizeBytes), sizeBytes);
  return { startBytes, endBytes };
}

/** Releases the caller's share at the end. */
async function* shared(
  spool: Spool,
  span: { readonly startBytes: number; readonly lengthBytes?: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const piece of spool.read(span)) {
      signal.throwIfAborted();
      yield piece;
    }
  } finally {
    await spool.release();
  }
}
