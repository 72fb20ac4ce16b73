import { ChunkIndex } from "../../chunks/index/chunk-index.ts";
import { PackError } from "../../chunks/packs/pack-error.ts";
import { readDirectory } from "../../chunks/packs/read-pack.ts";
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
  readonly chunks: ChunkIndex;
  readonly #options: PackIndexOptions;

  constructor(options: PackIndexOptions) {
    this.#options = options;
    this.chunks = ChunkIndex.open(options.path);
  }

  /** Takes up packs that are new, and forgets those that are gone: others may have written or collected. */
  async refresh(options: CallOptions): Promise<void> {
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
