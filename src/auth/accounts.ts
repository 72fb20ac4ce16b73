/** Whether what somebody proved earlier still holds: asked for every request that a token comes with. */
import type { Proven } from "./tokens/proven.ts";
import type { Robot, RobotDirectory } from "./robots.ts";
import type { Users } from "./users.ts";
import type { WorkloadIssuers } from "./workloads/workload-issuers.ts";

export interface AccountsOptions {
  /** `undefined`: nobody logs in by name and password. */
  readonly users: Pick<Users, "fingerprint"> | undefined;
  readonly robots: Pick<RobotDirectory, "find">;
  readonly workloads: Pick<WorkloadIssuers, "has">;
}

/** Somebody whose proof still holds. */
export interface Standing {
  /** Exactly for robots. */
  readonly robot: Robot | undefined;
}

const GOOD: Standing = { robot: undefined };

export class Accounts {
  readonly #options: AccountsOptions;

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  /**
   * At once, but for a robot that the directory has to look up. `undefined`: the user or robot is gone, or
   * their password is another one.
   */
  standing(proven: Proven): Standing | undefined | Promise<Standing | undefined> {
    const { identity } = proven;
    switch (identity.kind) {
      case "anonymous":
        return GOOD;
      case "user":
        return this.#isSameUser(identity.name, proven.fingerprint) ? GOOD : undefined;
      case "workload":
        return this.#options.workloads.has(identity.issuer) ? GOOD : undefined;
      case "robot":
        return this.#robot(identity.name, proven.fingerprint);
    }
  }

  /** Without a fingerprint a certificate proved it, which stands for itself. */
  #isSameUser(name: string, fingerprint: string | undefined): boolean {
    return fingerprint === undefined || this.#options.users?.fingerprint(name) === fingerprint;
  }

  #robot(
    name: string,
    fingerprint: string | undefined,
  ): Standing | undefined | Promise<Standing | undefined> {
    const found = this.#options.robots.find(name);
    const judge = (robot: Robot | undefined): Standing | undefined =>
      robot !== undefined && robot.fingerprint === fingerprint ? { robot } : undefined;
    return found instanceof Promise ? found.then(judge) : judge(found);
  }
}
