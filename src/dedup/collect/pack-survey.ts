import type { ChunkId } from "../../chunks/chunk-id.ts";
import type { PlacedFrame } from "../../chunks/packs/pack-directory.ts";
import { PackError } from "../../chunks/packs/pack-error.ts";
import { readDirectory, readFrameAt } from "../../chunks/packs/read-pack.ts";
import { pooledMap } from "../../lib/pooled-map.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";
import type { PackStore } from "../store/pack-store.ts";

/** What a pack holds, by its directory. */
export interface SurveyedPack {
  readonly name: string;
  readonly sizeBytes: number;
  /** Of all frames, those that are damaged among them. */
  readonly frameBytes: number;
  /** Those that count: no mark says that they are damaged. */
  readonly frames: readonly PlacedFrame[];
}

export interface SurveyOptions extends CallOptions {
  readonly packs: PackStore;
  /** Told of a pack that cannot be read, once. */
  readonly onBadPack: (name: string, error: PackError) => void;
}

/** Directories in memory: one of many small files takes some tens of megabytes. */
const CONCURRENCY = 4;

/** Reads the directories of packs, again and again: all of them at once may not fit into memory. */
export class PackSurvey {
  readonly #options: SurveyOptions;
  readonly #marks: ReadonlyMap<string, ReadonlySet<number>>;
  readonly #names: Set<string>;

  private constructor(
    options: SurveyOptions,
    names: Iterable<string>,
    marks: ReadonlyMap<string, ReadonlySet<number>>,
  ) {
    this.#options = options;
    this.#names = new Set(names);
    this.#marks = marks;
  }

  /** @throws {StorageError} */
  static async open(options: SurveyOptions): Promise<PackSurvey> {
    const { packs } = options;
    const marks = new Map<string, Set<number>>();
    for await (const { pack, at } of packs.damagedFrames(options)) {
      marks.getOrInsertComputed(pack, () => new Set()).add(at);
    }
    return new PackSurvey(options, await Array.fromAsync(packs.list(options)), marks);
  }

  /** Of all packs that can be read, as far as is known by now. */
  get names(): readonly string[] {
    return [...this.#names];
  }

  /** In this order; those that cannot be read are left out, and from now on not named. @throws {StorageError} */
  async *each(names: Iterable<string>): AsyncGenerator<SurveyedPack, void, undefined> {
    const read = pooledMap(names, CONCURRENCY, (name) => this.read(name));
    for await (const pack of read) if (pack !== undefined) yield pack;
  }

  /** @returns `undefined` when it cannot be read. @throws {StorageError} */
  async read(name: string): Promise<SurveyedPack | undefined> {
    const { packs, onBadPack } = this.#options;
    try {
      const source = await packs.open(name, this.#options);
      if (source === undefined) return undefined;
      const all = await readDirectory(source);
      const marked = this.#marks.get(name);
      return {
        name,
        sizeBytes: source.sizeBytes,
        frameBytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        frames: all.filter(({ at }) => marked?.has(at) !== true),
      };
    } catch (error) {
      if (!(error instanceof PackError)) throw error;
      if (this.#names.delete(name)) onBadPack(name, error);
      return undefined;
    }
  }

  /** @returns the chunks that the frame leans on; `undefined` when it is damaged. @throws {StorageError} */
  async dictionaryOf(name: string, frame: PlacedFrame): Promise<readonly ChunkId[] | undefined> {
    const { packs } = this.#options;
    try {
      const source = await packs.open(name, this.#options);
      return source && (await readFrameAt(source, frame)).dictionaryIds;
    } catch (error) {
      if (error instanceof PackError) return undefined;
      throw error;
    }
  }
}
