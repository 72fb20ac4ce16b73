/**
 * Tokens by which other systems vouch for their jobs: GitHub Actions, GitLab, Kubernetes, any issuer of
 * OpenID Connect that the configuration names.
 */
import { decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from "jose";
import type { WorkloadIssuerConfig } from "../../config/config.ts";
import type { Clock } from "../../lib/clock.ts";
import { errorText } from "../../lib/error-text.ts";
import { parseStrictJson } from "../../lib/strict-json.ts";
import type { Logger } from "../../observability/logger.ts";
import { claimValue, pickClaims } from "../rules/claims.ts";
import { AuthUnavailable, CredentialsRefused } from "../errors.ts";
import type { WorkloadIdentity } from "../identity.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import type { Rules } from "../rules/rules.ts";

/** Verifies tokens of jobs. */
export interface WorkloadIssuers {
  /** @throws {CredentialsRefused} {AuthUnavailable} within some seconds, whatever the issuer does. */
  verify(token: string): Promise<WorkloadIdentity>;
  /** Whether the configuration has an issuer of that name. */
  has(name: string): boolean;
}

export interface WorkloadIssuersOptions {
  /** By name. */
  readonly issuers: Readonly<Record<string, WorkloadIssuerConfig>>;
  readonly rules: Pick<Rules, "claimsOf">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What public keys sign with; jose ties each to its kind of key, and refuses RSA keys under 2048 bits. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const CLOCK_TOLERANCE_SECONDS = 30;
const MAX_TOKEN_LENGTH = 16_384;
const MAX_SUBJECT_LENGTH = 1024;
const PAYLOAD_LIMITS = { maxDepth: 16, maxValues: 5000 } as const;

/** Asks for no keys before the first token comes. */
export function createWorkloadIssuers(options: WorkloadIssuersOptions): WorkloadIssuers {
  return new ConfiguredIssuers(options);
}

interface Issuer {
  readonly name: string;
  readonly config: WorkloadIssuerConfig;
  readonly keys: IssuerKeys;
  /** Names of claims that rules look at. */
  readonly claims: readonly string[];
}

class ConfiguredIssuers implements WorkloadIssuers {
  readonly #issuers: readonly Issuer[];
  readonly #clock: Clock;

  constructor({ issuers, rules, clock, log }: WorkloadIssuersOptions) {
    this.#clock = clock;
    this.#issuers = Object.entries(issuers).map(([name, config]) => ({
      name,
      config,
      keys: new IssuerKeys({ name, config, clock, log }),
      claims: rules.claimsOf(name),
    }));
  }

  has(name: string): boolean {
    return this.#issuers.some((issuer) => issuer.name === name);
  }

  async verify(token: string): Promise<WorkloadIdentity> {
    if (token.length > MAX_TOKEN_LENGTH) throw refused("the token is too long");
    try {
      const issuer = this.#issuerOf(readUnverified(token));
      const payload = await this.#verified(token, issuer);
      return identityOf(payload, issuer);
    } catch (error) {
      if (error instanceof CredentialsRefused || error instanceof AuthUnavailable) throw error;
      throw refused(errorText(error), error);
    }
  }

  /** Several entries may share an issuer and differ in the audience. */
  #issuerOf({ iss, aud }: JWTPayload): Issuer {
    const named = this.#issuers.filter(({ config }) => config.issuer === iss);
    if (named.length === 0) throw refused("the token is of no issuer in barge.auth.issuers");
    const audiences = typeof aud === "string" ? [aud] : (aud ?? []);
    const meant = named.find(({ config }) =>
      audiences.some((one) => config.audience.includes(one)),
    );
    if (meant === undefined) throw refused("the token is for another audience");
    return meant;
  }

  async #verified(token: string, { config, keys }: Issuer): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, async (header) => await keys.find(header), {
      algorithms: ALGORITHMS,
      issuer: config.issuer,
      audience: [...config.audience],
      requiredClaims: ["exp", "iat", "sub"],
      maxTokenAge: Math.floor(config.maxTokenAgeMs / 1000),
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: this.#clock.now(),
    });
    return payload;
  }
}

/** Enough to know whom to ask for keys. A name that stands twice could mean two things, and is refused. */
function readUnverified(token: string): JWTPayload {
  decodeProtectedHeader(token);
  const [, payload = ""] = token.split(".");
  parseStrictJson(Buffer.from(payload, "base64url").toString("utf8"), PAYLOAD_LIMITS);
  return decodeJwt(token);
}

function identityOf(payload: JWTPayload, { name, config, claims }: Issuer): WorkloadIdentity {
  const { sub: subject } = payload;
  if (typeof subject !== "string" || subject === "" || subject.length > MAX_SUBJECT_LENGTH)
    throw refused("the claim sub is no name");
  return {
    kind: "workload",
    issuer: name,
    subject,
    claims: pickClaims(payload, claims),
    // An issuer may name a group as it likes, but none of the config and none of another issuer.
    groups: groupsOf(payload, config.groupsClaim).map((group) => `${name}:${group}`),
  };
}

function groupsOf(payload: JWTPayload, claim: string | undefined): readonly string[] {
  if (claim === undefined) return [];
  const value = claimValue(payload, claim);
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) return [];
  const items: readonly unknown[] = value;
  return items.filter((item) => typeof item === "string");
}

function refused(message: string, cause?: unknown): CredentialsRefused {
  return new CredentialsRefused(message, { cause });
}
