/** Blobs as recipes and chunks, beside a server: cold ones are read, pushed ones are worked at. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ColdBlobs } from "../content/cold-blobs.ts";
import type { JobQueue } from "../jobs/job-queue.ts";
import type { Clock } from "../lib/clock.ts";
import type { DaySpan } from "../lib/day-spans.ts";
import { once } from "../lib/once.ts";
import type { Logger } from "../observability/logger.ts";
import type { Digest } from "../oci/digest.ts";
import type { StorageDriver } from "../storage/storage-driver.ts";
import { ColdReader } from "./cold/cold-reader.ts";
import { RecipeStore } from "./store/recipe-store.ts";
import { addDedupJobs, DEDUP_QUEUE } from "./work/dedup-jobs.ts";
import { openJobs } from "./work/open-jobs.ts";
import { openWork, type Work } from "./work/open-work.ts";
import { purgeIncoming } from "./work/purge-incoming.ts";
import { Workshop } from "./workshop.ts";

export interface DedupOptions {
  readonly driver: StorageDriver;
  /** What is done with pushed blobs. Cold ones are read in any case. */
  readonly mode: "off" | "index" | "at-rest";
  /** `undefined`: a temporary directory. There must be one where `mode` is not `off`. */
  readonly stateDirectory: string | undefined;
  /** How long since its last push or pull until a blob is cold. */
  readonly coldMs: number;
  /** For work that nobody waits for, at least 1; */
  readonly threads: number;
  /** and for each blob that somebody waits for. */
  readonly makingThreads: number;
  readonly hours: readonly DaySpan[];
  readonly diskFloorBytes: number;
  /** The module `threads/dedup-thread.ts`. */
  readonly threadUrl: URL;
  /** Whether anything may be written to the store. */
  readonly mayWrite: boolean;
  readonly log: Logger;
  readonly clock: Clock;
  /** Ends all work. */
  readonly stopping: AbortSignal;
}

const AT_REST_NOTICE =
  "cold blobs give up their data: other programs that serve this store answer 404 for them; `barge dedup restore` brings all of it back";
const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
/** Layers of one image come together. */
const GATHER_PUSHES_MS = 250;
const TELL_USES_MS = 15 * SECOND_MS;
const STALE_INCOMING_MS = 24 * HOUR_MS;
const LEAST_SEARCH_MS = 60 * SECOND_MS;
const MOST_SEARCH_MS = HOUR_MS;

/** What a server opens at its start; files and threads only when they are needed. Dispose it before the driver. */
export class Dedup implements AsyncDisposable {
  readonly cold: ColdBlobs;
  readonly #options: DedupOptions;
  readonly #reader: ColdReader;
  readonly #resources = new AsyncDisposableStack();
  readonly #workshop: () => Promise<Workshop>;
  readonly #queue: () => Promise<JobQueue>;
  readonly #work: () => Promise<Work>;
  readonly #running = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  /** Uses that the workshop was not there for yet. */
  readonly #uses = new Map<Digest, number>();
  #pushed = new Set<Digest>();
  #isGathering = false;

