/** Robots: accounts for machines, with rights of their own and a secret that is shown once. */
import type { Action } from "./action.ts";

export interface Robot {
  /** Lower-case letters, digits and `-_.`, at most 64 characters; unique. */
  readonly name: string;
  readonly rights: readonly RobotRight[];
  readonly createdAt: Date;
  /** The display name of who made it. */
  readonly createdBy: string;
  /** From when on it is refused; `undefined`: never. */
  readonly expiresAt: Date | undefined;
  /** When it last logged in, to the minute; `undefined`: never. */
  readonly lastUsedAt: Date | undefined;
  /** Changes when a robot of the same name is made anew: tokens are checked by it for every request. */
  readonly fingerprint: string;
}

export interface RobotRight {
  /** Patterns of repository names, as in rules. */
  readonly repositories: readonly string[];
  readonly actions: readonly Action[];
}

/** What logins and tokens need of the robots. */
export interface RobotDirectory {
  /**
   * The robot of that name, unless it is revoked or has expired. At once where it is known: a revocation by
   * this server counts from then on, one by another replica within the documented seconds.
   */
  find(name: string): Robot | undefined | Promise<Robot | undefined>;
  /** The robot whose secret it is, noting that it was used; `undefined` when it is wrong. As long either way. */
  login(name: string, secret: string): Promise<Robot | undefined>;
}
