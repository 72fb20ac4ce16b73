/** Hashes what comes in by threads of their own, so that the serving thread only passes it on. */
import { Worker } from "node:worker_threads";
import { type Digest, type DigestAlgorithm, parseDigest } from "../oci/digest.ts";
import type { HashMessage } from "./hash-thread.ts";
import type { Hashing, RunningHash } from "./hashing.ts";

/** A thread ended by itself; the bytes are in the store and can be hashed from there. */
export class HashThreadEnded extends Error {
  readonly kind = "HashThreadEnded";
}

/** Hashing needs little memory of its own: what it hashes lies outside of the thread's heap. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 } as const;

export interface HashThreadsOptions {
  /** The module `hash-thread.ts`. */
  readonly threadUrl: URL;
  /** One hashes about 1.5 GB/s. */
  readonly maxThreads: number;
}

/** Threads start when they are first needed and keep no process alive. Disposing ends them and fails what runs. */
export class HashThreads implements Hashing, AsyncDisposable {
  readonly #options: HashThreadsOptions;
  readonly #threads = new Set<HashThread>();
  #lastId = 0;

  constructor(options: HashThreadsOptions) {
    this.#options = options;
  }

  start(algorithms: readonly DigestAlgorithm[]): RunningHash {
    const thread = this.#leastBusy();
    const id = (this.#lastId += 1);
    thread.send({ kind: "start", id, algorithms });
    return {
      update: async (bytes) => {
        await thread.ask({ kind: "update", id, bytes: ownOrShared(bytes) });
      },
      digests: async () => parseDigests(algorithms, await thread.ask({ kind: "digest", id })),
      [Symbol.dispose]: () => thread.send({ kind: "drop", id }),
    };
  }

  #leastBusy(): HashThread {
    const threads = [...this.#threads];
    const idle = threads.find(({ owed }) => owed === 0);
    if (idle !== undefined) return idle;
    if (threads.length < this.#options.maxThreads) return this.#open();
    const [first = this.#open(), ...others] = threads;
    return others.reduce((least, one) => (one.owed < least.owed ? one : least), first);
  }

  #open(): HashThread {
    const thread = new HashThread(this.#options.threadUrl, () => this.#threads.delete(thread));
    this.#threads.add(thread);
    return thread;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }
}

/** One thread. It answers questions in the order in which they were asked. */
class HashThread {
  readonly #worker: Worker;
  readonly #asked: PromiseWithResolvers<unknown>[] = [];
  #ended: HashThreadEnded | undefined;

  constructor(url: URL, onEnd: () => void) {
    this.#worker = new Worker(url, { resourceLimits: LIMITS });
    this.#worker.unref();
    this.#worker.on("message", (answer: unknown) => this.#asked.shift()?.resolve(answer));
    const fail = (cause: unknown): void => {
      this.#ended ??= new HashThreadEnded("a hashing thread ended", { cause });
      for (const { reject } of this.#asked.splice(0)) reject(this.#ended);
      onEnd();
    };
    this.#worker.once("error", fail);
    this.#worker.once("exit", fail);
  }

  /** How many questions have no answer yet. */
  get owed(): number {
    return this.#asked.length;
  }

  send(message: HashMessage): void {
    this.#worker.postMessage(message);
  }

  /** @throws {HashThreadEnded} */
  async ask(message: HashMessage): Promise<unknown> {
    if (this.#ended !== undefined) throw this.#ended;
    const answer = Promise.withResolvers<unknown>();
    this.#asked.push(answer);
    this.send(message);
    return await answer.promise;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** A message copies all of the memory that a view is a part of, unless threads can share it. */
function ownOrShared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes : Uint8Array.from(bytes);
}

function parseDigests(
  algorithms: readonly DigestAlgorithm[],
  answer: unknown,
): ReadonlyMap<DigestAlgorithm, Digest> {
  if (!Array.isArray(answer)) throw new TypeError("not an answer of a hashing thread");
  const hex: readonly unknown[] = answer;
  return new Map(
    algorithms.map((name, index) => [name, parseDigest(`${name}:${String(hex[index])}`)]),
  );
}
