import { DedupWorker, type ThreadSurroundings } from "./dedup-worker.ts";
import type { ThreadData } from "./thread-messages.ts";

export interface WorkerPoolOptions {
  /** The module `dedup-thread.ts`. */
  readonly threadUrl: URL;
  readonly data: ThreadData;
  readonly surroundings: ThreadSurroundings;
  /** At least 1. */
  readonly maxThreads: number;
  /** How long a thread without work is kept, with what it has in memory. */
  readonly idleMs: number;
}

/** A thread that is somebody's alone until it is disposed of. */
export interface LentWorker extends Disposable {
  readonly worker: DedupWorker;
}

interface Idle {
  readonly worker: DedupWorker;
  readonly timer: NodeJS.Timeout;
}

/** Threads, started when they are needed and ended when they were not for a while. */
export class WorkerPool implements AsyncDisposable {
  readonly #options: WorkerPoolOptions;
  readonly #waiting = new Set<(lent: LentWorker) => void>();
  readonly #ending = new AbortController();
  #idle: readonly Idle[] = [];
  readonly #lent = new Set<DedupWorker>();

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** Waits for its turn. Rejects with `signal.reason` meanwhile, and when all threads are ended. */
  async borrow(signal: AbortSignal): Promise<LentWorker> {
    const either = AbortSignal.any([signal, this.#ending.signal]);
    either.throwIfAborted();
    const lent = this.#waiting.size === 0 ? this.tryBorrow() : undefined;
    return lent ?? (await this.#turn(either));
  }

  /** @returns `undefined` when all threads are at work, and when they are ended. */
  tryBorrow(): LentWorker | undefined {
    if (this.#ending.signal.aborted) return undefined;
    const { maxThreads, threadUrl, data, surroundings } = this.#options;
    const [idle, ...others] = this.#idle;
    if (idle !== undefined) {
      this.#idle = others;
      clearTimeout(idle.timer);
      return idle.worker.hasEnded ? this.tryBorrow() : this.#lend(idle.worker);
    }
    if (this.#lent.size >= maxThreads) return undefined;
    return this.#lend(new DedupWorker(threadUrl, data, surroundings));
  }

  /** Ends all threads, with what they are doing, and begins none any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error("the threads for blobs were ended"));
    const idle = this.#idle;
    this.#idle = [];
    for (const { timer } of idle) clearTimeout(timer);
    const workers = [...idle.map(({ worker }) => worker), ...this.#lent];
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
  }

  #lend(worker: DedupWorker): LentWorker {
    this.#lent.add(worker);
    return {
      worker,
      [Symbol.dispose]: () => {
        if (this.#lent.delete(worker)) this.#takeBack(worker);
      },
    };
  }

  #takeBack(worker: DedupWorker): void {
    if (!worker.hasEnded && !this.#ending.signal.aborted) {
      const timer = setTimeout(() => this.#retire(worker), this.#options.idleMs);
      timer.unref();
      this.#idle = [{ worker, timer }, ...this.#idle];
    }
    const [next] = this.#waiting;
    if (next === undefined) return;
    const lent = this.tryBorrow();
    if (lent === undefined) return;
    this.#waiting.delete(next);
    next(lent);
  }

  #retire(worker: DedupWorker): void {
    this.#idle = this.#idle.filter((one) => one.worker !== worker);
    void worker[Symbol.asyncDispose]();
  }

  #turn(signal: AbortSignal): Promise<LentWorker> {
    return new Promise((resolve, reject) => {
      const begin = (lent: LentWorker): void => {
        signal.removeEventListener("abort", giveUp);
        resolve(lent);
      };
      const giveUp = (): void => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      this.#waiting.add(begin);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }
}
