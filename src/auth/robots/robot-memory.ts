/**
 * What is remembered of robots' records, so that a request with a token costs no reading.
 *
 * Absence is remembered in the same way as presence: a login as a robot that there is not shall not take
 * another way than one as a robot that there is.
 */
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Clock } from "../../lib/clock.ts";
import {
  hasQuickStat,
  isSameVersion,
  type QuickInfo,
  type QuickStat,
  type StorageDriver,
} from "../../storage/storage-driver.ts";
import { robotKey, type RobotRecord } from "./robot-record.ts";

/** `record` is `undefined` where there is no such robot. */
export interface Remembered {
  readonly record: RobotRecord | undefined;
}

export interface RobotMemory {
  /** At once. @returns `undefined` when the store has to be asked by {@link RobotMemory.read}. */
  at(name: string): Remembered | undefined;
  /** @param load reads the record from the store. */
  read(
    name: string,
    load: () => Promise<RobotRecord | undefined>,
  ): Promise<RobotRecord | undefined>;
  /** To be called when the record was changed here: whatever is being read meanwhile is not kept. */
  forget(name: string): void;
}

/** How long another replica's revocation may go unnoticed where every look at the store costs a round trip. */
export const REMEMBERED_MS = 5_000;

const MAX_ROBOTS = 10_000;
/** Names that are tried and are no robots' shall not drive out those that are. */
const MAX_ABSENT = 1_000;

export function createRobotMemory({
  driver,
  clock,
}: {
  readonly driver: StorageDriver;
  readonly clock: Pick<Clock, "monotonicMs">;
}): RobotMemory {
  return hasQuickStat(driver) ? new LookingMemory(driver, clock) : new TimedMemory(clock);
}

/** Some are there, some are not; each kind makes room for its own. */
class Entries<Entry> {
  readonly #present = new BoundedMap<string, Entry>(MAX_ROBOTS);
  readonly #absent = new BoundedMap<string, Entry>(MAX_ABSENT);

  get(name: string): Entry | undefined {
    return this.#present.get(name) ?? this.#absent.get(name);
  }

  set(name: string, entry: Entry, { isPresent }: { readonly isPresent: boolean }): void {
    this.delete(name);
    (isPresent ? this.#present : this.#absent).set(name, entry);
  }

  delete(name: string): void {
    this.#present.delete(name);
    this.#absent.delete(name);
  }
}

interface Looked {
  /** `undefined`: there was no object. */
  readonly look: QuickInfo | undefined;
  /** When this version was seen first, by {@link Clock.monotonicMs}. */
  readonly seenMs: number;
  /** Missing until the version has settled, see {@link QuickInfo.settlesAfterMs}. */
  readonly record: RobotRecord | undefined;
}

/** Asks the store at every use, by a look that takes microseconds, whether the record is the one that was read. */
class LookingMemory implements RobotMemory {
  readonly #driver: QuickStat;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #entries = new Entries<Looked>();

  constructor(driver: QuickStat, clock: Pick<Clock, "monotonicMs">) {
    this.#driver = driver;
    this.#clock = clock;
  }

  at(name: string): Remembered | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const look = this.#driver.quickStat(robotKey(name));
    if (look === undefined) return { record: undefined };
    const isKnown = entry.look !== undefined && isSameVersion(look, entry.look);
    return isKnown && entry.record !== undefined ? { record: entry.record } : undefined;
  }

  async read(
    name: string,
    load: () => Promise<RobotRecord | undefined>,
  ): Promise<RobotRecord | undefined> {
    const before = this.#entries.get(name);
    if (before === undefined) return await this.#readFirst(name, load);
    const look = this.#driver.quickStat(robotKey(name));
    const isSame =
      look !== undefined && before.look !== undefined && isSameVersion(look, before.look);
    const seenMs = isSame ? before.seenMs : this.#clock.monotonicMs();
    const isSettled =
      look !== undefined && this.#clock.monotonicMs() - seenMs >= look.settlesAfterMs;
    if (!isSame) this.#keep(name, { look, seenMs, record: undefined });
    const record = await load();
    if (isSettled && record !== undefined) this.#keep(name, { look, seenMs, record });
    return record;
  }

  forget(name: string): void {
    this.#entries.delete(name);
  }

  /** Left to other threads: afterwards a look does not have to wait for the disk. */
  async #readFirst(
    name: string,
    load: () => Promise<RobotRecord | undefined>,
  ): Promise<RobotRecord | undefined> {
    const record = await load();
    const look = record && this.#driver.quickStat(robotKey(name));
    this.#keep(name, { look, seenMs: this.#clock.monotonicMs(), record: undefined });
    return record;
  }

  #keep(name: string, entry: Looked): void {
    this.#entries.set(name, entry, { isPresent: entry.look !== undefined });
  }
}

interface Timed extends Remembered {
  readonly untilMs: number;
}

/** Believes for {@link REMEMBERED_MS} what the store said. */
class TimedMemory implements RobotMemory {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #entries = new Entries<Timed>();
  /** Counts what was forgotten, so that a reading that was under way meanwhile is not kept. */
  #forgotten = 0;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  at(name: string): Remembered | undefined {
    const entry = this.#entries.get(name);
    return entry !== undefined && this.#clock.monotonicMs() < entry.untilMs ? entry : undefined;
  }

  async read(
    name: string,
    load: () => Promise<RobotRecord | undefined>,
  ): Promise<RobotRecord | undefined> {
    const untilMs = this.#clock.monotonicMs() + REMEMBERED_MS;
    const forgotten = this.#forgotten;
    const record = await load();
    if (forgotten === this.#forgotten) {
      this.#entries.set(name, { record, untilMs }, { isPresent: record !== undefined });
    }
    return record;
  }

  forget(name: string): void {
    this.#forgotten += 1;
    this.#entries.delete(name);
  }
}
