/** Looks into layers, several at once, by threads. */
import { Worker } from "node:worker_threads";
import type { StoredLayer } from "../layouts/stored-layer.ts";
import { algorithmOf } from "../oci/digest.ts";
import { entryUrl } from "./entries.ts";
import { asFault, InspectionFault } from "./inspection-fault.ts";
import { type InspectionJob, isInspectionMessage, type LayerReport } from "./layer-report.ts";

export interface InspectionOptions {
  /** How many layers at once. */
  readonly threads: number;
  /** Whether each recipe is tried: the stream is rebuilt and its digest compared. */
  readonly verify: boolean;
  readonly signal: AbortSignal;
  /**
   * Told the bytes of layers that were read since it was told last. In all that is the size of every
   * layer, twice when recipes are tried.
   */
  readonly onProgress: (bytes: number) => void;
}

/**
 * @returns one report a layer, in their order.
 * @throws {Error} of the file system; {LayoutError} when a layer changed while it was read;
 * {InspectionFault}
 */
export async function inspectLayers(
  layers: readonly StoredLayer[],
  options: InspectionOptions,
): Promise<readonly LayerReport[]> {
  options.signal.throwIfAborted();
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const waiting = layers.entries();
  const reports = new Map<number, LayerReport>();
  const work = async (): Promise<void> => {
    await using thread = new InspectionThread(options.onProgress);
    for (const [index, layer] of waiting) {
      reports.set(index, await thread.inspect(jobFor(layer, options), signal));
    }
  };
  const threads = Math.min(options.threads, layers.length);
  const working = Array.from({ length: threads }, async () => await work());
  try {
    await Promise.all(working);
  } catch (error) {
    failure.abort(error);
    await Promise.allSettled(working);
    throw error;
  }
  return layers.flatMap((_, index) => reports.get(index) ?? []);
}

function jobFor(
  { file, digest, range }: StoredLayer,
  { verify }: InspectionOptions,
): InspectionJob {
  const algorithm = digest === undefined ? "sha256" : algorithmOf(digest);
  return { ...range, name: digest === undefined ? file : `${file}: ${digest}`, algorithm, verify };
}

/** One thread, which takes one layer after the other. */
class InspectionThread implements AsyncDisposable {
  readonly #worker = new Worker(entryUrl("layer-inspection-thread"));
  readonly #onProgress: (bytes: number) => void;

  constructor(onProgress: (bytes: number) => void) {
    this.#onProgress = onProgress;
  }

  /** Not before the one before has settled; after an error no more. Rejects with `signal.reason`. */
  async inspect(job: InspectionJob, signal: AbortSignal): Promise<LayerReport> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<LayerReport>();
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
      else if (message.kind === "progress") this.#onProgress(message.bytes);
      else resolve(message.report);
    });
    this.#worker.postMessage(job);
    const report = await promise;
    // There was nothing to try.
    if (job.verify && report.result.kind === "raw") this.#onProgress(job.sizeBytes);
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
