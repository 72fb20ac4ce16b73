/** Tokens that clients keep in place of a password. Nothing is stored of them: they end with the password they stand for. */
import type { BuiltInAuthConfig } from "../../config/config.ts";
import type { Clock } from "../../lib/clock.ts";
import {
  claimsFor,
  type ProvenToken,
  signToken,
  type TokenKind,
  verifyToken,
} from "./own-tokens.ts";
import type { Proven } from "./proven.ts";
import type { SigningKeys } from "./signing-keys.ts";

export interface RefreshTokensOptions {
  readonly config: Pick<BuiltInAuthConfig, "issuer" | "refreshTokenLifetimeMs">;
  readonly keys: SigningKeys;
  readonly clock: Clock;
}

/** Issues and verifies refresh tokens; by type and audience they are no access tokens to anybody. */
export class RefreshTokens {
  readonly #kind: TokenKind;
  readonly #keys: SigningKeys;
  readonly #clock: Clock;

  constructor({ config, keys, clock }: RefreshTokensOptions) {
    this.#keys = keys;
    this.#clock = clock;
    this.#kind = {
      use: "refresh",
      typ: "barge-refresh+jwt",
      issuer: config.issuer,
      audience: `${config.issuer}/auth/token`,
      lifetimeMs: config.refreshTokenLifetimeMs,
    };
  }

  /** @returns `undefined` for those whom no password or secret stands behind. */
  async issue(proven: Proven): Promise<string | undefined> {
    if (proven.fingerprint === undefined) return undefined;
    const claims = claimsFor(this.#kind, proven, this.#clock.now());
    return await signToken(this.#kind, claims, await this.#keys.signer());
  }

  /** @throws {CredentialsRefused} Whether password or robot are still the same is for the caller to see. */
  async verify(token: string): Promise<ProvenToken> {
    return await verifyToken(token, this.#kind, { keys: this.#keys, now: this.#clock.now() });
  }
}
