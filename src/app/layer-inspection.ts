/** Looks into layers, several at once, each in a thread of its own. */
import { Worker } from "node:worker_threads";
import type { StoredLayer } from "../layouts/stored-layer.ts";
import { Slots } from "../lib/slots.ts";
import { entryUrl } from "./entries.ts";
import { type InspectionJob, isInspectionMessage, type LayerReport } from "./layer-report.ts";

export interface InspectionOptions {
  /** How many layers at once. */
  readonly threads: number;
  /** Whether each recipe is tried: the stream is rebuilt and its digest compared. */
  readonly verify: boolean;
  readonly signal: AbortSignal;
  /** Told the bytes of layers read since it was told last. */
  readonly onProgress: (bytes: number) => void;
}

/**
 * @returns one report a layer, in their order.
 * @throws {Error} of the file system, or when a layer changed while it was read.
 */
export async function inspectLayers(
  layers: readonly StoredLayer[],
  options: InspectionOptions,
): Promise<readonly LayerReport[]> {
  const slots = new Slots(options.threads);
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const inspected = layers.map(async ({ range }) => {
    using slot = await slots.take(signal);
    void slot;
    return await inspectInThread({ ...range, verify: options.verify }, { ...options, signal });
  });
  try {
    return await Promise.all(inspected);
  } catch (error) {
    failure.abort(error);
    await Promise.allSettled(inspected);
    throw error;
  }
}

async function inspectInThread(
  job: InspectionJob,
  { signal, onProgress }: InspectionOptions,
): Promise<LayerReport> {
  signal.throwIfAborted();
  const worker = new Worker(entryUrl("layer-inspection-thread"), { workerData: job });
  const { promise, resolve, reject } = Promise.withResolvers<LayerReport>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  worker.on("message", (message: unknown) => {
    if (!isInspectionMessage(message)) reject(new TypeError("not the message of an inspection"));
    else if (message.kind === "progress") onProgress(message.bytes);
    else resolve(message.report);
  });
  worker.once("error", reject);
  worker.once("exit", () => reject(new Error("the thread ended without a report")));
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}
