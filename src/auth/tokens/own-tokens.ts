/** What Barge's access tokens and refresh tokens have in common: how they are signed, and how strictly they are read. */
import { randomUUID } from "node:crypto";
import { errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { CredentialsRefused } from "../errors.ts";
import { displayName } from "../identity.ts";
import { type Proven, readProven } from "./proven.ts";
import { CLOCK_TOLERANCE_MS, type SigningKeys, type TokenUse } from "./signing-keys.ts";
import type { KeyPair } from "./key-pem.ts";

/** How far apart the clocks of replicas may be: tokens begin that much before now and end that much later. */
const MARGIN_MS = CLOCK_TOLERANCE_MS / 2;
const SECOND_MS = 1000;

/** Names of what tells the two kinds of tokens, and those of others, apart. */
export interface TokenKind {
  readonly use: TokenUse;
  /** The header `typ`. */
  readonly typ: string;
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeMs: number;
}

/** What was read from a token of Barge's own. */
export interface ProvenToken {
  readonly proven: Proven;
  /** Of the key that signed it. */
  readonly kid: string;
  /** From when on it is no good. */
  readonly expiresAt: Date;
}

/** All claims but `access`, for somebody and from now on. */
export function claimsFor(kind: TokenKind, proven: Proven, now: Date): JWTPayload {
  return {
    iss: kind.issuer,
    sub: displayName(proven.identity),
    aud: kind.audience,
    iat: seconds(now.getTime() - MARGIN_MS),
    nbf: seconds(now.getTime() - MARGIN_MS),
    exp: seconds(now.getTime() + kind.lifetimeMs + MARGIN_MS),
    jti: randomUUID(),
    barge: proven,
  };
}

/** The header of a token: other registries find the key by its certificate, or by its id. */
export function headerFor(
  kind: TokenKind,
  { kid, certificate }: KeyPair,
): { readonly alg: "ES256"; readonly typ: string; readonly kid: string; readonly x5c?: string[] } {
  const header = { alg: "ES256", typ: kind.typ, kid } as const;
  return certificate === undefined ? header : { ...header, x5c: [certificate.toString("base64")] };
}

/** A compact JWS over the claims. */
export async function signToken(
  kind: TokenKind,
  claims: JWTPayload,
  key: KeyPair,
): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader(headerFor(kind, key)).sign(key.privateKey);
}

/**
 * Reads a token, after everything about it held: algorithm, key, times, and whom it is of and for.
 * @throws {CredentialsRefused}
 */
export async function verifyToken(
  token: string,
  kind: TokenKind,
  { keys, now }: { readonly keys: SigningKeys; readonly now: Date },
): Promise<ProvenToken> {
  try {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      async ({ kid }) => await keyNamed(kid, kind.use, keys),
      {
        algorithms: ["ES256"],
        issuer: kind.issuer,
        audience: kind.audience,
        typ: kind.typ,
        requiredClaims: ["exp", "iat", "nbf", "sub", "jti", "barge"],
        maxTokenAge: seconds(kind.lifetimeMs + 2 * MARGIN_MS),
        currentDate: now,
      },
    );
    return readPayload(payload, protectedHeader.kid ?? "");
  } catch (error) {
    if (error instanceof errors.JOSEError) throw refused(error.message, error);
    throw error;
  }
}

/** Whether what was refused is a token that was good once: clients find out so that theirs has ended. */
export function hasEnded({ cause }: CredentialsRefused): boolean {
  return cause instanceof errors.JWTExpired;
}

async function keyNamed(
  kid: string | undefined,
  use: TokenUse,
  keys: SigningKeys,
): Promise<NonNullable<Awaited<ReturnType<SigningKeys["verifier"]>>>> {
  if (typeof kid !== "string") throw refused("the token names no key");
  const key = await keys.verifier(kid, use);
  if (key === undefined) throw refused("the token names a key that is not, or no longer, ours");
  return key;
}

function readPayload({ exp = 0, sub, barge }: JWTPayload, kid: string): ProvenToken {
  const proven = readProven(barge);
  if (proven === undefined || sub !== displayName(proven.identity))
    throw refused("the token does not say whose it is");
  return { proven, kid, expiresAt: new Date(exp * SECOND_MS) };
}

function refused(message: string, cause?: unknown): CredentialsRefused {
  return new CredentialsRefused(message, { isToken: true, cause });
}

function seconds(ms: number): number {
  return Math.floor(ms / SECOND_MS);
}
