import { ChunkIndex } from "../../chunks/index/chunk-index.ts";
import { PackError } from "../../chunks/packs/pack-error.ts";
import { readDirectory } from "../../chunks/packs/read-pack.ts";
import { isDamagedFile, removeSqliteCache } from "../../lib/sqlite-cache.ts";
import { ObjectNotFound } from "../../storage/errors.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";
import type { FramePlace, PackStore } from "./pack-store.ts";

export interface PackIndexOptions {
  /** Of the index's file. */
  readonly path: string;
  readonly packs: PackStore;
  /** Told of a pack that cannot be read. Must not throw. */
  readonly onBadPack: (name: string, error: PackError) => void;
}

/** The chunk index of a store, kept in step with its packs. Dispose closes its file. */
export class PackIndex implements Disposable {
  readonly #options: PackIndexOptions;
  #chunks: ChunkIndex;

  constructor(options: PackIndexOptions) {
    this.#options = options;
    this.#chunks = openReadable(options.path);
  }

  /** Not to keep: it is another one when the index was begun anew. */
  get chunks(): ChunkIndex {
    return this.#chunks;
  }

  /**
   * Takes up packs that are new, and forgets those that are gone: others may have written or collected. A file
   * that was taken away, or is found damaged, is begun anew.
   */
  async refresh(options: CallOptions): Promise<void> {
    if (this.#chunks.isReplaced) this.#reopen();
    try {
      await this.#takeUp(options);
    } catch (error) {
      if (!isDamagedFile(error)) throw error;
      await this.beginAnew(options);
    }
  }

  /** Throws away the file, which was found damaged, and takes up all packs. */
  async beginAnew(options: CallOptions): Promise<void> {
    removeSqliteCache(this.#options.path);
    this.#reopen();
    await this.#takeUp(options);
  }

  #reopen(): void {
    this.#chunks[Symbol.dispose]();
    this.#chunks = openReadable(this.#options.path);
  }

  async #takeUp(options: CallOptions): Promise<void> {
    const known = new Set(this.chunks.packs.map(({ name }) => name));
    const found = new Set<string>();
    for await (const name of this.#options.packs.list(options)) {
      found.add(name);
      if (!known.has(name)) await this.add(name, options);
    }
    for (const name of known) if (!found.has(name)) this.chunks.removePack(name);
    for await (const place of this.#options.packs.damagedFrames(options)) this.#forget(place);
  }

  /** Takes up a pack that is in the store, by what stands in it there. */
  async add(name: string, options: CallOptions): Promise<void> {
    try {
      const source = await this.#options.packs.open(name, options);
      if (source === undefined) return;
      this.chunks.addPack({ name, sizeBytes: source.sizeBytes }, await readDirectory(source));
    } catch (error) {
      if (error instanceof ObjectNotFound) return;
      if (!(error instanceof PackError)) throw error;
      this.#options.onBadPack(name, error);
    }
  }

  /** A frame is damaged: from now on its chunks are looked for elsewhere. */
  async condemn(place: FramePlace, options: CallOptions): Promise<void> {
    await this.#options.packs.condemn(place, options);
    this.#forget(place);
  }

  [Symbol.dispose](): void {
    this.chunks[Symbol.dispose]();
  }

  #forget({ pack, at }: FramePlace): void {
    this.chunks.removeFrame(pack, at);
  }
}

/** Damage that shows only when more is read is met by whoever reads. */
function openReadable(path: string): ChunkIndex {
  const chunks = ChunkIndex.open(path);
  try {
    void chunks.packs;
    return chunks;
  } catch (error) {
    chunks[Symbol.dispose]();
    if (!isDamagedFile(error)) throw error;
  }
  removeSqliteCache(path);
  return ChunkIndex.open(path);
}
