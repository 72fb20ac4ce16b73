import type { ChunkId } from "../../chunks/chunk-id.ts";
import type { ChunkList } from "../../chunks/recipe/chunk-list.ts";
import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import { blobData, blobFolder } from "../../content/layout.ts";
import type { Logger } from "../../observability/logger.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions, ObjectInfo, StorageDriver } from "../../storage/storage-driver.ts";
import type { BlobMaker } from "../cold/blob-maker.ts";
import type { BlobNotes } from "../store/blob-notes.ts";
import type { DiskRoom } from "../store/disk-room.ts";
import type { PackIndex } from "../store/pack-index.ts";
import { type PackStore, readRange } from "../store/pack-store.ts";
import type { RecipeStore, StoredRecipe } from "../store/recipe-store.ts";
import { ThreadRefused } from "../threads/dedup-worker.ts";
import type { ThreadOrder, ThreadResult } from "../threads/thread-messages.ts";
import type { WorkerPool } from "../threads/worker-pool.ts";
import { findBase } from "./find-base.ts";
import { PackReceiver } from "./pack-receiver.ts";
import type { Healing } from "./healing.ts";

export interface ConverterDeps {
  readonly driver: StorageDriver;
  readonly recipes: RecipeStore;
  readonly packs: PackStore;
  readonly index: PackIndex;
  readonly notes: BlobNotes;
  readonly healing: Healing;
  /** Threads that have only the time that nobody else wants; */
  readonly pool: WorkerPool;
  /** and what makes blobs with them. */
  readonly maker: BlobMaker;
  readonly room: DiskRoom;
  /** How long since its last push or pull until a blob is cold. */
  readonly coldMs: number;
  /** When the blob was last read, as far as is known, in ms of the day's clock; */
  readonly usedAtMs: (digest: Digest) => number | undefined;
  /** which says at this moment: */
  readonly nowMs: () => number;
  readonly log: Logger;
}

export interface ConvertOptions extends CallOptions {
  /** Told the bytes of the blob that were read since it was told last. */
  readonly onProgress?: (bytes: number) => void;
}

/** What became of a blob. */
export type Conversion =
  /** It has a recipe now. */
  | { readonly kind: "indexed" }
  /** It gave up its data. */
  | { readonly kind: "cold"; readonly savedBytes: number }
  /** It is as it was, */
  | { readonly kind: "as-it-was"; readonly reason: string };

/** There is too little free disk to write what is to be written. */
export class DiskFull extends Error {
  readonly kind = "DiskFull";
}

/** Smaller blobs take as much room as their recipes. */
export const LEAST_BLOB_BYTES = 64 * 1024;
/** Documents up to so many bytes may be manifests, which are read as they lie. */
const MOST_DOCUMENT_BYTES = 4 * 1024 * 1024;
/** What a JSON document may begin with, also one with a byte order mark. */
const BEGINS_DOCUMENT: ReadonlySet<number | undefined> = new Set(Buffer.from("{ \t\n\r\ufeff"));

/** Brings blobs from one state to the next. Each step may be done twice, and cut short anywhere. */
export class Converter {
  readonly #deps: ConverterDeps;

  constructor(deps: ConverterDeps) {
    this.#deps = deps;
  }

  /** Finds out how the blob is made, unless that is known. @throws {ThreadRefused} {StorageError} */
  async index(digest: Digest, options: ConvertOptions): Promise<Conversion> {
    const { recipes, healing, driver } = this.#deps;
    const data = await driver.stat(blobData(digest), options);
    if (data === undefined) return asItWas("there is no data");
    if (data.sizeBytes < LEAST_BLOB_BYTES) return asItWas("it is small");
    const kept = this.#deps.notes.keptBecause(digest);
    if (kept !== undefined) return asItWas(kept);
    const known = await this.#noteChunks(digest, options);
    const wanted = await healing.wanted(options);
    // What is missed elsewhere is taken from it once more.
    if (known !== undefined && !hasAny(known, wanted)) return asItWas("it is indexed");
    const order = { kind: "index", digest, sizeBytes: data.sizeBytes, wanted } as const;
    const result = await this.#packing(order, options, () => true);
    if (result.kind !== "index") throw new TypeError("not what an index order comes to");
    if (result.recipe === undefined) return this.#keep(digest, result.reason ?? "no recipe");
    await recipes.write(digest, result.recipe, options);
    await this.#noteChunks(digest, options);
    await healing.heal(options);
    return { kind: "indexed" };
  }

