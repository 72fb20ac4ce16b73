/** When robots were last used: to the minute, written behind what it is about, at most once a minute for each. */
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { KeyedLock } from "../../lib/keyed-lock.ts";
import type { Logger } from "../../observability/logger.ts";
import { readWhole } from "../../storage/read-whole.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { formatRobotUse, parseRobotUse, type RobotUse, robotUseKey } from "./robot-record.ts";
import type { Robot } from "../robots.ts";

type Used = Pick<Robot, "name" | "fingerprint">;

interface Deps {
  readonly driver: StorageDriver;
  readonly log: Logger;
  /** By the robot's name; whoever creates or revokes one holds it as well. */
  readonly changing: KeyedLock;
  /** Whether the store has that very robot now. Asked under the lock. */
  readonly isThere: (robot: Used) => Promise<boolean>;
}

const MINUTE_MS = 60_000;
const MAX_REMEMBERED = 10_000;
const MAX_USE_BYTES = 4096;

export class RobotUses implements AsyncDisposable {
  readonly #deps: Deps;
  readonly #last = new BoundedMap<string, RobotUse>(MAX_REMEMBERED);
  readonly #writing = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Returns at once. What cannot be written is said in the log, and tried again at the next use. */
  note(robot: Used, now: Date): void {
    const at = new Date(Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS);
    const before = this.#last.get(robot.name);
    const { fingerprint } = robot;
    if (before?.fingerprint === fingerprint && before.at >= at) return;
    this.#last.set(robot.name, { fingerprint, at });
    const writing = this.#write(robot, { fingerprint, at }).finally(() =>
      this.#writing.delete(writing),
    );
    this.#writing.add(writing);
  }

  /** As far as this server and the store know; another replica's may be a minute behind. */
  async lastUse({ name, fingerprint }: Used, { signal }: CallOptions): Promise<Date | undefined> {
    const { driver } = this.#deps;
    const bytes = await readWhole(driver, robotUseKey(name), { signal, maxBytes: MAX_USE_BYTES });
    const uses = [bytes && parseRobotUse(bytes), this.#last.get(name)]
      .filter((use) => use?.fingerprint === fingerprint)
      .map((use) => use?.at.getTime() ?? 0);
    return uses.length === 0 ? undefined : new Date(Math.max(...uses));
  }

  /** The robot is no more. Under its lock. */
  async forget(name: string, { signal }: CallOptions): Promise<void> {
    this.#last.delete(name);
    await this.#deps.driver.delete(robotUseKey(name), { signal });
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#writing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
    this.#stopping.abort();
  }

  /**
   * Another replica may revoke the robot between the look and the write. What is left then is a note of
   * that robot's fingerprint, which no robot has any more: nobody reads it, and the next of that name
   * writes over it.
   */
  async #write(robot: Used, use: RobotUse): Promise<void> {
    const { driver, log, changing, isThere } = this.#deps;
    const { signal } = this.#stopping;
    const { name } = robot;
    try {
      await changing.run(name, async () => {
        if (!(await isThere(robot))) return;
        await driver.write(robotUseKey(name), formatRobotUse(use), { signal, isVolatile: true });
      });
    } catch (error) {
      if (this.#last.get(name)?.at === use.at) this.#last.delete(name);
      log.warn("the last use of a robot could not be written down", { "auth.robot": name, error });
    }
  }
}
