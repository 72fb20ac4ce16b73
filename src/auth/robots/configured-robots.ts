/** Robots of the config: their rights are those that rules give them, and only the config takes them away. */
import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import type { ConfiguredRobot } from "../../config/config.ts";
import type { RobotRecord } from "./robot-record.ts";
import { hashSecret } from "./robot-secret.ts";

/** Stands where others name who made them. */
export const CREATED_BY_CONFIG = "config";

/** A guess takes about a tenth of a second, and 32 MiB. */
const SLOW = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 } as const;
const FINGERPRINT_BYTES = 16;

const stretch = promisify<string, string, number, typeof SLOW, Buffer>(scrypt);

/**
 * Their fingerprints stand in tokens, which others may see, and people may have made up their secrets. So a
 * fingerprint costs as much as a password to guess by, and is made when it is first asked for. It hangs on
 * name and secret alone: the same in every process, on every replica and after a restart, whichever key signs.
 */
export class ConfiguredRobots {
  readonly #robots: ReadonlyMap<string, ConfiguredRobot>;
  readonly #now: Date;
  readonly #records = new Map<string, RobotRecord>();
  readonly #making = new Map<string, Promise<RobotRecord>>();
  /** One at a time: each takes a thread and its memory. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param now when the config was read: nobody knows when a robot came into it. */
  constructor(robots: Readonly<Record<string, ConfiguredRobot>>, now: Date) {
    this.#robots = new Map(Object.entries(robots));
    this.#now = now;
  }

  has(name: string): boolean {
    return this.#robots.has(name);
  }

  names(): Iterable<string> {
    return this.#robots.keys();
  }

  /** At once, so that a wrong secret takes as long as for other robots. */
  secretHash(name: string): Buffer | undefined {
    const robot = this.#robots.get(name);
    return robot && hashSecret(robot.secret.reveal());
  }

  /** At once, but for the first time. `undefined`: there is none of that name. */
  record(name: string): RobotRecord | undefined | Promise<RobotRecord> {
    const robot = this.#robots.get(name);
    if (robot === undefined) return undefined;
    const made = this.#records.get(name) ?? this.#making.get(name);
    if (made !== undefined) return made;
    const making = this.#make(name, robot.secret.reveal());
    this.#making.set(name, making);
    return making;
  }

  async #make(name: string, secret: string): Promise<RobotRecord> {
    try {
      const before = this.#last;
      const stretching = before.then(() => fingerprintOf(name, secret));
      this.#last = stretching.catch(() => undefined);
      const record = {
        name,
        rights: [],
        createdAt: this.#now,
        createdBy: CREATED_BY_CONFIG,
        expiresAt: undefined,
        fingerprint: await stretching,
        secretHash: hashSecret(secret),
      };
      this.#records.set(name, record);
      return record;
    } finally {
      this.#making.delete(name);
    }
  }
}

async function fingerprintOf(name: string, secret: string): Promise<string> {
  const bytes = await stretch(secret, `barge robot fingerprint\n${name}`, FINGERPRINT_BYTES, SLOW);
  return bytes.toString("base64url");
}
