/** Barge's own way to say who asks: its tokens, names and passwords, certificates; and the rules for what they may do. */
import type { BuiltInAuthConfig } from "../config/config.ts";
import type { Clock } from "../lib/clock.ts";
import { WeightedMap } from "../lib/weighted-map.ts";
import type { Logger } from "../observability/logger.ts";
import type { Access, Caller, CertificateSubject, ChallengeOptions, Shown } from "./access.ts";
import { AccessTokens } from "./tokens/access-tokens.ts";
import { Accounts, type Standing } from "./accounts.ts";
import { type BasicCredentials, parseBasic } from "./basic-credentials.ts";
import { bearerChallenge } from "./challenge.ts";
import { CredentialsRefused } from "./errors.ts";
import { ROBOT_PREFIX } from "./identity.ts";
import { type AttemptGuard, type Login, Logins } from "./logins.ts";
import { countingMisses } from "./attempts/misses.ts";
import type { ProvenToken } from "./tokens/own-tokens.ts";
import { UNPROVEN } from "./tokens/proven.ts";
import { RefreshTokens } from "./tokens/refresh-tokens.ts";
import type { RobotDirectory } from "./robots.ts";
import { RuledCaller } from "./rules/ruled-caller.ts";
import type { Rules } from "./rules/rules.ts";
import type { SigningKeys } from "./tokens/signing-keys.ts";
import { createTokenService, type TokenService } from "./tokens/token-service.ts";
import type { Users } from "./users.ts";
import type { WorkloadIssuers } from "./workloads/workload-issuers.ts";

export interface BuiltInAccessDeps {
  /** `undefined`: nobody logs in by name and password. */
  readonly users: Users | undefined;
  readonly robots: RobotDirectory;
  readonly rules: Rules;
  readonly attempts: AttemptGuard;
  readonly keys: SigningKeys;
  readonly workloads: WorkloadIssuers;
  readonly clock: Clock;
  readonly log: Logger;
  /** Path of the token endpoint as clients see it; default `/auth/token`. */
  readonly realmPath?: string | undefined;
}

export interface BuiltInAccess extends Access {
  readonly tokens: TokenService;
}

type Settings = Pick<
  BuiltInAuthConfig,
  "issuer" | "service" | "tokenLifetimeMs" | "refreshTokenLifetimeMs"
>;

export function createBuiltInAccess(config: Settings, deps: BuiltInAccessDeps): BuiltInAccess {
  return new RuledAccess(config, deps);
}

/** Characters of headers that are remembered, all together: some thousand tokens. */
const MAX_REMEMBERED_LENGTH = 8 * 2 ** 20;
const MAX_HEADER_LENGTH = 12_288;
const BEARER = /^bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;
const DEFAULT_REALM_PATH = "/auth/token";

/** A token that was verified, by the header that it came in. */
interface Remembered extends ProvenToken {
  readonly header: string;
  /** Robots with another fingerprint are never asked about with this token: it stays right. */
  caller: RuledCaller | undefined;
}

