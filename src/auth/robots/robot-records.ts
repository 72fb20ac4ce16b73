/** The robots that there are: made and revoked here, found for every request that one of them makes. */
import type { ConfiguredRobot } from "../../config/config.ts";
import type { Clock } from "../../lib/clock.ts";
import { KeyedLock } from "../../lib/keyed-lock.ts";
import { pooledMap } from "../../lib/pooled-map.ts";
import type { Logger } from "../../observability/logger.ts";
import { readWhole } from "../../storage/read-whole.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { ConfiguredRobots } from "./configured-robots.ts";
import { AuthUnavailable } from "../errors.ts";
import { RobotExists, RobotIsConfigured } from "./robot-errors.ts";
import { createRobotMemory, type RobotMemory } from "./robot-memory.ts";
import {
  checkRobotName,
  formatRobotRecord,
  isRobotName,
  nameOfEntry,
  newFingerprint,
  parseRobotRecord,
  robotKey,
  type RobotRecord,
  ROBOTS_FOLDER,
} from "./robot-record.ts";
import { hashSecret, isSecretOf, newRobotSecret } from "./robot-secret.ts";
import { RobotUses } from "./robot-uses.ts";
import type { Robot, RobotDirectory, RobotRight } from "../robots.ts";

export interface NewRobot {
  readonly name: string;
  readonly rights: readonly RobotRight[];
  /** `undefined`: it never expires. */
  readonly expiresAt: Date | undefined;
  /** The display name of who makes it. */
  readonly createdBy: string;
}

export interface CreatedRobot {
  readonly robot: Robot;
  /** To be shown once: only its hash is kept. */
  readonly secret: string;
}

/**
 * `find` and `login` tell of `lastUsedAt` nothing; `list` does. A revocation by another replica counts at
 * once where all share a filesystem, and within five seconds where the store is asked by requests. All of
 * them throw {StorageError}, except that `find` and `login` throw {AuthUnavailable} in its place.
 * Disposing it waits until the last uses are written down.
 */
export interface RobotRecords extends RobotDirectory, AsyncDisposable {
  /**
   * Resolves when the record is durable. Of two replicas that make one of the same name at the same
   * moment the later wins, and the other's secret is good for nothing.
   * @throws {InvalidRobotName} {RobotExists}
   */
  create(robot: NewRobot, options: CallOptions): Promise<CreatedRobot>;
  /** All of them, expired ones and those of the config as well, by name. */
  list(options: CallOptions): Promise<readonly Robot[]>;
  /**
   * Also takes away a record that nobody can read. After a failure it may be done or not; calling it again
   * settles it. @returns whether there was one. @throws {RobotIsConfigured}
   */
  revoke(name: string, options: CallOptions): Promise<boolean>;
}

interface Deps {
  readonly driver: StorageDriver;
  readonly clock: Pick<Clock, "monotonicMs" | "now">;
  readonly log: Logger;
  /** Robots of the config, by name. */
  readonly configured: Readonly<Record<string, ConfiguredRobot>>;
}

export function createRobotRecords(deps: Deps): RobotRecords {
  return new StoredRobots(deps);
}

/** Two hundred rights of some length. */
const MAX_RECORD_BYTES = 256 * 1024;
const READ_AT_A_TIME = 8;

