/** Somebody whose rights come from the rules, and a robot's from itself as well. */
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { RepositoryName } from "../../oci/repository-name.ts";
import type { Caller } from "../access.ts";
import type { Action } from "../action.ts";
import type { Grantee } from "../tokens/granted-scopes.ts";
import { displayName, type Identity } from "../identity.ts";
import type { Robot } from "../robots.ts";
import { rightsAllow, rightsAllowEverywhere, rightsReachBelow, type Rules } from "./rules.ts";

export interface RuledCallerOptions {
  readonly identity: Identity;
  /** The robot that the identity names. */
  readonly robot: Robot | undefined;
  readonly rules: Rules;
  /** See {@link Caller.holds}; left out: always. */
  readonly holds?: (() => boolean | Promise<boolean>) | undefined;
}

const MAX_REMEMBERED = 256;

/** Rules are constant, and a robot with other rights is another robot: so answers may be remembered. */
export class RuledCaller implements Caller, Grantee {
  readonly identity: Identity;
  readonly name: string;
  readonly lack: "challenge" | "denied";
  readonly mayList: boolean;
  readonly isAdmin: boolean;
  readonly #options: RuledCallerOptions;
  readonly #answers = new BoundedMap<string, boolean>(MAX_REMEMBERED);

  constructor(options: RuledCallerOptions) {
    const { identity, rules } = options;
    this.#options = options;
    this.identity = identity;
    this.name = displayName(identity);
    this.lack = identity.kind === "anonymous" ? "challenge" : "denied";
    this.mayList = rules.mayList(identity);
    this.isAdmin = this.#mayEverywhere("admin");
  }

  /** Whether nothing in the catalog is hidden from them. */
  get seesAll(): boolean {
    return this.#mayEverywhere("pull");
  }

  may(action: Action, repository: RepositoryName): boolean {
    const question = `${action} ${repository}`;
    const known = this.#answers.get(question);
    if (known !== undefined) return known;
    const { identity, robot, rules } = this.#options;
    const isOwnRight = robot !== undefined && rightsAllow(robot.rights, action, repository);
    const answer = isOwnRight || rules.allows(identity, action, repository);
    this.#answers.set(question, answer);
    return answer;
  }

  holds(): boolean | Promise<boolean> {
    return this.#options.holds?.() ?? true;
  }

  maySeeBelow(folder: string): boolean {
    const { identity, robot, rules } = this.#options;
    const isOwnRight = robot !== undefined && rightsReachBelow(robot.rights, folder);
    return isOwnRight || rules.reachesBelow(identity, folder);
  }

  /** Open to anonymous requests never means open to administer. */
  #mayEverywhere(action: Action): boolean {
    const { identity, robot, rules } = this.#options;
    if (action === "admin" && identity.kind === "anonymous") return false;
    const isOwnRight = robot !== undefined && rightsAllowEverywhere(robot.rights, action);
    return isOwnRight || rules.allowsEverywhere(identity, action);
  }
}
