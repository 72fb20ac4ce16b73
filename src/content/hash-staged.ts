/** Hashes uploads whose running digests are not known to this process: after a restart, for one. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { Slots } from "../lib/slots.ts";
import {
  type Digest,
  type DigestAlgorithm,
  Digester,
  isDigestAlgorithm,
  parseDigest,
} from "../oci/digest.ts";
import { type CallOptions, hasLocalFiles, type StorageDriver } from "../storage/storage-driver.ts";
import type { HashJob } from "./hash-worker.ts";
import type { HashStaged } from "./upload-store.ts";

/** Two at least, lest a small file wait for all of a large one. */
const MIN_THREADS = 2;
const MAX_THREADS = 4;

/**
 * A file on this machine is hashed by a thread of its own, so that 10 GB do not cost other requests
 * seven seconds; what lies elsewhere comes in slowly enough to be hashed as it comes. After a restart
 * many uploads may end at once, and a thread takes 10 MB: those beyond `maxThreads` wait in the order
 * in which they came.
 * @param workerUrl the module `hash-worker.ts`.
 * @param maxThreads default: one less than there are cores, but 2 to 4.
 */
export function createHashStaged(
  driver: StorageDriver,
  workerUrl: URL,
  maxThreads = threadsForCores(availableParallelism()),
): HashStaged {
  const slots = new Slots(maxThreads);
  return async (key, algorithms, options) => {
    if (!hasLocalFiles(driver)) return await hashStream(driver, key, { ...options, algorithms });
    using _slot = await slots.take(options.signal);
    const job = { path: driver.localPath(key), algorithms };
    return await hashInThread(workerUrl, job, options);
  };
}

function threadsForCores(cores: number): number {
  return Math.min(MAX_THREADS, Math.max(MIN_THREADS, cores - 1));
}

async function hashStream(
  driver: StorageDriver,
  key: string,
  { signal, algorithms }: CallOptions & { readonly algorithms: readonly DigestAlgorithm[] },
): Promise<ReadonlyMap<DigestAlgorithm, Digest>> {
  const digesters = algorithms.map((algorithm) => new Digester(algorithm));
  for await (const chunk of driver.staging.read(key, { signal })) {
    for (const digester of digesters) digester.update(chunk);
  }
  return new Map(digesters.map((digester) => [digester.algorithm, digester.digest()]));
}

async function hashInThread(
  workerUrl: URL,
  job: HashJob,
  { signal }: CallOptions,
): Promise<ReadonlyMap<DigestAlgorithm, Digest>> {
  signal.throwIfAborted();
  const worker = new Worker(workerUrl, { workerData: job });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", () => reject(new Error("the hashing thread ended without a result")));
  try {
    return parseResult(await promise);
  } finally {
    signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}

function parseResult(value: unknown): ReadonlyMap<DigestAlgorithm, Digest> {
  if (!(value instanceof Map)) throw new TypeError("not a hash result");
  const digests = new Map<DigestAlgorithm, Digest>();
  for (const [name, text] of value) {
    if (typeof name === "string" && isDigestAlgorithm(name)) {
      digests.set(name, parseDigest(String(text)));
    }
  }
  return digests;
}
