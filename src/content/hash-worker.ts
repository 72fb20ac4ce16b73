/**
 * A thread that hashes one file and ends. It is given {@link HashJob} as its data and posts a
 * {@link HashResult}; an error ends the thread with it.
 */
import { createReadStream } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { type DigestAlgorithm, Digester, isDigestAlgorithm } from "../oci/digest.ts";

export interface HashJob {
  readonly path: string;
  readonly algorithms: readonly DigestAlgorithm[];
}

/** Digests by the names of their algorithms. */
export type HashResult = ReadonlyMap<string, string>;

const { path, algorithms } = parseJob(workerData);
const digesters = algorithms.map((algorithm) => new Digester(algorithm));
for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
  if (!(chunk instanceof Uint8Array)) throw new TypeError("a file is bytes");
  for (const digester of digesters) digester.update(chunk);
}
const result: HashResult = new Map(
  digesters.map((digester) => [digester.algorithm, digester.digest()]),
);
parentPort?.postMessage(result);

function parseJob(data: unknown): HashJob {
  if (typeof data !== "object" || data === null || !("path" in data) || !("algorithms" in data)) {
    throw new TypeError("not a hash job");
  }
  if (typeof data.path !== "string" || !Array.isArray(data.algorithms)) {
    throw new TypeError("not a hash job");
  }
  return { path: data.path, algorithms: data.algorithms.filter(isAlgorithm) };
}

function isAlgorithm(value: unknown): value is DigestAlgorithm {
  return typeof value === "string" && isDigestAlgorithm(value);
}
