/**
 * Holding a store that has no locks, such as S3: each holder keeps a small record of its own and
 * changes it from time to time. Whether another one lives is observed, never believed: no clocks are
 * compared, a record that does not change while one watches it for a minute is that of a dead process.
 *
 * Each writes its own record before it looks for others, so of two that begin at the same time at
 * least one sees the other. Servers may be many; a collector must be alone.
 *
 * A process that was stopped, or cut off from the store, for as long as others watch a record may have
 * been taken for dead. So a server looks for a collector then before it writes its record again, and a
 * collector gives up. Besides, a collector looks for servers before each lot of things that it deletes.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../observability/logger.ts";
import { readWhole } from "./read-whole.ts";
import type { CallOptions, StorageDriver } from "./storage-driver.ts";
import {
  formatHolder,
  type HeldStore,
  parseHolder,
  type StoreHolder,
  StoreInUse,
  StoreLost,
  type StoreRole,
} from "./store-holder.ts";

export interface LeaseOptions extends CallOptions {
  readonly driver: StorageDriver;
  readonly holder: StoreHolder;
  readonly log: Logger;
  readonly clock: Clock;
}

const LEASES = "barge/leases";
const FOLDERS = { server: `${LEASES}/servers`, collector: `${LEASES}/collectors` } as const;
const RIVALS = {
  server: ["collector"],
  collector: ["server", "collector"],
} as const satisfies Record<StoreRole, readonly StoreRole[]>;

const REFRESH_MS = 20_000;
/** Long enough for three changes. */
const WATCH_MS = 60_000;
const POLL_MS = 10_000;
const MAX_RECORD_BYTES = 4096;
const FAREWELL_MS = 10_000;

const LOST = {
  server:
    "another process may be collecting garbage: stopping so that nothing is lost; start again when it has ended",
  collector:
    "for a minute this process could not say that it holds the store, and a server may have begun; run it again",
} as const satisfies Record<StoreRole, string>;

/**
 * Takes up to a minute when there is a record of another process. Disposing it removes the own one.
 * @throws {StoreInUse} @throws {StorageError}
 */
export async function holdLease(options: LeaseOptions): Promise<HeldStore> {
  await using opening = new AsyncDisposableStack();
  const lease = opening.use(await Lease.begin(options));
  await waitForRivals(lease.key, options);
  opening.move();
  return lease;
}

/** A record of one's own that changes. */
class Lease implements HeldStore {
  readonly key: string;
  readonly #options: LeaseOptions;
  readonly #stopping = new AbortController();
  readonly #lost = new AbortController();
  #beats = 0;
  /** When it was certain for the last time that nobody could take this process for dead. */
  #alive: Moment;
  #ended = Promise.resolve();

  private constructor(options: LeaseOptions) {
    this.#options = options;
    this.key = `${FOLDERS[options.holder.role]}/${randomUUID()}`;
    this.#alive = momentOf(options.clock);
  }

