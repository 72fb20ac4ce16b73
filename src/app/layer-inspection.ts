/** Looks into layers, several at once, by threads. */
import { mkdir, mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { StoredLayer } from "../layouts/stored-layer.ts";
import { algorithmOf } from "../oci/digest.ts";
import { entryUrl } from "./entries.ts";
import { asFault, InspectionFault } from "./inspection-fault.ts";
import {
  type HoldJob,
  type InspectionAnswer,
  type InspectionJob,
  type InspectJob,
  isInspectionMessage,
  type LayerReport,
} from "./layer-report.ts";

export interface InspectionOptions {
  /** How many layers at once. */
  readonly threads: number;
  /** Whether each recipe is tried: the stream is rebuilt and its digest compared. */
  readonly verify: boolean;
  /** Each layer is compared with the one of these that it shares most with; their files are kept below `TMPDIR` meanwhile. */
  readonly bases: readonly StoredLayer[];
  readonly signal: AbortSignal;
  /** Told the bytes of layers that were read since it was told last: in all {@link bytesToRead}. */
  readonly onProgress: (bytes: number) => void;
}

/** The size of every base, and of every layer once, and once more when recipes are tried, and when there are bases. */
export function bytesToRead(
  layers: readonly StoredLayer[],
  { verify, bases }: Pick<InspectionOptions, "verify" | "bases">,
): number {
  const passes = 1 + (verify ? 1 : 0) + (bases.length > 0 ? 1 : 0);
  return sizeOf(layers) * passes + sizeOf(bases);
}

function sizeOf(layers: readonly StoredLayer[]): number {
  return layers.reduce((sum, { range }) => sum + range.sizeBytes, 0);
}

/**
 * @returns one report a layer, in their order.
 * @throws {Error} of the file system; {LayoutError} when a layer changed while it was read, a base is no layer,
 * or there is no room for one; {InspectionFault}
 */
export async function inspectLayers(
  layers: readonly StoredLayer[],
  options: InspectionOptions,
): Promise<readonly LayerReport[]> {
  options.signal.throwIfAborted();
  // Without layers there is nothing to compare.
  const bases = layers.length > 0 ? options.bases : [];
  await using folder = bases.length > 0 ? await baseFolder() : undefined;
  await using threads = new InspectionThreads(options);
  const holdJobs = folder === undefined ? [] : await holdJobsFor(bases, folder.path);
  await threads.run(holdJobs);
  const held = holdJobs.map(({ base }) => base);
  const jobs = layers.map((layer): InspectJob => {
    return { ...jobFor(layer), kind: "inspect", verify: options.verify, bases: held };
  });
  const answers = await threads.run(jobs);
  return answers.flatMap((answer) => (answer.kind === "report" ? [answer.report] : []));
}

async function baseFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  return await mkdtempDisposable(join(tmpdir(), "barge-base-"));
}

/** With a folder for each. */
async function holdJobsFor(
  bases: readonly StoredLayer[],
  path: string,
): Promise<readonly HoldJob[]> {
  const jobs: HoldJob[] = [];
  for (const [index, layer] of bases.entries()) {
    const { file, isWhole } = layer;
    const folder = join(path, String(index));
    await mkdir(folder, { mode: 0o700 });
    jobs.push({ ...jobFor(layer), kind: "hold", base: { file, isWhole, folder } });
  }
  return jobs;
}

function jobFor({
  file,
  digest,
  range,
}: StoredLayer): Omit<InspectJob, "kind" | "verify" | "bases"> {
  const algorithm = digest === undefined ? "sha256" : algorithmOf(digest);
  return { ...range, name: digest === undefined ? file : `${file}: ${digest}`, algorithm };
}

/** Threads that are started when they are needed, and end when this is disposed. */
class InspectionThreads implements AsyncDisposable {
  readonly #options: InspectionOptions;
  readonly #threads = new AsyncDisposableStack();
  readonly #idle: InspectionThread[] = [];

  constructor(options: InspectionOptions) {
    this.#options = options;
  }

  /** Not before the run before has settled; after an error no more. @returns one answer a job, in their order */
  async run(jobs: readonly InspectionJob[]): Promise<readonly InspectionAnswer[]> {
    const failure = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, failure.signal]);
    const waiting = jobs.entries();
    const answers = new Map<number, InspectionAnswer>();
    const work = async (): Promise<void> => {
      const thread = this.#idle.pop() ?? this.#start();
      for (const [index, job] of waiting) answers.set(index, await thread.run(job, signal));
      this.#idle.push(thread);
    };
    const threads = Math.min(this.#options.threads, jobs.length);
    const working = Array.from({ length: threads }, async () => await work());
    try {
      await Promise.all(working);
    } catch (error) {
      failure.abort(error);
      await Promise.allSettled(working);
      throw error;
    }
    return jobs.flatMap((_, index) => answers.get(index) ?? []);
  }

  #start(): InspectionThread {
    return this.#threads.use(new InspectionThread(this.#options.onProgress));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#threads.disposeAsync();
  }
}

/** One thread, which takes one job after the other. */
class InspectionThread implements AsyncDisposable {
  readonly #worker = new Worker(entryUrl("layer-inspection-thread"));
  readonly #onProgress: (bytes: number) => void;

  constructor(onProgress: (bytes: number) => void) {
    this.#onProgress = onProgress;
  }

  /** Not before the one before has settled; after an error no more. Rejects with `signal.reason`. */
  async run(job: InspectionJob, signal: AbortSignal): Promise<InspectionAnswer> {
    signal.throwIfAborted();
    let readBytes = 0;
    const onProgress = (bytes: number): void => {
      readBytes += bytes;
      this.#onProgress(bytes);
    };
    const answer = await this.#answer(job, { signal, onProgress });
    // There was nothing to try, or nothing to compare.
    this.#onProgress(Math.max(0, passesOf(job) * job.sizeBytes - readBytes));
    return answer;
  }

  async #answer(
    job: InspectionJob,
    { signal, onProgress }: Pick<InspectionOptions, "signal" | "onProgress">,
  ): Promise<InspectionAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<InspectionAnswer>();
    using listening = new DisposableStack();
    const listen = <Value>(event: string, listener: (value: Value) => void): void => {
      this.#worker.on(event, listener);
      listening.defer(() => void this.#worker.off(event, listener));
    };
    const fault = (text: string): InspectionFault => new InspectionFault(job.name, text);
    const stop = (): void => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    listening.defer(() => signal.removeEventListener("abort", stop));
    listen("error", (error: unknown) => reject(asFault(error, job.name)));
    listen("exit", () => reject(fault("its thread ended without a report")));
    listen("message", (message: unknown) => {
      if (!isInspectionMessage(message)) reject(fault("not the message of an inspection"));
      else if (message.kind === "progress") onProgress(message.bytes);
      else resolve(message);
    });
    this.#worker.postMessage(job);
    return await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

/** How often a layer may be read, as {@link bytesToRead} counts. */
function passesOf(job: InspectionJob): number {
  if (job.kind === "hold") return 1;
  return 1 + (job.verify ? 1 : 0) + (job.bases.length > 0 ? 1 : 0);
}
