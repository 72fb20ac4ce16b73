import { KeyedLock } from "./keyed-lock.ts";

/**
 * Per key, either any number of tasks that share it run, or one that excludes all others. Whoever waits to
 * exclude comes before those who ask to share later. In this process only; a task must not ask for its own
 * key again.
 */
export class SharedLock {
  readonly #turns = new KeyedLock();
  readonly #excluded = new Map<string, Promise<void>>();
  readonly #sharing = new Map<string, Set<Promise<void>>>();

  async share<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    for (let end = this.#excluded.get(key); end; end = this.#excluded.get(key)) await end;
    const { promise: mine, resolve: release } = Promise.withResolvers<void>();
    const sharing = this.#sharing.get(key) ?? new Set();
    this.#sharing.set(key, sharing.add(mine));
    try {
      return await task();
    } finally {
      release();
      sharing.delete(mine);
      if (sharing.size === 0) this.#sharing.delete(key);
    }
  }

  exclude<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    return this.#turns.run(key, async () => {
      const { promise: mine, resolve: release } = Promise.withResolvers<void>();
      this.#excluded.set(key, mine);
      try {
        await Promise.all(this.#sharing.get(key) ?? new Set<Promise<void>>());
        return await task();
      } finally {
        this.#excluded.delete(key);
        release();
      }
    });
  }
}