class StoredRobots implements RobotRecords {
  readonly #deps: Deps;
  readonly #configured: ConfiguredRobots;
  readonly #memory: RobotMemory;
  /** By name: making, revoking and noting a use never mix in this process. */
  readonly #changing = new KeyedLock();
  readonly #uses: RobotUses;
  readonly #stopping = new AbortController();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#configured = new ConfiguredRobots(deps.configured, deps.clock.now());
    this.#memory = createRobotMemory(deps);
    this.#uses = new RobotUses({
      driver: deps.driver,
      log: deps.log,
      changing: this.#changing,
      isThere: ({ name, fingerprint }) => this.#isThere(name, fingerprint),
    });
  }

  find(name: string): Robot | undefined | Promise<Robot | undefined> {
    const record = this.#record(name);
    return record instanceof Promise
      ? record.then((read) => this.#living(read))
      : this.#living(record);
  }

  async login(name: string, secret: string): Promise<Robot | undefined> {
    const configured = this.#configured.secretHash(name);
    const stored = configured === undefined ? await this.#record(name) : undefined;
    if (!isSecretOf(secret, configured ?? stored?.secretHash)) return undefined;
    const robot = this.#living(stored ?? (await this.#record(name)));
    if (robot === undefined) return undefined;
    this.#uses.note(robot, this.#deps.clock.now());
    return robot;
  }

  create(robot: NewRobot, { signal }: CallOptions): Promise<CreatedRobot> {
    const { name, rights, expiresAt, createdBy } = robot;
    return this.#changing.run(name, async () => {
      checkRobotName(name);
      const { driver, clock } = this.#deps;
      const isTaken = this.#configured.has(name) || (await driver.stat(robotKey(name), { signal }));
      if (isTaken) throw new RobotExists(name);
      const secret = newRobotSecret();
      const secretHash = hashSecret(secret);
      const made = { createdAt: clock.now(), createdBy, fingerprint: newFingerprint() };
      const record = { name, rights, expiresAt, ...made, secretHash };
      try {
        await driver.write(robotKey(name), formatRobotRecord(record), { signal });
      } finally {
        this.#memory.forget(name);
      }
      return { robot: robotOf(record), secret };
    });
  }

  async list({ signal }: CallOptions): Promise<readonly Robot[]> {
    const names = pooledMap(this.#names({ signal }), READ_AT_A_TIME, async (name) => {
      const record = (await this.#configured.record(name)) ?? (await this.#load(name, { signal }));
      if (record === undefined) return undefined;
      return { ...robotOf(record), lastUsedAt: await this.#uses.lastUse(record, { signal }) };
    });
    const robots = (await Array.fromAsync(names)).filter((robot) => robot !== undefined);
    return robots.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  revoke(name: string, { signal }: CallOptions): Promise<boolean> {
    return this.#changing.run(name, async () => {
      if (this.#configured.has(name)) throw new RobotIsConfigured(name);
      if (!isRobotName(name)) return false;
      const { driver } = this.#deps;
      const found = await driver.stat(robotKey(name), { signal });
      try {
        await driver.delete(robotKey(name), { signal });
      } finally {
        // Also after a failure: nobody knows then what the store has done.
        this.#memory.forget(name);
      }
      await this.#uses.forget(name, { signal });
      return found !== undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#uses[Symbol.asyncDispose]();
    this.#stopping.abort();
  }

  /** @throws {AuthUnavailable} */
  #record(name: string): RobotRecord | undefined | Promise<RobotRecord | undefined> {
    const configured = this.#configured.record(name);
    if (configured !== undefined || !isRobotName(name)) return configured;
    try {
      const known = this.#memory.at(name);
      if (known !== undefined) return known.record;
    } catch (cause) {
      throw unavailable(cause);
    }
    const { signal } = this.#stopping;
    const reading = this.#memory.read(name, () => this.#load(name, { signal }));
    return reading.catch((cause: unknown) => {
      throw unavailable(cause);
    });
  }

  /** @returns `undefined` when there is no record, or one that cannot be read: nobody gets rights by that. */
  async #load(name: string, { signal }: CallOptions): Promise<RobotRecord | undefined> {
    const { driver, log } = this.#deps;
    const bytes = await readWhole(driver, robotKey(name), { signal, maxBytes: MAX_RECORD_BYTES });
    if (bytes === undefined) return undefined;
    const record = parseRobotRecord(name, bytes);
    if (record === undefined) {
      const key = { "storage.key": robotKey(name) };
      log.error("the record of a robot cannot be understood, and the robot is refused", key);
    }
    return record;
  }

  async #isThere(name: string, fingerprint: string): Promise<boolean> {
    const { signal } = this.#stopping;
    const record = (await this.#configured.record(name)) ?? (await this.#load(name, { signal }));
    return record?.fingerprint === fingerprint;
  }

  async *#names({ signal }: CallOptions): AsyncGenerator<string> {
    yield* this.#configured.names();
    for await (const entry of this.#deps.driver.list(ROBOTS_FOLDER, { signal })) {
      const name = entry.kind === "object" ? nameOfEntry(entry.name) : undefined;
      if (name !== undefined && !this.#configured.has(name)) yield name;
    }
  }

  /** Unless it has expired. */
  #living(record: RobotRecord | undefined): Robot | undefined {
    if (record === undefined) return undefined;
    const { expiresAt } = record;
    const hasExpired = expiresAt !== undefined && expiresAt <= this.#deps.clock.now();
    return hasExpired ? undefined : robotOf(record);
  }
}

/** Without what the secret can be checked by. */
function robotOf(record: RobotRecord): Robot {
  const { name, rights, createdAt, createdBy, expiresAt, fingerprint } = record;
  return { name, rights, createdAt, createdBy, expiresAt, fingerprint, lastUsedAt: undefined };
}

function unavailable(cause: unknown): AuthUnavailable {
  return new AuthUnavailable("the records of robots cannot be read", { cause });
}
