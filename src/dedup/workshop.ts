/** All that it takes to make blobs of chunks and chunks of blobs, in one process. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { blobData } from "../content/layout.ts";
import type { Logger } from "../observability/logger.ts";
import { type CallOptions, hasLocalFiles, type StorageDriver } from "../storage/storage-driver.ts";
import { BlobMaker } from "./cold/blob-maker.ts";
import { BlobNotes } from "./store/blob-notes.ts";
import { DiskRoom } from "./store/disk-room.ts";
import { PackIndex } from "./store/pack-index.ts";
import { PackStore, readRange } from "./store/pack-store.ts";
import { RecipeStore } from "./store/recipe-store.ts";
import type { ThreadSurroundings } from "./threads/dedup-worker.ts";
import { WorkerPool } from "./threads/worker-pool.ts";

export interface WorkshopOptions extends CallOptions {
  readonly driver: StorageDriver;
  /** On a disk of this machine, for what may be lost; made if it is not there. */
  readonly directory: string;
  /** The module `threads/dedup-thread.ts`. */
  readonly threadUrl: URL;
  /** For one blob that somebody waits for, at least 1. */
  readonly makingThreads: number;
  /** For work that nobody waits for, at least 1. */
  readonly idleThreads: number;
  /** What is to stay free on each disk that is written to. */
  readonly diskFloorBytes: number;
  /**
   * Whether the index may lag behind the packs at first, for it takes a while to list many: who makes a blob looks
   * again when a chunk is missed. Not unless told.
   */
  readonly mayLag?: boolean;
  /** Whether frames that are found damaged are marked as such. */
  readonly mayWrite: boolean;
  readonly log: Logger;
}

/** How long threads are kept that have nothing to do: to start one takes a twentieth of a second. */
const THREAD_IDLE_MS = 30_000;
/** Blobs that somebody waits for at a time, when each has one thread; others wait for their turn. */
const BLOBS_AT_ONCE = 2;

/** Dispose closes its files and ends its threads, with what they are doing. */
export class Workshop implements AsyncDisposable {
  readonly packs: PackStore;
  readonly recipes: RecipeStore;
  readonly index: PackIndex;
  readonly notes: BlobNotes;
  readonly room: DiskRoom;
  /** Makes blobs as fast as it can. */
  readonly maker: BlobMaker;
  /** Threads that have only the time that nobody else wants, */
  readonly idlePool: WorkerPool;
  /** and what makes blobs with one of them. */
  readonly idleMaker: BlobMaker;
  readonly spoolDirectory: string;
  readonly #resources: AsyncDisposableStack;

  /** @throws {StorageError} {Error} of the file system or SQLite. */
  static async open(options: WorkshopOptions): Promise<Workshop> {
    await mkdir(join(options.directory, "spool"), { recursive: true, mode: 0o700 });
    const workshop = new Workshop(options, new AsyncDisposableStack());
    try {
      const isEmpty = workshop.index.chunks.packs.length === 0;
      if (isEmpty || options.mayLag !== true) await workshop.index.refresh(options);
      return workshop;
    } catch (error) {
      await workshop[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: WorkshopOptions, resources: AsyncDisposableStack) {
    const { driver, directory, log, diskFloorBytes } = options;
    this.#resources = resources;
    this.spoolDirectory = join(directory, "spool");
    this.packs = new PackStore(driver);
    this.recipes = new RecipeStore(driver);
    const indexPath = join(directory, "chunks.sqlite");
    const { packs, recipes } = this;
    this.index = resources.use(
      new PackIndex({
        path: indexPath,
        packs,
        onBadPack: (pack, error) => log.error("a pack cannot be read", { pack, err: error }),
      }),
    );
    this.notes = resources.use(BlobNotes.open(join(directory, "blobs.sqlite")));
    this.room = new DiskRoom(disksOf(driver, directory), diskFloorBytes);
    const { threadUrl, makingThreads, idleThreads } = options;
    const surroundings = this.#surroundings(options);
    const poolOf = (maxThreads: number, isIdle: boolean): WorkerPool =>
      resources.use(
        new WorkerPool({
          threadUrl,
          data: { indexPath, isIdle },
          surroundings,
          maxThreads,
          idleMs: THREAD_IDLE_MS,
        }),
      );
    const { index } = this;
    const pool = poolOf(makingThreads * BLOBS_AT_ONCE, false);
    this.maker = new BlobMaker({ recipes, index, pool, threads: makingThreads });
    this.idlePool = poolOf(idleThreads, true);
    this.idleMaker = new BlobMaker({ recipes, index, pool: this.idlePool, threads: 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }

  #surroundings({ driver, mayWrite, log }: WorkshopOptions): ThreadSurroundings {
    const { signal } = new AbortController();
    return {
      read: async (place, range) =>
        place.kind === "pack"
          ? await this.packs.read(place.name, range, { signal })
          : await readRange(driver, blobData(place.digest), { signal, range }),
      onDamaged: (pack, at) => {
        log.error("a frame of a pack is damaged", { pack, at });
        if (!mayWrite) return;
        this.index.condemn({ pack, at }, { signal }).catch((error: unknown) => {
          log.warn("a damaged frame could not be marked", { pack, at, err: error });
        });
      },
    };
  }
}

function disksOf(driver: StorageDriver, directory: string): readonly string[] {
  return hasLocalFiles(driver) ? [directory, dirname(driver.localPath("barge"))] : [directory];
}
