import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import { type Digest, Digester } from "../../oci/digest.ts";
import { StorageUnavailable } from "../../storage/errors.ts";
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
  /** A recipe in place of the one that the store has now. */
  readonly by?: StoredRecipe | undefined;
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
    for (let isFruitless = false; ;) {
      try {
        const rest = { startBytes: at, endBytes: span?.endBytes };
        for await (const bytes of this.#rest(digest, rest, options)) {
          isFruitless = false;
          at += bytes.length;
          yield bytes;
        }
        return;
      } catch (error) {
        const mend = this.#mendFor(digest, error, isFruitless);
        isFruitless = true;
        await mend(options);
      }
    }
  }

  /** @returns what may help. @throws when nothing does any more. */
  #mendFor(
    digest: Digest,
    error: unknown,
    isFruitless: boolean,
  ): (options: CallOptions) => Promise<void> {
    const { index } = this.#deps;
    if (isIndexDamaged(error) && !isFruitless) return (options) => index.beginAnew(options);
    const reason = damageIn(error);
    if (isFruitless) throw new BlobBroken(digest, reason, { cause: error });
    // Another process may have packed anew what it leans on, also while it is made.
    return (options) => index.refresh(options);
  }

  async *#rest(
    digest: Digest,
    rest: { readonly startBytes: number; readonly endBytes: number | undefined },
    options: MakeOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const stored = options.by ?? (await this.#deps.recipes.read(digest, options));
    if (stored === undefined) throw new NoRecipe(`there is no recipe of ${digest}`);
    const endBytes = rest.endBytes ?? stored.recipe.blobBytes;
    const { pool, threads } = this.#deps;
    const { signal, isProof } = options;
    const span = { startBytes: rest.startBytes, endBytes };
    let at = rest.startBytes;
    for await (const bytes of makeInThreads({ ...stored, span, pool, threads, signal, isProof })) {
      at += bytes.length;
      yield bytes;
    }
    if (at < endBytes) throw new BlobRecipeError("it makes a shorter blob than it says");
  }
}

/** @returns what is damaged. @throws anything else, such as what trying again another day may mend. */
function damageIn(error: unknown): string {
  if (error instanceof BlobRecipeError) return error.message;
  if (!(error instanceof ThreadRefused)) throw error;
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
      throw error;
    case "unreadable":
      throw new StorageUnavailable(fault.text, { reason: fault.text, cause: error });
  }
}
