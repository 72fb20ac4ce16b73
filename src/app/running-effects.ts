/** What is being changed in the store, so that its end can be waited for before the store is let go. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../lib/clock.ts";
import {
  hasLocalFiles,
  hasPresignedUrls,
  hasQuickStat,
  type StorageDriver,
} from "../storage/storage-driver.ts";

export interface RunningEffects {
  /** Does what the driver does that was given, and has its optional powers. Disposing it disposes that one. */
  readonly driver: StorageDriver;
  /**
   * Waits for the changes that run. What begins later is refused by its own signal: that one must have
   * been aborted. @returns how many still ran when the time was up.
   */
  ended(options: { readonly clock: Clock; readonly timeoutMs: number }): Promise<number>;
}

export function runningEffects(driver: StorageDriver): RunningEffects {
  const running = new Set<Promise<unknown>>();
  const track = <Result>(effect: Promise<Result>): Promise<Result> => {
    const settled = effect.then(ignoreOutcome, ignoreOutcome);
    running.add(settled);
    void settled.then(() => running.delete(settled));
    return effect;
  };
  return {
    driver: trackedDriver(driver, track),
    async ended({ clock, timeoutMs }) {
      const finished = new AbortController();
      const { signal } = finished;
      const isLate = clock.delay(timeoutMs, { signal }).catch(ignoreOutcome);
      // The end of one change may be the beginning of another: of tidying up, for example.
      const all = async (): Promise<void> => {
        do {
          await Promise.all(running);
          await nextTurn();
        } while (running.size > 0);
      };
      await Promise.race([all(), isLate]);
      finished.abort();
      return running.size;
    },
  };
}

function ignoreOutcome(): void {}

type Track = <Result>(effect: Promise<Result>) => Promise<Result>;

function trackedDriver(driver: StorageDriver, track: Track): StorageDriver {
  const { staging } = driver;
  return {
    name: driver.name,
    staging: {
      create: (key, options) => track(staging.create(key, options)),
      stat: (key, options) => staging.stat(key, options),
      append: (key, bytes, options) => track(staging.append(key, bytes, options)),
      read: (key, options) => staging.read(key, options),
      publish: (key, to, options) => track(staging.publish(key, to, options)),
      discard: (key, options) => track(staging.discard(key, options)),
    },
    stat: (key, options) => driver.stat(key, options),
    read: (key, options) => driver.read(key, options),
    write: (key, bytes, options) => track(driver.write(key, bytes, options)),
    delete: (key, options) => track(driver.delete(key, options)),
    deleteTree: (prefix, options) => track(driver.deleteTree(prefix, options)),
    list: (prefix, options) => driver.list(prefix, options),
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
    ...(hasLocalFiles(driver) && { localPath: (key: string) => driver.localPath(key) }),
    ...(hasQuickStat(driver) && { quickStat: (key: string) => driver.quickStat(key) }),
    ...(hasPresignedUrls(driver) && {
      presign: (...call: Parameters<typeof driver.presign>) => driver.presign(...call),
    }),
  };
}
