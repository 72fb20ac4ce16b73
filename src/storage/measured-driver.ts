/** Records how long the store takes, under the names that the reference registry's dashboards use. */
import type { Metrics, StorageAction } from "../observability/metrics.ts";
import {
  hasLocalFiles,
  hasPresignedUrls,
  hasQuickStat,
  type StagingArea,
  type StorageDriver,
} from "./storage-driver.ts";

/**
 * A driver that does what `driver` does and has the optional powers that it has. Time that a caller
 * takes to consume or to produce bytes is not the store's and does not count. Disposing it disposes `driver`.
 */
export function measured(driver: StorageDriver, metrics: Metrics): StorageDriver {
  const timer = new Timer(driver.name, metrics);
  return {
    name: driver.name,
    staging: measuredStaging(driver.staging, timer),
    stat: (key, options) => timer.call("Stat", () => driver.stat(key, options)),
    read: (key, options) => timer.stream("Reader", driver.read(key, options)),
    write: (key, bytes, options) =>
      timer.call("PutContent", () => driver.write(key, bytes, options)),
    delete: (key, options) => timer.call("Delete", () => driver.delete(key, options)),
    deleteTree: (prefix, options) => timer.call("Delete", () => driver.deleteTree(prefix, options)),
    list: (prefix, options) => timer.stream("List", driver.list(prefix, options)),
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
    ...measuredPowers(driver, timer),
  };
}

function measuredPowers(driver: StorageDriver, timer: Timer): object {
  return {
    ...(hasLocalFiles(driver) && { localPath: (key: string) => driver.localPath(key) }),
    // A look is too short to be measured: taking the time would cost as much.
    ...(hasQuickStat(driver) && { quickStat: (key: string) => driver.quickStat(key) }),
    ...(hasPresignedUrls(driver) && {
      presign: (...call: Parameters<typeof driver.presign>) =>
        timer.call("RedirectURL", () => driver.presign(...call)),
    }),
  };
}

function measuredStaging(staging: StagingArea, timer: Timer): StagingArea {
  return {
    create: (key, options) => timer.call("Writer", () => staging.create(key, options)),
    stat: (key, options) => timer.call("Stat", () => staging.stat(key, options)),
    append: (key, bytes, options) =>
      timer.sink("Writer", bytes, (counted) => staging.append(key, counted, options)),
    read: (key, options) => timer.stream("Reader", staging.read(key, options)),
    publish: (key, to, options) => timer.call("Move", () => staging.publish(key, to, options)),
    discard: (key, options) => timer.call("Delete", () => staging.discard(key, options)),
  };
}

class Timer {
  readonly #driver: string;
  readonly #metrics: Metrics;

  constructor(driver: string, metrics: Metrics) {
    this.#driver = driver;
    this.#metrics = metrics;
  }

  async call<Result>(action: StorageAction, task: () => Promise<Result>): Promise<Result> {
    const startedMs = performance.now();
    try {
      return await task();
    } finally {
      this.#record(action, performance.now() - startedMs);
    }
  }

  async *stream<Item>(action: StorageAction, items: AsyncIterable<Item>): AsyncIterable<Item> {
    const waited = new Stopwatch();
    try {
      yield* waited.whileWaiting(items);
    } finally {
      this.#record(action, waited.elapsedMs);
    }
  }

  async sink<Result>(
    action: StorageAction,
    source: AsyncIterable<Uint8Array>,
    task: (source: AsyncIterable<Uint8Array>) => Promise<Result>,
  ): Promise<Result> {
    const startedMs = performance.now();
    const waited = new Stopwatch();
    try {
      return await task(waited.whileWaiting(source));
    } finally {
      this.#record(action, performance.now() - startedMs - waited.elapsedMs);
    }
  }

  #record(action: StorageAction, elapsedMs: number): void {
    const seconds = Math.max(0, elapsedMs) / 1000;
    this.#metrics.storageAction({ driver: this.#driver, action, seconds });
  }
}

/** Adds up the time that is spent waiting for the next item. */
class Stopwatch {
  #elapsedMs = 0;

  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  async *whileWaiting<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
    let askedMs = performance.now();
    for await (const item of items) {
      this.#elapsedMs += performance.now() - askedMs;
      yield item;
      askedMs = performance.now();
    }
    this.#elapsedMs += performance.now() - askedMs;
  }
}
