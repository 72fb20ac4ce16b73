/**
 * Tokens of an outside token server: whether one is to be believed, and what it gives.
 *
 * RFC 7519 and docs of distribution, "Token Authentication Specification". The signature and the claims of time,
 * issuer and audience are jose's to check; which key may have signed is decided here, from the keys that are
 * trusted and never by what a token brings along.
 */
import { createPublicKey } from "node:crypto";
import type * as Jose from "jose";
import { errorText } from "../../lib/error-text.ts";
import { type RepositoryRights, readAccessClaim } from "./access-claim.ts";
import { verifyChain } from "./certificate-chain.ts";
import { CredentialsRefused } from "../errors.ts";
import { thumbprint } from "../key-id.ts";
import { algorithmsOf, type TrustedKey, type TrustedKeys } from "./trusted-keys.ts";

/** What a token says of its bearer. */
export interface OutsideToken {
  /** The claim `sub`; "" for the anonymous of the token server. */
  readonly subject: string;
  readonly rights: RepositoryRights;
  /** Since 1970: from when on it counts no longer; leeway and certificates are allowed for. */
  readonly untilMs: number;
}

export interface VerifyOptions {
  readonly keys: TrustedKeys;
  readonly now: Date;
  readonly issuer: string;
  readonly service: string;
  /** Names of JWA; never `none`. */
  readonly algorithms: readonly string[];
  readonly jose: typeof Jose;
}

/** As long as the header of a request may be. */
export const MAX_TOKEN_LENGTH = 16_384;

/** For clocks that do not agree. */
const LEEWAY_SECONDS = 60;

/** All that need no shared secret. */
export const SAFE_ALGORITHMS: readonly string[] =
  "ES256 ES384 ES512 EdDSA Ed25519 RS256 RS384 RS512 PS256 PS384 PS512".split(" ");

/** Keys that may have signed a token, and until when they are vouched for. */
interface Candidates {
  readonly keys: readonly TrustedKey[];
  readonly notAfter: Date | undefined;
}

/** @throws {CredentialsRefused} whose message says what is wrong with it, but nothing of what it holds. */
export async function verifyOutsideToken(
  token: string,
  options: VerifyOptions,
): Promise<OutsideToken> {
  if (token.length > MAX_TOKEN_LENGTH) throw refused("it is too long");
  try {
    const header = options.jose.decodeProtectedHeader(token);
    const { keys, notAfter } = candidatesFor(header, options);
    const claims = await claimsBy(keys, { token, header, options });
    return readClaims(claims, notAfter);
  } catch (error) {
    throw error instanceof CredentialsRefused ? error : refused(errorText(error), error);
  }
}

function refused(why: string, cause?: unknown): CredentialsRefused {
  return new CredentialsRefused(`a token was refused: ${why}`, { isToken: true, cause });
}

/** A chain of certificates goes before an embedded key, and that before the name of a key. */
function candidatesFor(header: Jose.ProtectedHeaderParameters, options: VerifyOptions): Candidates {
  const { x5c, jwk, kid } = header;
  if (x5c !== undefined) return vouchedFor(x5c, options);
  if (jwk !== undefined) return pointedAt(jwk, options);
  if (typeof kid !== "string") throw refused("it does not say by which key");
  return { keys: options.keys.find(kid), notAfter: undefined };
}

function vouchedFor(x5c: unknown, { keys: { roots }, now }: VerifyOptions): Candidates {
  const { key, notAfter } = verifyChain(x5c, { roots, now });
  return { keys: [{ key, algorithms: algorithmsOf(key) }], notAfter };
}

/**
 * The key that the token brings along is looked at for its name alone, and the trusted key of that name has to
 * have signed (CVE-2025-24976).
 */
function pointedAt(jwk: unknown, options: VerifyOptions): Candidates {
  if (typeof jwk !== "object" || jwk === null) throw refused("its key is no object");
  if ("x5c" in jwk && jwk.x5c !== undefined) return vouchedFor(jwk.x5c, options);
  const named = "kid" in jwk && typeof jwk.kid === "string" ? options.keys.find(jwk.kid) : [];
  if (named.length > 0) return { keys: named, notAfter: undefined };
  const id = thumbprint(createPublicKey({ key: { ...jwk }, format: "jwk" }));
  return { keys: options.keys.find(id), notAfter: undefined };
}

interface Signed {
  readonly token: string;
  readonly header: Jose.ProtectedHeaderParameters;
  readonly options: VerifyOptions;
}

/** The claims, once one of the keys has signed them with an algorithm that is its own and allowed. */
async function claimsBy(
  keys: readonly TrustedKey[],
  { token, header: { alg = "" }, options }: Signed,
): Promise<Jose.JWTPayload> {
  if (!options.algorithms.includes(alg)) throw refused("its algorithm is not allowed");
  if (keys.length === 0) throw refused("its key is not trusted");
  const fitting = keys.filter(({ algorithms }) => algorithms.includes(alg));
  let failure: unknown = refused("its algorithm is not one of its key");
  for (const { key } of fitting) {
    try {
      return (await options.jose.jwtVerify(token, key, joseOptions(alg, options))).payload;
    } catch (error) {
      failure = error;
      if (!(error instanceof options.jose.errors.JWSSignatureVerificationFailed)) break;
    }
  }
  throw failure;
}

/** Lists of one, because an empty text would count as no demand at all. */
function joseOptions(alg: string, { issuer, service, now }: VerifyOptions): Jose.JWTVerifyOptions {
  return {
    algorithms: [alg],
    issuer: [issuer],
    audience: [service],
    requiredClaims: ["exp"],
    clockTolerance: LEEWAY_SECONDS,
    currentDate: now,
  };
}

function readClaims(claims: Jose.JWTPayload, notAfter: Date | undefined): OutsideToken {
  const { sub, exp = 0 } = claims;
  const subject: unknown = sub ?? "";
  if (typeof subject !== "string") throw refused("its subject is no text");
  const rights = readAccessClaim(claims["access"]);
  if (rights === undefined) throw refused("its access claim is malformed");
  const untilMs = Math.min((exp + LEEWAY_SECONDS) * 1000, notAfter?.getTime() ?? Infinity);
  return { subject, rights, untilMs };
}
