/** Checks passwords in threads of their own: bcrypt takes a tenth of a second by design. */
import { Worker } from "node:worker_threads";
import { networkOf, siteOf } from "../../lib/network-of-address.ts";
import { AuthUnavailable } from "../errors.ts";
import { FairQueue } from "./fair-queue.ts";
import type { PasswordMessage } from "./password-thread.ts";

/** What others need of the pool. */
export interface PasswordHashing {
  /**
   * Whether the password belongs to the hash. bcrypt looks at the first 72 bytes only.
   * @param hash of bcrypt; `false` for any other.
   * @throws {AuthUnavailable} when too many wait, also while it waits itself, or a thread ended.
   */
  verify(password: string, hash: string, options?: VerifyOptions): Promise<boolean>;
  /** @param cost from 4 to 31. @returns a hash that begins with `$2y$`. @throws {AuthUnavailable} */
  hash(password: string, cost: number): Promise<string>;
}

export interface VerifyOptions {
  /** Whose password it is said to be, without a port. Networks take turns; no address is one network. */
  readonly address?: string | undefined;
  /** Goes before the others, and is not turned away when too many wait. */
  readonly isUrgent?: boolean | undefined;
}

export interface PasswordPoolOptions {
  /** The module `password-thread.ts`. */
  readonly threadUrl: URL;
  /** Each checks 15 to 20 passwords a second at the usual cost of 10. */
  readonly maxThreads: number;
  /**
   * Beyond those that are being checked; the urgent are not counted. When more come, the newest of the
   * network with the most is turned away. The only one of a network is not, up to four times as many.
   */
  readonly maxWaiting: number;
}

interface Task extends PromiseWithResolvers<unknown> {
  readonly message: PasswordMessage;
}

/** How many times `maxWaiting` may wait while no two of them are of one network. */
const MOST_NETWORKS = 4;

const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 } as const;

/**
 * Threads start when they are first needed. One that ends takes only the check along that it was doing.
 * Disposing ends the threads and fails what waits.
 */
export class PasswordPool implements PasswordHashing, AsyncDisposable {
  readonly #options: PasswordPoolOptions;
  readonly #idle = new Set<PasswordThread>();
  readonly #threads = new Set<PasswordThread>();
  /** By the networks of sites. */
  readonly #waiting = new FairQueue<Task>();
  readonly #urgent = new Set<Task>();
  #isDisposed = false;

  constructor(options: PasswordPoolOptions) {
    this.#options = options;
  }

  async verify(password: string, hash: string, options: VerifyOptions = {}): Promise<boolean> {
    return (await this.#ask({ kind: "verify", password, hash }, options)) === true;
  }

  async hash(password: string, cost: number): Promise<string> {
    const hash = await this.#ask({ kind: "hash", password, cost }, { isUrgent: true });
    if (typeof hash !== "string") throw new TypeError("not an answer of a password thread");
    return hash;
  }

  async #ask(message: PasswordMessage, options: VerifyOptions): Promise<unknown> {
    if (this.#isDisposed) throw new AuthUnavailable("the password threads are ended");
    const task = { message, ...Promise.withResolvers<unknown>() };
    const thread = this.#free();
    if (thread !== undefined) void this.#run(thread, task);
    else if (options.isUrgent === true) this.#urgent.add(task);
    else this.#wait(task, options.address ?? "");
    return await task.promise;
  }

  #wait(task: Task, address: string): void {
    const { maxWaiting } = this.#options;
    this.#waiting.add([siteOf(address), networkOf(address)], task);
    const most = this.#waiting.mostOfOne > 1 ? maxWaiting : maxWaiting * MOST_NETWORKS;
    if (this.#waiting.size <= most) return;
    const newest = this.#waiting.dropNewest();
    newest?.reject(new AuthUnavailable("too many passwords wait to be checked"));
  }

  #free(): PasswordThread | undefined {
    const [idle] = this.#idle;
    if (idle !== undefined || this.#threads.size >= this.#options.maxThreads) return idle;
    const thread = new PasswordThread(this.#options.threadUrl, () => {
      this.#threads.delete(thread);
      this.#idle.delete(thread);
    });
    this.#threads.add(thread);
    return thread;
  }

  async #run(thread: PasswordThread, task: Task): Promise<void> {
    this.#idle.delete(thread);
    try {
      task.resolve(await thread.ask(task.message));
      this.#idle.add(thread);
    } catch (error) {
      task.reject(error);
    }
    this.#next();
  }

  #next(): void {
    if (this.#urgent.size + this.#waiting.size === 0) return;
    const thread = this.#free();
    if (thread === undefined) return;
    const [urgent] = this.#urgent;
    const task = urgent ?? this.#waiting.take();
    if (urgent !== undefined) this.#urgent.delete(urgent);
    if (task !== undefined) void this.#run(thread, task);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    for (const { reject } of [...this.#urgent, ...this.#waiting.drain()]) {
      reject(new AuthUnavailable("the password threads are ended"));
    }
    this.#urgent.clear();
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }
}

/** One thread, that is asked one thing at a time. Alive it keeps the process alive only while it is asked. */
class PasswordThread {
  readonly #worker: Worker;
  #asked: PromiseWithResolvers<unknown> | undefined;
  #ended: AuthUnavailable | undefined;

  constructor(url: URL, onEnd: () => void) {
    this.#worker = new Worker(url, { resourceLimits: LIMITS });
    this.#worker.unref();
    this.#worker.on("message", (answer: unknown) => this.#asked?.resolve(answer));
    const fail = (cause: unknown): void => {
      this.#ended ??= new AuthUnavailable("a password thread ended", { cause });
      onEnd();
      this.#asked?.reject(this.#ended);
    };
    this.#worker.once("error", fail);
    this.#worker.once("exit", fail);
  }

  /** @throws {AuthUnavailable} */
  async ask(message: PasswordMessage): Promise<unknown> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#asked = Promise.withResolvers();
    this.#worker.ref();
    this.#worker.postMessage(message);
    try {
      return await this.#asked.promise;
    } finally {
      this.#asked = undefined;
      this.#worker.unref();
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
