/** A store on disk whose blobs go cold one after the other, by what a server converts them with. */
import { createReadStream } from "node:fs";
import { copyFile, mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { entryUrl } from "../../../src/app/entries.ts";
import { blobData, PACKS, RECIPES } from "../../../src/content/layout.ts";
import type { Conversion } from "../../../src/dedup/convert/converter.ts";
import { addDedupJobs, type DedupJobs } from "../../../src/dedup/work/dedup-jobs.ts";
import { openJobs } from "../../../src/dedup/work/open-jobs.ts";
import { openWork } from "../../../src/dedup/work/open-work.ts";
import { Workshop } from "../../../src/dedup/workshop.ts";
import type { JobQueue } from "../../../src/jobs/job-queue.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { ALWAYS } from "../../../src/lib/day-spans.ts";
import type { LogFields } from "../../../src/observability/log-fields.ts";
import { type Digest, Digester } from "../../../src/oci/digest.ts";
import { FilesystemDriver } from "../../../storage-drivers/filesystem/filesystem-driver.ts";
import { calm } from "../../contracts/storage-subject.ts";
import { RecordingLogger } from "../../fakes/recording-logger.ts";

const BLOBS = "docker/registry/v2/blobs";
const MAX_THREADS = 25;

/** What a store takes, in bytes. */
export interface Taken {
  readonly packBytes: number;
  readonly recipeBytes: number;
  /** Which chunk is where. */
  readonly indexBytes: number;
  /** When blobs were read, and which are like which. */
  readonly noteBytes: number;
  /** Of blobs that kept it. */
  readonly dataBytes: number;
}

export interface AddedBlob {
  readonly digest: Digest;
  readonly blobBytes: number;
  readonly conversion: Conversion;
  /** All that the store takes now. */
  readonly taken: Taken;
}

interface Parts {
  readonly root: string;
  readonly state: string;
  readonly driver: FilesystemDriver;
  readonly shop: Workshop;
  readonly queue: JobQueue;
  readonly log: AttentiveLogger;
}

export class ColdStore {
  readonly #parts: Parts;

  /** @param resources closes it. @param folder is not removed */
  static async open(resources: AsyncDisposableStack, folder: string): Promise<ColdStore> {
    const root = join(folder, "store");
    const state = join(folder, "state");
    const settings = { rootDirectory: root, maxThreads: MAX_THREADS };
    const driver = resources.use(await FilesystemDriver.open(settings));
    const log = new AttentiveLogger();
    const workshop = Workshop.open({
      ...calm(),
      driver,
      directory: state,
      threadUrl: entryUrl("dedup-thread"),
      makingThreads: 1,
      idleThreads: 1,
      diskFloorBytes: 0,
      mayWrite: true,
      log,
    });
    const shop = resources.use(await workshop);
    const jobs = openJobs({ directory: state, clock: systemClock, log, ...calm() });
    return new ColdStore({ root, state, driver, shop, log, queue: resources.use(await jobs) });
  }

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Stores a blob as a push does, and works at it until it is cold. @throws {Error} of what goes wrong meanwhile. */
  async add(file: string): Promise<AddedBlob> {
    const digest = await digestOfFile(file);
    const { size: blobBytes } = await stat(file);
    const data = this.#parts.driver.localPath(blobData(digest));
    await mkdir(dirname(data), { recursive: true });
    await copyFile(file, data);
    const conversion = await this.#convert(digest);
    return { digest, blobBytes, conversion, taken: await this.taken() };
  }

  async taken(): Promise<Taken> {
    const { root, state } = this.#parts;
    return {
      packBytes: await bytesBelow(join(root, PACKS)),
      recipeBytes: await bytesBelow(join(root, RECIPES)),
      indexBytes: cacheBytes(join(state, "chunks.sqlite")),
      noteBytes: cacheBytes(join(state, "blobs.sqlite")),
      dataBytes: await bytesBelow(join(root, BLOBS)),
    };
  }

  /** @throws {Error} unless the blob comes out of what is stored as it was. */
  async verify(digest: Digest): Promise<void> {
    const { driver, shop } = this.#parts;
    if ((await driver.stat(blobData(digest), calm())) !== undefined) return;
    const made = new Digester("sha256");
    const proof = { ...calm(), isProof: true };
    for await (const bytes of shop.maker.whole(digest, proof)) made.update(bytes);
    const found = made.digest();
    if (found !== digest) throw new Error(`${digest} was made again as ${found}`);
  }

  async #convert(digest: Digest): Promise<Conversion> {
    const { log, queue } = this.#parts;
    const over = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<Conversion>();
    log.onTrouble = reject;
    const jobs = this.#openWork((worked, conversion) => {
      if (worked === digest && conversion.kind !== "indexed") resolve(conversion);
    });
    await addDedupJobs(queue, [digest], calm());
    const running = jobs.run({ signal: over.signal });
    try {
      return await promise;
    } finally {
      // What is begun is ended: only the record of the job is left to be written.
      over.abort(new Error("there is nothing left to do"));
      await running.catch(() => undefined);
    }
  }

  #openWork(onConversion: (digest: Digest, conversion: Conversion) => void): DedupJobs {
    const { shop: workshop, ...parts } = this.#parts;
    const { jobs } = openWork({
      ...parts,
      workshop,
      mode: "at-rest",
      coldMs: 0,
      threads: 1,
      hours: ALWAYS,
      usedAtMs: () => undefined,
      clock: systemClock,
      onConversion,
    });
    return jobs;
  }
}

/** Nothing may go wrong here. */
class AttentiveLogger extends RecordingLogger {
  onTrouble: (trouble: Error) => void = () => undefined;

  override warn(message: string, fields?: LogFields): void {
    this.#tell(message, fields);
  }

  override error(message: string, fields?: LogFields): void {
    this.#tell(message, fields);
  }

  #tell(message: string, fields: LogFields = {}): void {
    this.onTrouble(new Error(message, { cause: fields["err"] }));
  }
}

async function digestOfFile(file: string): Promise<Digest> {
  const digester = new Digester("sha256");
  for await (const bytes of createReadStream(file)) digester.update(bytes as Buffer);
  return digester.digest();
}

/** 0 for a folder that is not there. */
export async function bytesBelow(folder: string, ending = ""): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(ending));
  const sizes = files.map(
    async ({ parentPath, name }) => (await stat(join(parentPath, name))).size,
  );
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}

/** Of the file when what is yet to be moved into it is there. */
function cacheBytes(path: string): number {
  using database = new DatabaseSync(path, { readOnly: true });
  const figure = (name: string): number =>
    Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
  return figure("page_count") * figure("page_size");
}
