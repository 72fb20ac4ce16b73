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
  #isDisposed = false;

  constructor(options: HashThreadsOptions) {
    this.#options = options;
  }

  /** A thread is chosen with the first bytes: before, all that were started at once would seem idle. */
  start(algorithms: readonly DigestAlgorithm[]): RunningHash {
    const id = (this.#lastId += 1);
    return new ThreadHash(id, algorithms, () => this.#leastBusy());
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
    if (this.#isDisposed) throw new HashThreadEnded("the hashing threads are ended");
    const thread = new HashThread(this.#options.threadUrl, () => this.#threads.delete(thread));
    this.#threads.add(thread);
    return thread;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }
}

/** One hash, in the thread that was the least busy when its first bytes came. */
class ThreadHash implements RunningHash {
  readonly #id: number;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #choose: () => HashThread;
  #thread: HashThread | undefined;
  #isOver = false;

  constructor(id: number, algorithms: readonly DigestAlgorithm[], choose: () => HashThread) {
    this.#id = id;
    this.#algorithms = algorithms;
    this.#choose = choose;
  }

  async update(bytes: Uint8Array): Promise<void> {
    const thread = this.#begun();
    const message = { kind: "update", id: this.#id } as const;
    if (bytes.buffer instanceof SharedArrayBuffer) await thread.ask({ ...message, bytes });
    else {
      // The thread takes the copy over: what is merely posted would be copied once more, and with all
      // of the memory that a view is a part of.
      const copy = new Uint8Array(bytes);
      await thread.ask({ ...message, bytes: copy }, [copy.buffer]);
    }
  }

  async digests(): Promise<ReadonlyMap<DigestAlgorithm, Digest>> {
    const thread = this.#begun();
    this.#isOver = true;
    return parseDigests(this.#algorithms, await thread.ask({ kind: "digest", id: this.#id }));
  }

  [Symbol.dispose](): void {
    if (!this.#isOver) this.#thread?.send({ kind: "drop", id: this.#id });
    this.#isOver = true;
  }

  #begun(): HashThread {
    // The thread would end, and with it the hashes of others.
    if (this.#isOver) throw new TypeError("a hash that is over");
    if (this.#thread !== undefined) return this.#thread;
    const thread = this.#choose();
    thread.send({ kind: "start", id: this.#id, algorithms: this.#algorithms });
    this.#thread = thread;
    return thread;
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

  send(message: HashMessage, handedOver: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, handedOver);
  }

  /** @throws {HashThreadEnded} */
  async ask(message: HashMessage, handedOver?: readonly ArrayBuffer[]): Promise<unknown> {
    if (this.#ended !== undefined) throw this.#ended;
    this.send(message, handedOver);
    const answer = Promise.withResolvers<unknown>();
    this.#asked.push(answer);
    return await answer.promise;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
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
