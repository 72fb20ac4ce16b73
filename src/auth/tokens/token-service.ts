/** The token protocol: who asks is found out, and gets a token that says so. */
import type { BuiltInAuthConfig } from "../../config/config.ts";
import type { Shown } from "../access.ts";
import type { AccessTokens } from "./access-tokens.ts";
import type { Accounts } from "../accounts.ts";
import { CredentialsRefused } from "../errors.ts";
import { grantedScopes } from "./granted-scopes.ts";
import { type Jwks, publishedJwks } from "./jwks.ts";
import type { AttemptGuard, Login, Logins } from "../logins.ts";
import { countingMisses } from "../attempts/misses.ts";
import type { RefreshTokens } from "./refresh-tokens.ts";
import { RuledCaller } from "../rules/ruled-caller.ts";
import type { Rules } from "../rules/rules.ts";
import { formatScope } from "../scope.ts";
import type { SigningKeys } from "./signing-keys.ts";
import { type TokenRequest, TokenRequestRefused } from "./token-request.ts";

/** The answer of the token endpoint, with the names of the protocol. */
export interface TokenAnswer {
  readonly token: string;
  /** The same again, for clients of OAuth2. */
  readonly access_token: string;
  readonly token_type: "Bearer";
  /** At least 60. */
  readonly expires_in: number;
  /** RFC 3339. */
  readonly issued_at: string;
  readonly refresh_token?: string;
  /** What the token names of what was asked for, for the eyes of other registries. */
  readonly scope: string;
  /** RFC 8693 section 2.2.1, for a token exchange. */
  readonly issued_token_type?: string;
}

export interface TokenService {
  /**
   * Rights that are lacking are no error: anybody gets a token, the anonymous one that says nothing.
   * @throws {TokenRequestRefused} {CredentialsRefused} {TooManyAttempts} {AuthUnavailable}
   */
  answer(request: TokenRequest, shown: Shown): Promise<TokenAnswer>;
  jwks(): Promise<Jwks>;
}

export interface TokenServiceOptions {
  readonly config: Pick<BuiltInAuthConfig, "service">;
  readonly accounts: Accounts;
  readonly logins: Logins;
  readonly rules: Rules;
  readonly keys: SigningKeys;
  readonly accessTokens: AccessTokens;
  readonly refreshTokens: RefreshTokens;
  readonly attempts: AttemptGuard;
  /** Who asks by the header `Authorization` or, without one, by a certificate; tokens are not taken. */
  readonly loginShown: (shown: Shown) => Promise<Login>;
}

const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

export function createTokenService(options: TokenServiceOptions): TokenService {
  return {
    answer: async (request, shown) => await answer(options, request, shown),
    jwks: async () => await publishedJwks(options.keys),
  };
}

async function answer(
  options: TokenServiceOptions,
  request: TokenRequest,
  shown: Shown,
): Promise<TokenAnswer> {
  const { service } = request;
  if (service !== undefined && service !== options.config.service) {
    throw new TokenRequestRefused("invalid_target", "the service is another one");
  }
  const login = await loginBy(options, request, shown);
  const caller = new RuledCaller({ ...login, rules: options.rules });
  const granted = grantedScopes(request.scopes, caller);
  const issued = await options.accessTokens.issue(proven(login), granted);
  const refreshToken = await refreshTokenFor(options, request, login);
  return {
    token: issued.token,
    access_token: issued.token,
    token_type: "Bearer",
    expires_in: Math.floor(issued.lifetimeMs / 1000),
    issued_at: issued.issuedAt.toISOString(),
    scope: issued.access.map((one) => formatScope({ class: "", ...one })).join(" "),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(request.grant.kind === "exchange" ? { issued_token_type: ACCESS_TOKEN_TYPE } : {}),
  };
}

async function loginBy(
  { logins, loginShown, refreshTokens, attempts, accounts }: TokenServiceOptions,
  { grant }: TokenRequest,
  shown: Shown,
): Promise<Login> {
  const { address } = shown;
  switch (grant.kind) {
    case "header":
      return await loginShown(shown);
    case "password":
      return await logins.login({ name: grant.name, password: grant.password, address });
    case "exchange":
      return await logins.exchange(grant.token, address);
    case "refresh": {
      const { proven: found } = await countingMisses({ attempts, shown }, () =>
        refreshTokens.verify(grant.token),
      );
      const standing = await accounts.standing(found);
      if (standing === undefined) throw new CredentialsRefused("what the token stands for is gone");
      return { ...found, robot: standing.robot };
    }
  }
}

/** One that was shown goes back as it is: it ends when it was to end. */
async function refreshTokenFor(
  { refreshTokens }: TokenServiceOptions,
  { grant, isOffline }: TokenRequest,
  login: Login,
): Promise<string | undefined> {
  if (grant.kind === "refresh") return grant.token;
  return isOffline ? await refreshTokens.issue(proven(login)) : undefined;
}

function proven({ identity, fingerprint }: Login): Pick<Login, "identity" | "fingerprint"> {
  return { identity, fingerprint };
}