  constructor(options: DedupOptions) {
    const { driver, log, mode, mayWrite, stopping } = options;
    this.#options = options;
    this.#workshop = once(() => this.#openWorkshop());
    this.#queue = once(() => this.#openQueue());
    this.#work = once(() => this.#openWork());
    const isUseOfInterest = mode === "at-rest" && mayWrite;
    this.#reader = new ColdReader({
      driver,
      recipes: new RecipeStore(driver),
      tools: this.#workshop,
      onUse: isUseOfInterest
        ? (digest) => void this.#uses.set(digest, options.clock.now().getTime())
        : () => undefined,
      mayWrite,
      log,
      stopping,
    });
    this.cold = this.#reader;
  }

  /** A blob was pushed; soon it is worked at. At once. */
  pushed(digest: Digest): void {
    const { mode, mayWrite } = this.#options;
    if (mode === "off" || !mayWrite) return;
    this.#pushed.add(digest);
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#run(this.#addPushed());
  }

  /** Begins to tell what is read; with `works`, to work as well: one process of a group does. */
  start({ works }: { readonly works: boolean }): void {
    const { mode, mayWrite, log } = this.#options;
    if (mode === "off" || !mayWrite) return;
    if (mode === "at-rest") this.#run(this.#tellUses());
    if (!works) return;
    if (mode === "at-rest") log.info(AT_REST_NOTICE);
    this.#run(this.#runJobs());
    this.#run(this.#search());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error("the server ends"));
    await Promise.all(this.#running);
    await this.#reader.ended();
    await this.#resources.disposeAsync();
  }

  get #signal(): AbortSignal {
    return AbortSignal.any([this.#ending.signal, this.#options.stopping]);
  }

  /** Whatever fails is told in the log; at the end of the server nothing is. */
  #run(work: Promise<void>): void {
    const running = work.catch((error: unknown) => {
      const { stopping, log } = this.#options;
      if (stopping.aborted || this.#ending.signal.aborted) return;
      log.error("the work at blobs has ended; start the server anew", { err: error });
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  async #addPushed(): Promise<void> {
    const { clock, log } = this.#options;
    const signal = this.#signal;
    await clock.delay(GATHER_PUSHES_MS, { signal });
    this.#isGathering = false;
    const pushed = this.#pushed;
    this.#pushed = new Set();
    try {
      const queue = await this.#queue();
      await addDedupJobs(queue, pushed, { signal });
    } catch (error) {
      signal.throwIfAborted();
      log.warn("pushed blobs are worked at only after the next search", { err: error });
    }
  }

  async #runJobs(): Promise<void> {
    const { jobs } = await this.#work();
    await jobs.run({ signal: this.#signal }).catch((error: unknown) => {
      if (!this.#signal.aborted) throw error;
    });
  }

  /** Finds what no push told of: blobs that were there before, and those that went cold. */
  async #search(): Promise<void> {
    const { mode, coldMs, clock, driver, log } = this.#options;
    const quarter = Math.max(LEAST_SEARCH_MS, coldMs / 4);
    const intervalMs = mode === "at-rest" ? Math.min(MOST_SEARCH_MS, quarter) : MOST_SEARCH_MS;
    const signal = this.#signal;
    for (;;) {
      try {
        const olderThan = new Date(clock.now().getTime() - STALE_INCOMING_MS);
        await purgeIncoming(driver, { olderThan, signal });
        const { found } = await this.#work();
        await addDedupJobs(await this.#queue(), found(signal), { signal });
        await clock.delay(intervalMs, { signal });
        await (await this.#workshop()).index.refresh({ signal });
      } catch (error) {
        signal.throwIfAborted();
        log.warn("the search for blobs to work at was cut short", { err: error });
        await clock.delay(LEAST_SEARCH_MS, { signal });
      }
    }
  }

  async #tellUses(): Promise<void> {
    const { clock, log } = this.#options;
    const signal = this.#signal;
    for (;;) {
      await clock.delay(TELL_USES_MS, { signal }).catch(() => undefined);
      try {
        if (this.#uses.size > 0) await this.#noteUses();
      } catch (error) {
        log.warn("it cannot be noted yet which blobs were read", { err: error });
      }
      signal.throwIfAborted();
    }
  }

  /** A use is remembered here until it is noted: in between the blob would count as cold. */
  async #noteUses(): Promise<void> {
    const { notes } = await this.#workshop();
    notes.noteUses(this.#uses);
    this.#uses.clear();
  }

  async #openWorkshop(): Promise<Workshop> {
    const { threads, stateDirectory } = this.#options;
    const signal = this.#signal;
    const directory = stateDirectory ?? (await this.#temporaryDirectory());
    const lag = { mayLag: true, idleThreads: threads };
    const options = { ...this.#options, ...lag, directory, signal };
    return this.#resources.use(await Workshop.open(options));
  }

  async #temporaryDirectory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), "barge-cold-"));
    this.#resources.defer(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  async #openQueue(): Promise<JobQueue> {
    const { stateDirectory: directory, clock, log } = this.#options;
    if (directory === undefined) throw new TypeError("jobs need a state directory");
    const options = { directory, clock, log, signal: this.#signal };
    return this.#resources.use(await openJobs(options));
  }

  async #openWork(): Promise<Work> {
    const { log } = this.#options;
    const signal = this.#signal;
    // What is taken for packed must be.
    await (await this.#workshop()).index.refresh({ signal });
    // What failed for good may have been mended since.
    await (await this.#queue()).change(DEDUP_QUEUE, { kind: "retry" }, { signal });
    return openWork({
      ...this.#options,
      onConversion: (digest, { kind, ...fields }) => {
        if (kind === "cold") log.info("a blob gave up its data", { digest, ...fields });
      },
      workshop: await this.#workshop(),
      queue: await this.#queue(),
      usedAtMs: (digest) => this.#uses.get(digest),
    });
  }
}
