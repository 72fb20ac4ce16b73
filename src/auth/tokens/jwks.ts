/** The public keys, for whoever verifies Barge's tokens. RFC 7517. */
import type { PublicKey } from "./key-pem.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** One public key. */
export interface PublishedJwk {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: "ES256";
  readonly use: "sig";
  readonly x5c?: readonly string[];
}

export interface Jwks {
  readonly keys: readonly PublishedJwk[];
}

/** The keys that access tokens are taken from at this moment, the one that signs first. */
export async function publishedJwks(keys: SigningKeys): Promise<Jwks> {
  const published = await keys.published();
  return { keys: published.map(toJwk) };
}

/** Member by member, so that nothing private can ever come along. */
function toJwk({ kid, publicKey, certificate }: PublicKey): PublishedJwk {
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const jwk = { kty: "EC", crv: "P-256", x, y, kid, alg: "ES256", use: "sig" } as const;
  return certificate === undefined ? jwk : { ...jwk, x5c: [certificate.toString("base64")] };
}