  static async begin(options: LeaseOptions): Promise<Lease> {
    const lease = new Lease(options);
    await lease.#write(options.signal);
    lease.#ended = lease.#beat();
    return lease;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async stillAlone({ signal }: CallOptions): Promise<void> {
    const { holder } = this.#options;
    for (const record of (await this.#look(["server"], signal)).values()) {
      throw new StoreInUse(holderIn(record), holder.role);
    }
    if (this.#isSilentSince(this.#alive)) this.#lose();
    this.lost.throwIfAborted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { driver, log } = this.#options;
    this.#stopping.abort();
    await this.#ended;
    try {
      await driver.delete(this.key, { signal: AbortSignal.timeout(FAREWELL_MS) });
    } catch (error) {
      log.warn("the record that this process held the store could not be removed", { error });
    }
  }

  async #beat(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!this.lost.aborted) {
      try {
        await clock.delay(REFRESH_MS, { signal });
        await this.#refresh(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn("the store does not learn that it is held", { error });
      }
    }
  }

  /** The process may be stopped at any point of this, so the time is taken anew after each step. */
  async #refresh(signal: AbortSignal): Promise<void> {
    let before = this.#alive;
    if (this.#isSilentSince(before)) {
      before = momentOf(this.#options.clock);
      if (await this.#wasReplaced(signal)) return this.#lose();
    }
    const begun = momentOf(this.#options.clock);
    await this.#write(signal);
    if (this.#isSilentSince(before) && (await this.#wasReplaced(signal))) return this.#lose();
    this.#alive = begun;
  }

  /** Whether another process may have begun what it must do without this one: a server may have come and gone. */
  async #wasReplaced(signal: AbortSignal): Promise<boolean> {
    if (this.#options.holder.role === "collector") return true;
    return (await this.#look(["collector"], signal)).size > 0;
  }

  #look(roles: readonly StoreRole[], signal: AbortSignal): Promise<Records> {
    return readRecords(roles, this.key, { driver: this.#options.driver, signal });
  }

  #lose(): void {
    this.#lost.abort(new StoreLost(LOST[this.#options.holder.role]));
  }

  /** One of the clocks may stand still while the machine sleeps, the other may be set back. */
  #isSilentSince({ monotonicMs, dateMs }: Moment): boolean {
    const now = momentOf(this.#options.clock);
    return Math.max(now.monotonicMs - monotonicMs, now.dateMs - dateMs) >= WATCH_MS;
  }

  async #write(signal: AbortSignal): Promise<void> {
    const { driver, holder } = this.#options;
    this.#beats += 1;
    const record = `${formatHolder(holder)}\n${this.#beats}\n`;
    await driver.write(this.key, Buffer.from(record), { signal });
  }
}

interface Moment {
  readonly monotonicMs: number;
  readonly dateMs: number;
}

function momentOf(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), dateMs: clock.now().getTime() };
}

type Records = ReadonlyMap<string, string>;

/**
 * A collector gives up as soon as it sees another one live. A server waits for the whole minute: a
 * collector that began at the same moment gives up by then.
 */
async function waitForRivals(ownKey: string, options: LeaseOptions): Promise<void> {
  const { driver, holder, clock, log, signal } = options;
  const first = await readRivals(ownKey, options);
  let rivals = first;
  for (let waitedMs = 0; rivals.size > 0 && waitedMs < WATCH_MS; waitedMs += POLL_MS) {
    if (waitedMs === 0) log.info("watching whether another holder of the store still lives");
    await clock.delay(POLL_MS, { signal });
    rivals = await readRivals(ownKey, options);
    const isPatient = holder.role === "server" && waitedMs + POLL_MS < WATCH_MS;
    if (!isPatient) refuseLiving(rivals, first, holder.role);
  }
  for (const key of rivals.keys()) await driver.delete(key, { signal });
}

function readRivals(ownKey: string, options: LeaseOptions): Promise<Records> {
  return readRecords(RIVALS[options.holder.role], ownKey, options);
}

async function readRecords(
  roles: readonly StoreRole[],
  ownKey: string,
  { driver, signal }: CallOptions & { readonly driver: StorageDriver },
): Promise<Records> {
  const records = new Map<string, string>();
  for (const role of roles) {
    for await (const { kind, name } of driver.list(FOLDERS[role], { signal })) {
      const key = `${FOLDERS[role]}/${name}`;
      if (kind !== "object" || key === ownKey) continue;
      const bytes = await readWhole(driver, key, { signal, maxBytes: MAX_RECORD_BYTES });
      if (bytes !== undefined) records.set(key, bytes.toString());
    }
  }
  return records;
}

/** New or changed since the first look: somebody writes it. */
function refuseLiving(rivals: Records, first: Records, wanted: StoreRole): void {
  for (const [key, record] of rivals) {
    if (first.get(key) !== record) throw new StoreInUse(holderIn(record), wanted);
  }
}

function holderIn(record: string): StoreHolder | undefined {
  return parseHolder(record.slice(0, record.indexOf("\n")));
}
