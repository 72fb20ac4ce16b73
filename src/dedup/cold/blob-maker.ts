import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import { type Digest, Digester } from "../../oci/digest.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";
import type { PackIndex } from "../store/pack-index.ts";
import type { RecipeStore, StoredRecipe } from "../store/recipe-store.ts";
import { ThreadRefused } from "../threads/dedup-worker.ts";
import { isIndexDamaged } from "../threads/index-damage.ts";
import { type BlobSpan, makeInThreads } from "../threads/make-in-threads.ts";
import type { WorkerPool } from "../threads/worker-pool.ts";

export interface BlobMakerDeps {
  readonly recipes: RecipeStore;
  readonly index: PackIndex;
  readonly pool: WorkerPool;
  /** For one blob, at least 1. */
  readonly threads: number;
}

/** There is no recipe to make the blob by. */
export class NoRecipe extends Error {
  readonly kind = "NoRecipe";
}

/** The blob cannot be made of what the store has. Trying again does not help. */
export class BlobBroken extends Error {
  readonly kind = "BlobBroken";
  readonly digest: Digest;
  /** For people. */
  readonly reason: string;

  constructor(digest: Digest, reason: string, options?: ErrorOptions) {
    super(`${digest} cannot be made again: ${reason}`, options);
    this.digest = digest;
    this.reason = reason;
  }
}

/** How a blob is made. */
export interface MakeOptions extends CallOptions {
  /** Whether all of it is read from the store, to prove that it is there, and nothing that threads remember counts. */
  readonly isProof?: boolean;
}

/** Makes blobs again of what the store keeps of them. */
export class BlobMaker {
  readonly #deps: BlobMakerDeps;

  constructor(deps: BlobMakerDeps) {
    this.#deps = deps;
  }

  /**
   * All of a blob. Its last bytes come only after the digest of all has been found right.
   * @returns bytes to keep.
   * @throws {NoRecipe} mostly before anything comes. {BlobBroken} {StorageError}; `signal.reason`.
   */
  async *whole(digest: Digest, options: MakeOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const digester = new Digester("sha256");
    let held: Uint8Array | undefined;
    for await (const bytes of this.stretch(digest, undefined, options)) {
      digester.update(bytes);
      if (held !== undefined) yield held;
      held = bytes;
    }
    if (digester.digest() !== digest) {
      throw new BlobBroken(digest, "what was made has another digest");
    }
    if (held !== undefined) yield held;
  }

  /**
   * A stretch of a blob. Each chunk is the right one; nothing else vouches for the bytes.
   * @param span all of it, unless told.
   * @throws as {@link whole}
   */
  async *stretch(
    digest: Digest,
    span: BlobSpan | undefined,
    options: MakeOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let at = span?.startBytes ?? 0;
    for (let fruitless = 0; ; fruitless += 1) {
      try {
        const stored = await this.#deps.recipes.read(digest, options);
        if (stored === undefined) throw new NoRecipe(`there is no recipe of ${digest}`);
        const endBytes = span?.endBytes ?? stored.recipe.blobBytes;
        for await (const bytes of this.#make(stored, { startBytes: at, endBytes }, options)) {
          fruitless = 0;
          at += bytes.length;
          yield bytes;
        }
        if (at < endBytes) throw new BlobRecipeError("it makes a shorter blob than it says");
        return;
      } catch (error) {
        if (isIndexDamaged(error) && fruitless === 0) {
          await this.#deps.index.beginAnew(options);
          continue;
        }
        const reason = damageOf(error);
        if (reason === undefined) throw error;
        if (fruitless > 0) throw new BlobBroken(digest, reason, { cause: error });
        // Another process may have packed anew what it leans on, also while it is made.
        await this.#deps.index.refresh(options);
      }
    }
  }

  #make(
    { stored, recipe }: StoredRecipe,
    span: BlobSpan,
    { signal, isProof }: MakeOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { pool, threads } = this.#deps;
    return makeInThreads({ stored, recipe, span, pool, threads, signal, isProof });
  }
}

/** @returns `undefined` for what trying again another day may mend. */
function damageOf(error: unknown): string | undefined {
  if (error instanceof BlobRecipeError) return error.message;
  if (!(error instanceof ThreadRefused)) return undefined;
  const { fault } = error;
  switch (fault.kind) {
    case "recipe":
    case "gone":
    case "wrong-bytes":
      return fault.text;
    case "chunk-missing":
      return `no pack has the chunk ${fault.id}`;
    case "chunk-damaged":
      return `the chunk ${fault.id} is damaged in the pack ${fault.pack}`;
    case "index-damaged":
    case "unreadable":
      return undefined;
  }
}
