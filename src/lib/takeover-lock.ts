/**
 * Lets one task at a time run per key, and the newest wins: it aborts the one that runs and waits for
 * it to end. For work whose old runner may be waiting for someone who is long gone, such as the
 * second try of an upload whose first connection died without a word.
 */
export class TakeoverLock {
  readonly #running = new Map<
    string,
    { readonly stop: AbortController; readonly ended: Promise<void> }
  >();

  /**
   * @param task must end soon once its signal aborts.
   * @throws {TakenOver} out of a task that a newer one ended, unless the task throws otherwise.
   */
  async run<Result>(
    key: string,
    outer: AbortSignal,
    task: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const stop = new AbortController();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const before = this.#running.get(key);
    const mine = { stop, ended };
    this.#running.set(key, mine);
    try {
      before?.stop.abort(new TakenOver());
      await before?.ended;
      return await task(AbortSignal.any([outer, stop.signal]));
    } finally {
      end();
      if (this.#running.get(key) === mine) this.#running.delete(key);
    }
  }
}

/** A newer task with the same key took the place of this one. */
export class TakenOver extends Error {
  readonly kind = "TakenOver";
  constructor() {
    super("a newer request took over");
  }
}