  /**
   * Gives up the data of a blob that is indexed and cold.
   * @throws {ThreadRefused} {DiskFull} {StorageError} {BlobBroken} when it cannot be made of what was stored; it
   * keeps its data.
   */
  async cool(digest: Digest, options: ConvertOptions): Promise<Conversion> {
    const { driver, notes } = this.#deps;
    const data = await driver.stat(blobData(digest), options);
    if (data === undefined) return asItWas("there is no data");
    const kept = notes.keptBecause(digest);
    if (kept !== undefined) return asItWas(kept);
    if (!this.isCold(digest, data)) return asItWas("it is in use");
    const stored = await this.#recipeOf(digest, options);
    if (stored === undefined) return asItWas("it is not indexed");
    if (await this.#isDocument(digest, data, options))
      return this.#keep(digest, "it is a document");
    const isSmaller = await this.#pack(digest, { data, stored }, options);
    if (!isSmaller) return this.#keep(digest, "it would take more room");
    return await this.#giveUpData(digest, { data, stored }, options);
  }

  /** Whether nobody has pushed or read the blob for as long as it takes. */
  isCold(digest: Digest, { modifiedAt }: Pick<ObjectInfo, "modifiedAt">): boolean {
    const { usedAtMs, coldMs, nowMs } = this.#deps;
    const lastMs = Math.max(usedAtMs(digest) ?? 0, modifiedAt.getTime());
    return lastMs + coldMs <= nowMs();
  }

  async #pack(
    digest: Digest,
    { data, stored }: { readonly data: ObjectInfo; readonly stored: StoredRecipe },
    options: ConvertOptions,
  ): Promise<boolean> {
    const { room } = this.#deps;
    const { sizeBytes } = data;
    if (!(await room.hasFor(sizeBytes))) {
      throw new DiskFull("there is too little free disk: see barge.dedup.diskFloor");
    }
    const base = await findBase(digest, stored.recipe, { ...this.#deps, ...options });
    const order = { kind: "pack", digest, sizeBytes, recipe: stored.stored, base } as const;
    const isWanted = (result: ThreadResult): boolean =>
      result.kind === "pack" && !result.isTooLarge;
    return isWanted(await this.#packing(order, options, isWanted));
  }

  /** What was made is read back from the store before the data goes. */
  async #giveUpData(
    digest: Digest,
    { data, stored }: { readonly data: ObjectInfo; readonly stored: StoredRecipe },
    options: ConvertOptions,
  ): Promise<Conversion> {
    const { driver, maker, recipes } = this.#deps;
    // Where it fails, damaged frames are marked by now: the next attempt packs their chunks anew.
    for await (const _ of maker.whole(digest, { ...options, isProof: true }));
    // Somebody may have read it meanwhile.
    if (!this.isCold(digest, data)) return asItWas("it is in use");
    // Or have set the recipe aside.
    if ((await recipes.recipeBytes(digest, options)) === undefined) return asItWas("no recipe");
    await driver.deleteTree(blobFolder(digest), options);
    return { kind: "cold", savedBytes: data.sizeBytes - stored.stored.length };
  }

  /** Has a thread carry out an order, and takes in the packs that come of it, if they are wanted. */
  async #packing(
    order: ThreadOrder,
    { signal, onProgress = () => undefined }: ConvertOptions,
    isWanted: (result: ThreadResult) => boolean,
  ): Promise<ThreadResult> {
    const { packs, index, pool } = this.#deps;
    const failure = new AbortController();
    const options = { signal: AbortSignal.any([signal, failure.signal]) };
    using lent = await pool.borrow(signal);
    await using resources = new AsyncDisposableStack();
    const onFailure = (error: unknown): void => failure.abort(error);
    let receiver: PackReceiver | undefined;
    const result = await lent.worker.run(
      order,
      (taken) => {
        const sides = { taken, onProgress };
        receiver = new PackReceiver({ packs, index, onFailure }, sides, options);
        return resources.use(receiver);
      },
      options,
    );
    if (isWanted(result)) await receiver?.publish();
    return result;
  }

  /** Lets others find what they have in common with the blob. @returns them, if it has a recipe. */
  async #noteChunks(digest: Digest, options: CallOptions): Promise<ChunkList | undefined> {
    const { notes } = this.#deps;
    const chunks = (await this.#recipeOf(digest, options))?.recipe.chunks;
    if (chunks !== undefined && !notes.knowsChunksOf(digest)) notes.noteChunks(digest, chunks);
    return chunks;
  }

  async #recipeOf(digest: Digest, options: CallOptions): Promise<StoredRecipe | undefined> {
    const { recipes, log } = this.#deps;
    try {
      return await recipes.read(digest, options);
    } catch (error) {
      if (!(error instanceof BlobRecipeError)) throw error;
      log.error("a damaged recipe is made anew", { digest, err: error });
      return undefined;
    }
  }

  /** Manifests lie among the blobs, and may be linked as such. */
  async #isDocument(digest: Digest, data: ObjectInfo, options: CallOptions): Promise<boolean> {
    if (data.sizeBytes > MOST_DOCUMENT_BYTES) return false;
    const range = { startBytes: 0, lengthBytes: 1 };
    const head = await readRange(this.#deps.driver, blobData(digest), { ...options, range });
    return BEGINS_DOCUMENT.has(head?.[0]);
  }

  #keep(digest: Digest, reason: string): Conversion {
    this.#deps.notes.noteKept(digest, reason);
    return asItWas(reason);
  }
}

/** Whether the fault of a thread will be the same when it tries again. */
export function isLasting(error: unknown): boolean {
  return error instanceof ThreadRefused && error.fault.kind === "wrong-bytes";
}

function hasAny(chunks: ChunkList, wanted: readonly ChunkId[]): boolean {
  if (wanted.length === 0) return false;
  const ids = new Set(wanted);
  for (let at = 0; at < chunks.length; at += 1) if (ids.has(chunks.at(at).id)) return true;
  return false;
}

function asItWas(reason: string): Conversion {
  return { kind: "as-it-was", reason };
}
