/** Tokens that prove for some minutes who somebody is, in a form that other registries take as well. */
import type { BuiltInAuthConfig } from "../../config/config.ts";
import type { Clock } from "../../lib/clock.ts";
import { CredentialsRefused } from "../errors.ts";
import type { GrantedScope } from "./granted-scopes.ts";
import {
  claimsFor,
  headerFor,
  type ProvenToken,
  signToken,
  type TokenKind,
  verifyToken,
} from "./own-tokens.ts";
import type { Proven } from "./proven.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** Servers in front of this one or of others may take no more than 8 KiB of headers. */
const MAX_TOKEN_BYTES = 4096;
/** Claims of a workload that rules look at; what is beyond any token that could still be sent. */
const MAX_PROVEN_BYTES = 4096;
/** The signature of ES256 in base64url, and the two dots. */
const SIGNATURE_BYTES = 88;
/** Docker's clients take shorter lives for this, with a warning. */
const MIN_LIFETIME_MS = 60_000;

export interface AccessTokensOptions {
  readonly config: Pick<BuiltInAuthConfig, "issuer" | "service" | "tokenLifetimeMs">;
  readonly keys: SigningKeys;
  readonly clock: Clock;
}

export interface AccessToken {
  readonly token: string;
  readonly issuedAt: Date;
  readonly lifetimeMs: number;
  /** As many as found room. */
  readonly access: readonly GrantedScope[];
}

/** Issues and verifies access tokens. */
export class AccessTokens {
  readonly #kind: TokenKind;
  readonly #keys: SigningKeys;
  readonly #clock: Clock;

  constructor({ config, keys, clock }: AccessTokensOptions) {
    this.#keys = keys;
    this.#clock = clock;
    this.#kind = {
      use: "access",
      typ: "JWT",
      issuer: config.issuer,
      audience: config.service,
      lifetimeMs: Math.max(config.tokenLifetimeMs, MIN_LIFETIME_MS),
    };
  }

  /** @throws {CredentialsRefused} when what is proven is too long for any token. */
  async issue(proven: Proven, granted: readonly GrantedScope[]): Promise<AccessToken> {
    if (bytesOf(proven) > MAX_PROVEN_BYTES) {
      throw new CredentialsRefused("the claims and groups that rules look at are too long");
    }
    const issuedAt = this.#clock.now();
    const key = await this.#keys.signer();
    const claims = claimsFor(this.#kind, proven, issuedAt);
    const room = roomFor(headerFor(this.#kind, key), { ...claims, access: [] });
    const access = fitting(granted, room);
    const token = await signToken(this.#kind, { ...claims, access }, key);
    return { token, issuedAt, lifetimeMs: this.#kind.lifetimeMs, access };
  }

  /** @throws {CredentialsRefused} */
  async verify(token: string): Promise<ProvenToken> {
    return await verifyToken(token, this.#kind, { keys: this.#keys, now: this.#clock.now() });
  }
}

/** Bytes of JSON that the list of rights may take. */
function roomFor(header: unknown, claims: unknown): number {
  const forPayload = MAX_TOKEN_BYTES - SIGNATURE_BYTES - Math.ceil((bytesOf(header) * 4) / 3);
  return Math.floor((forPayload * 3) / 4) - 1 - bytesOf(claims);
}

function fitting(granted: readonly GrantedScope[], room: number): readonly GrantedScope[] {
  let left = room;
  const count = granted.findIndex((scope) => {
    left -= bytesOf(scope) + 1;
    return left < 0;
  });
  return count === -1 ? granted : granted.slice(0, count);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
