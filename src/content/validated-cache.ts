/**
 * What was made of the bytes of objects, for as long as they are the same bytes.
 *
 * Nothing is ever taken on trust: the store is asked at every use whether the object is the one that
 * was read. Times are kept in steps, so a change right after a reading may not show. That is why a
 * value is kept only when its object had been seen, unchanged, long enough before it was read: whoever
 * changes it after that leaves another time. No two clocks are compared, since only ours counts the
 * wait. That an object is absent is never remembered.
 */
import type { Clock } from "../lib/clock.ts";
import type { WeightedMap } from "../lib/weighted-map.ts";
import { isSameVersion, type QuickInfo, type QuickStat } from "../storage/storage-driver.ts";

/** `value` is missing until the version has settled. */
export interface Kept<Value> {
  readonly look: QuickInfo;
  /** When this version was seen first, by {@link Clock.monotonicMs}. */
  readonly seenMs: number;
  readonly value: Value | undefined;
}

interface Deps<Value> {
  readonly driver: QuickStat;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** By key; nobody else uses it. */
  readonly kept: WeightedMap<string, Kept<Value>>;
}

export class ValidatedCache<Value> {
  readonly #deps: Deps<Value>;

  constructor(deps: Deps<Value>) {
    this.#deps = deps;
  }

  /**
   * @param load reads the object `key`; what it throws or finds absent is not kept.
   * @returns `undefined` when there is no such object, or `load` says so.
   */
  async read(key: string, load: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const { driver, clock, kept } = this.#deps;
    const before = kept.get(key);
    if (before === undefined) return await this.#readFirst(key, load);
    const look = driver.quickStat(key);
    if (look === undefined) {
      kept.delete(key);
      return undefined;
    }
    if (!isSameVersion(look, before.look)) {
      kept.set(key, { look, seenMs: clock.monotonicMs(), value: undefined });
      return await load();
    }
    return before.value ?? (await this.#readAgain(key, before, load));
  }

  /** The first reading is left to other threads: afterwards a look does not have to wait for the disk. */
  async #readFirst(
    key: string,
    load: () => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    const { driver, clock, kept } = this.#deps;
    const value = await load();
    const look = value === undefined ? undefined : driver.quickStat(key);
    if (look) kept.set(key, { look, seenMs: clock.monotonicMs(), value: undefined });
    return value;
  }

  /** The version has just been seen, and is the one that was seen before. */
  async #readAgain(
    key: string,
    { look, seenMs }: Kept<Value>,
    load: () => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    const { clock, kept } = this.#deps;
    const isSettled = clock.monotonicMs() - seenMs >= look.settlesAfterMs;
    const value = await load();
    if (isSettled && value !== undefined) kept.set(key, { look, seenMs, value });
    return value;
  }
}
