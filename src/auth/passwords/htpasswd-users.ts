/** The users of an htpasswd file, as it is at the moment. */
import { hash as digest } from "node:crypto";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { errorText } from "../../lib/error-text.ts";
import type { Logger } from "../../observability/logger.ts";
import { AuthUnavailable } from "../errors.ts";
import { type FileReading, FollowedFile } from "./followed-file.ts";
import { type HtpasswdUser, parseHtpasswd } from "./htpasswd-file.ts";
import { type CheckedPassword, PasswordCache } from "./password-cache.ts";
import type { PasswordHashing } from "./password-pool.ts";
import { provisionHtpasswd } from "./provision-htpasswd.ts";
import { StandInHashes } from "./stand-in-hash.ts";
import type { LoginOrigin, Users } from "../users.ts";

export interface HtpasswdUsersOptions {
  readonly path: string;
  readonly pool: PasswordHashing;
  readonly log: Logger;
  /** Whether a missing file is made, with a user of which the log tells the password. */
  readonly provision: boolean;
  readonly clock?: Clock | undefined;
}

/** The users file cannot be read, or makes no sense, when the server starts. */
export class HtpasswdUnusable extends Error {
  readonly kind = "HtpasswdUnusable";
}

/** What a file says. */
interface Contents {
  readonly users: ReadonlyMap<string, HtpasswdUser>;
  readonly standIns: StandInHashes;
  /** By name, of those that were asked for. */
  readonly fingerprints: Map<string, string>;
  /** Why nothing can be said of anybody at present. */
  readonly problem: string | undefined;
}

const MAX_PASSWORD_BYTES = 256;
const MOST_WARNINGS = 20;

/**
 * A missing file has no users. One that is broken or cannot be read has none either: it may have been
 * changed to shut somebody out, so that what it said before counts no longer. Logging in then throws
 * {@link AuthUnavailable} rather than calling passwords wrong.
 * @throws {HtpasswdUnusable} when it is broken now.
 */
export async function openHtpasswdUsers(options: HtpasswdUsersOptions): Promise<HtpasswdUsers> {
  const { path, pool, log } = options;
  if (options.provision) await provisionHtpasswd({ path, hashing: pool, log });
  return new HtpasswdUsers(options);
}

/** Made by {@link openHtpasswdUsers}. */
export class HtpasswdUsers implements Users {
  readonly #pool: PasswordHashing;
  readonly #log: Logger;
  readonly #file: FollowedFile<Contents>;
  readonly #cache: PasswordCache;
  readonly #running = new Map<string, Promise<boolean>>();

  /** @throws {HtpasswdUnusable} */
  constructor({ path, pool, log, clock = systemClock }: HtpasswdUsersOptions) {
    this.#pool = pool;
    this.#log = log.child({ "auth.users": path });
    this.#cache = new PasswordCache(clock);
    this.#file = new FollowedFile({
      path,
      clock,
      interpret: (reading) => this.#interpret(reading),
    });
    const { problem } = this.#file.current;
    if (problem !== undefined) throw new HtpasswdUnusable(`${path}: ${problem}`);
  }

  get size(): number {
    return this.#file.current.users.size;
  }

  /** @throws {AuthUnavailable} while the file cannot be read. */
  fingerprint(name: string): string | undefined {
    const { users, problem, fingerprints } = this.#file.current;
    if (problem !== undefined) throw new AuthUnavailable(`the users are not known: ${problem}`);
    const user = users.get(name);
    if (user === undefined) return undefined;
    const known = fingerprints.get(name) ?? fingerprintOf(name, user);
    fingerprints.set(name, known);
    return known;
  }

  /**
   * A password of up to 256 bytes is compared as the reference registry does: by its first 72. Those that
   * are longer, or hold NUL, are nobody's.
   */
  async verify(name: string, password: string, from?: LoginOrigin): Promise<boolean> {
    // With a NUL in it, a password repeated would be as good as the password.
    if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES || password.includes("\0")) return false;
    const { users, standIns, problem } = this.#file.current;
    if (problem !== undefined) throw new AuthUnavailable(`the users are not known: ${problem}`);
    const standIn = standIns.of(name);
    const hash = users.get(name)?.hash;
    const isRight = await this.#check({ name, password, hash: hash ?? standIn }, from);
    if (!isRight || hash === undefined) return false;
    // The file may say something else by now.
    const isStillIt = this.#file.current.users.get(name)?.hash === hash;
    return isStillIt || (await this.verify(name, password, from));
  }

  /** Clients send many requests at once with the same password: it is checked once for all. */
  async #check(checked: CheckedPassword, from: LoginOrigin | undefined): Promise<boolean> {
    const key = this.#cache.keyOf(checked);
    if (this.#cache.has(key)) return true;
    const running = this.#running.get(key) ?? this.#compare(key, checked, from);
    this.#running.set(key, running);
    return await running;
  }

  async #compare(
    key: string,
    { password, hash }: CheckedPassword,
    from: LoginOrigin | undefined,
  ): Promise<boolean> {
    try {
      // Those who know a password get in while others fill the queue with guesses.
      const isUrgent = this.#cache.wasRight(key);
      const isRight = await this.#pool.verify(password, hash, { isUrgent, address: from?.address });
      if (isRight) this.#cache.add(key);
      return isRight;
    } finally {
      this.#running.delete(key);
    }
  }

  #interpret(reading: FileReading): Contents {
    if (reading.kind === "missing") {
      this.#log.error("the file of users is missing: nobody can log in by password");
      return contentsOf(new Map());
    }
    try {
      if (reading.kind === "unreadable") throw reading.error;
      const { users, warnings } = parseHtpasswd(reading.text);
      this.#tell(users.size, warnings);
      return contentsOf(users);
    } catch (error) {
      this.#log.error("the file of users is of no use: nobody can log in by password", { error });
      return contentsOf(new Map(), errorText(error));
    }
  }

  #tell(count: number, warnings: readonly string[]): void {
    this.#log.info("read the users", { "auth.users.count": count });
    for (const warning of warnings.slice(0, MOST_WARNINGS)) this.#log.warn(`users: ${warning}`);
    if (warnings.length <= MOST_WARNINGS) return;
    this.#log.warn(`users: ${warnings.length - MOST_WARNINGS} more lines are of no use`);
  }
}

function contentsOf(users: ReadonlyMap<string, HtpasswdUser>, problem?: string): Contents {
  return {
    users,
    standIns: new StandInHashes([...users.values()]),
    fingerprints: new Map(),
    problem,
  };
}

function fingerprintOf(name: string, { hash }: HtpasswdUser): string {
  return digest("sha256", `barge user ${name}\0${hash}`, "base64url").slice(0, 22);
}
