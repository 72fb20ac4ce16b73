import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobsAtRest } from "../../content/check/blobs-at-rest.ts";
import { listQuarantinedRecipes, listRecipes } from "../../content/check/inventory.ts";
import type { Examine } from "../../content/check/things.ts";
import { once } from "../../lib/once.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { PackStore } from "../store/pack-store.ts";
import { RecipeStore } from "../store/recipe-store.ts";
import { Workshop } from "../workshop.ts";
import { examinePack, FrameReader } from "./examine-pack.ts";
import { examineQuarantined, examineRecipe } from "./examine-recipe.ts";
import { SILENT_LOG } from "./silent-log.ts";

export interface AtRestCheckOptions extends CallOptions {
  readonly driver: StorageDriver;
  /** The module `threads/dedup-thread.ts`. */
  readonly threadUrl: URL;
  /** For one blob, at least 1. */
  readonly makingThreads: number;
}

/**
 * What a check of the store sees of recipes and packs. Writes nothing to the store: what it remembers of packs lies
 * in a temporary directory, for the server's own may belong to another user. Dispose removes it and ends all threads.
 */
export class AtRestCheck implements BlobsAtRest, AsyncDisposable {
  readonly #options: AtRestCheckOptions;
  readonly #recipes: RecipeStore;
  readonly #packs: PackStore;
  readonly #resources = new AsyncDisposableStack();
  readonly #workshop = once(() => this.#openWorkshop());

  constructor(options: AtRestCheckOptions) {
    this.#options = options;
    this.#recipes = new RecipeStore(options.driver);
    this.#packs = new PackStore(options.driver);
  }

  async sizeOf(data: Digest, options: CallOptions): Promise<number | undefined> {
    return await this.#recipes.blobBytes(data, options);
  }

  async *things({
    signal,
    deep,
  }: CallOptions & { readonly deep: boolean }): AsyncGenerator<Examine, void, undefined> {
    const { driver } = this.#options;
    const workshop = this.#workshop;
    const maker = deep ? async () => (await workshop()).maker : undefined;
    const tools = { driver, recipes: this.#recipes, maker, signal };
    for await (const digest of listQuarantinedRecipes(driver, { signal })) {
      yield () => examineQuarantined(digest, tools);
    }
    for await (const digest of listRecipes(driver, { signal })) {
      yield () => examineRecipe(digest, tools);
    }
    const packs = this.#packs;
    const reader = deep ? new FrameReader(packs, async () => (await workshop()).index) : undefined;
    for await (const name of packs.list({ signal })) {
      yield () => examinePack(name, { packs, reader, signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  async #openWorkshop(): Promise<Workshop> {
    const directory = await mkdtemp(join(tmpdir(), "barge-check-"));
    this.#resources.defer(() => rm(directory, { recursive: true, force: true }));
    const workshop = await Workshop.open({
      ...this.#options,
      directory,
      idleThreads: 1,
      diskFloorBytes: 0,
      mayWrite: false,
      log: SILENT_LOG,
    });
    return this.#resources.use(workshop);
  }
}