class RuledAccess implements BuiltInAccess {
  readonly tokens: TokenService;
  readonly #config: Settings;
  readonly #deps: BuiltInAccessDeps;
  readonly #accounts: Accounts;
  readonly #logins: Logins;
  readonly #accessTokens: AccessTokens;
  readonly #anonymous: RuledCaller;
  readonly #remembered = new WeightedMap<string, Remembered>({
    maxWeight: MAX_REMEMBERED_LENGTH,
    maxEntryWeight: MAX_HEADER_LENGTH,
    weigh: ({ header }) => header.length,
  });

  constructor(config: Settings, deps: BuiltInAccessDeps) {
    const { rules, keys, clock } = deps;
    this.#config = config;
    this.#deps = deps;
    this.#accounts = new Accounts(deps);
    this.#logins = new Logins(deps);
    this.#accessTokens = new AccessTokens({ config, keys, clock });
    this.#anonymous = new RuledCaller({ ...UNPROVEN, robot: undefined, rules });
    this.tokens = createTokenService({
      config,
      accounts: this.#accounts,
      logins: this.#logins,
      rules,
      keys,
      accessTokens: this.#accessTokens,
      refreshTokens: new RefreshTokens({ config, keys, clock }),
      attempts: deps.attempts,
      loginShown: async (shown) => await this.#loginShown(shown),
    });
  }

  identify(shown: Shown): Caller | Promise<Caller> {
    const { authorization } = shown;
    if (authorization === undefined) return this.#withoutHeader(shown.certificate);
    const remembered = this.#remembered.get(authorization);
    if (remembered !== undefined) return this.#recall(remembered);
    const [, token] = BEARER.exec(authorization) ?? [];
    if (token !== undefined) return this.#introduce(shown, { header: authorization, token });
    return this.#loginShown(shown).then((login) => this.#callerOf(login));
  }

  challenge({ origin, needed, error }: ChallengeOptions): string {
    const realm = `${origin}${this.#deps.realmPath ?? DEFAULT_REALM_PATH}`;
    return bearerChallenge({ realm, service: this.#config.service, needed, error });
  }

  #withoutHeader(certificate: CertificateSubject | undefined): Caller {
    const login = certificate === undefined ? undefined : certificateLogin(certificate);
    return login === undefined ? this.#anonymous : this.#callerOf(login);
  }

  async #loginShown(shown: Shown): Promise<Login> {
    const { attempts } = this.#deps;
    const { authorization, certificate } = shown;
    const basic = await countingMisses({ attempts, shown }, () => readBasic(authorization));
    if (basic !== undefined) return await this.#logins.login({ ...basic, address: shown.address });
    const login = certificate === undefined ? undefined : certificateLogin(certificate);
    return login ?? { ...UNPROVEN, robot: undefined };
  }

  async #introduce(
    shown: Shown,
    { header, token }: { readonly header: string; readonly token: string },
  ): Promise<Caller> {
    const { attempts } = this.#deps;
    const verified = await countingMisses({ attempts, shown }, () =>
      this.#accessTokens.verify(token),
    );
    const remembered: Remembered = { ...verified, header, caller: undefined };
    this.#remembered.set(header, remembered);
    return await this.#recall(remembered);
  }

  /** Everything that can end a token before its time is looked at for each request. */
  #recall(remembered: Remembered): Caller | Promise<Caller> {
    if (remembered.expiresAt <= this.#deps.clock.now()) throw this.#forgotten(remembered);
    const key = this.#deps.keys.verifier(remembered.kid, "access");
    const standing = this.#accounts.standing(remembered.proven);
    if (key instanceof Promise || standing instanceof Promise) {
      return Promise.all([key, standing]).then(([keyFound, standingFound]) =>
        this.#admitted(remembered, keyFound === undefined ? undefined : standingFound),
      );
    }
    return this.#admitted(remembered, key === undefined ? undefined : standing);
  }

  #admitted(remembered: Remembered, standing: Standing | undefined): Caller {
    if (standing === undefined) throw this.#forgotten(remembered);
    remembered.caller ??= this.#callerOf({ ...remembered.proven, ...standing });
    return remembered.caller;
  }

  #forgotten({ header }: Remembered): CredentialsRefused {
    this.#remembered.delete(header);
    return new CredentialsRefused("the token has ended", { isToken: true });
  }

  #callerOf({ identity, robot, fingerprint }: Login): RuledCaller {
    const holds = (): boolean | Promise<boolean> => {
      const standing = this.#accounts.standing({ identity, fingerprint });
      if (!(standing instanceof Promise)) return standing !== undefined;
      return standing.then((found) => found !== undefined);
    };
    return new RuledCaller({ identity, robot, rules: this.#deps.rules, holds });
  }
}

/** @returns `undefined` without a header. @throws {CredentialsRefused} for every other than `Basic`. */
function readBasic(authorization: string | undefined): BasicCredentials | undefined {
  const found = parseBasic(authorization);
  if (found !== undefined || authorization === undefined) return found;
  throw new CredentialsRefused("the header Authorization holds no usable credentials", {
    isToken: /^bearer /i.test(authorization),
  });
}

/** No certificate makes a robot, and none without a name anybody. */
function certificateLogin({ commonName, organizations }: CertificateSubject): Login | undefined {
  // Names of robots and of jobs are theirs: what a certificate says must not be taken for one.
  const isAnothers = commonName.startsWith(ROBOT_PREFIX) || commonName.includes(":");
  if (commonName === "" || isAnothers) return undefined;
  // A colon stands in the groups that issuers of tokens name.
  const groups = organizations.filter((organization) => !organization.includes(":"));
  const identity = { kind: "user", name: commonName, groups } as const;
  return { identity, fingerprint: undefined, robot: undefined };
}
