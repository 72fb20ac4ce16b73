/** Logging in by a name and a password: users, robots, and jobs whose password is a token. */
import { nameProblem } from "./basic-credentials.ts";
import { CredentialsRefused } from "./errors.ts";
import { ROBOT_PREFIX } from "./identity.ts";
import type { Proven } from "./tokens/proven.ts";
import type { Robot, RobotDirectory } from "./robots.ts";
import type { Users } from "./users.ts";
import type { WorkloadIssuers } from "./workloads/workload-issuers.ts";

/** The name under which jobs log in, their token being the password. No user is looked up by it. */
export const WORKLOAD_NAME = "oidc";

/** Keeps wrong passwords from being tried at will. */
export interface AttemptGuard {
  /** `undefined` is a wrong password. @throws {TooManyAttempts} without having called `check`. */
  run<Result>(
    who: { readonly address: string; readonly account: string },
    check: () => Promise<Result | undefined>,
  ): Promise<Result | undefined>;
  /** Counts what came from an address and could not even be tried. @throws {TooManyAttempts} */
  miss(address: string): void;
}

export interface LoginsOptions {
  /** `undefined`: there are none. */
  readonly users: Users | undefined;
  readonly robots: Pick<RobotDirectory, "login">;
  readonly workloads: Pick<WorkloadIssuers, "verify">;
  readonly attempts: AttemptGuard;
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
  /** The client's, without a port. */
  readonly address: string;
}

/** Somebody who has just proved who they are. */
export interface Login extends Proven {
  /** Exactly for robots. */
  readonly robot: Robot | undefined;
}

export class Logins {
  readonly #options: LoginsOptions;

  constructor(options: LoginsOptions) {
    this.#options = options;
  }

  /** @throws {CredentialsRefused} {TooManyAttempts} {AuthUnavailable} */
  async login(credentials: Credentials): Promise<Login> {
    const { name, password, address } = credentials;
    // Forms bring them too, past the reader of headers.
    const problem = nameProblem(name) ?? (password.includes("\0") ? "NUL in it" : undefined);
    if (problem !== undefined) {
      this.#options.attempts.miss(address);
      throw new CredentialsRefused(`unusable credentials: ${problem}`);
    }
    const who = { address, account: attemptedAccount(credentials) };
    return await this.#guarded(who, () => this.#check(credentials));
  }

  /** Who the token of a job speaks of. @throws {CredentialsRefused} {TooManyAttempts} {AuthUnavailable} */
  async exchange(token: string, address: string): Promise<Login> {
    return await this.login({ name: WORKLOAD_NAME, password: token, address });
  }

  async #guarded(
    who: { readonly address: string; readonly account: string },
    check: () => Promise<Login | undefined>,
  ): Promise<Login> {
    let refusal: CredentialsRefused | undefined;
    const login = await this.#options.attempts.run(who, async () => {
      try {
        return await check();
      } catch (error) {
        if (!(error instanceof CredentialsRefused)) throw error;
        refusal = error;
        return undefined;
      }
    });
    if (login === undefined) throw refusal ?? new CredentialsRefused("wrong name or password");
    return login;
  }

  async #check(credentials: Credentials): Promise<Login | undefined> {
    const { name, password } = credentials;
    if (name === WORKLOAD_NAME) return await this.#checkJob(password);
    if (!name.startsWith(ROBOT_PREFIX)) return await this.#checkUser(credentials);
    const robot = await this.#options.robots.login(name.slice(ROBOT_PREFIX.length), password);
    if (robot === undefined) return undefined;
    const identity = { kind: "robot", name: robot.name } as const;
    return { identity, fingerprint: robot.fingerprint, robot };
  }

  /** The fingerprint is taken first: should the password change meanwhile, the old one has proved nothing. */
  async #checkUser({ name, password, address }: Credentials): Promise<Login | undefined> {
    const { users } = this.#options;
    const fingerprint = users?.fingerprint(name);
    const isRight = await users?.verify(name, password, { address });
    if (isRight !== true || fingerprint === undefined) return undefined;
    return { identity: { kind: "user", name, groups: [] }, fingerprint, robot: undefined };
  }

  async #checkJob(token: string): Promise<Login> {
    const identity = await this.#options.workloads.verify(token);
    return { identity, fingerprint: undefined, robot: undefined };
  }
}

/**
 * Secrets of robots and signatures cannot be guessed, so that nobody needs to be kept out because of what
 * others try from elsewhere under the same name: no user's name has a colon.
 */
function attemptedAccount({ name, address }: Credentials): string {
  const isGuessable = name !== WORKLOAD_NAME && !name.startsWith(ROBOT_PREFIX);
  return isGuessable ? name : `${name}:${address}`;
}
