/** Whom an outside token server's tokens come from, and an access that trusts some of them. */
import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Access, Caller } from "../../src/auth/access.ts";
import { thumbprint } from "../../src/auth/key-id.ts";
import { createOutsideAccess } from "../../src/auth/outside-access.ts";
import type { OutsideTokenAuthConfig } from "../../src/config/config.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { END_ENTITY, type Issued, issueCertificate } from "../fixtures/certificate-authority.ts";
import { signToken, type TokenParts } from "../fixtures/json-web-token.ts";

export const SERVICE = "registry.test";
export const ISSUER = "Token server";

export interface Parties {
  readonly directory: string;
  /** An EC certificate of the bundle, no authority. */
  readonly signer: Issued;
  /** An authority of the bundle, and one below it that is not there. */
  readonly root: Issued;
  readonly intermediate: Issued;
  /** Issued by the intermediate authority. */
  readonly leaf: Issued;
  /** Nobody trusts it; its certificate issued itself. */
  readonly stranger: Issued;
  /** Keys of the file of `jwks`, under the ids "rsa", "rsa-ps", "ed", "p384" and "shared". */
  readonly rsa: KeyObject;
  readonly rsaPs: KeyObject;
  readonly ed: KeyObject;
  readonly p384: KeyObject;
  readonly shared: KeyObject;
  readonly bundle: string;
  readonly jwks: string;
  readonly clock: FakeClock;
}

export function newEcKey(namedCurve = "P-256"): KeyObject {
  return generateKeyPairSync("ec", { namedCurve }).privateKey;
}

export function newRsaKey(modulusLength = 2048): KeyObject {
  return generateKeyPairSync("rsa", { modulusLength }).privateKey;
}

export function publicJwk(key: KeyObject): Record<string, unknown> {
  const half = key.type === "public" ? key : createPublicKey(key);
  return { ...half.export({ format: "jwk" }) };
}

export function x5cOf(...certificates: readonly Issued[]): string[] {
  return certificates.map(({ certificate }) => certificate.raw.toString("base64"));
}

export async function openParties(resources: AsyncDisposableStack): Promise<Parties> {
  const directory = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-parties-"))).path;
  const issue = (commonName: string, issuer?: Issued, extensions?: readonly string[]) =>
    issueCertificate(directory, {
      commonName,
      privateKey: newEcKey(),
      ...(issuer === undefined ? {} : { issuer }),
      ...(extensions === undefined ? {} : { extensions }),
    });
  const signer = await issue("signer", undefined, END_ENTITY);
  const root = await issue("root");
  const intermediate = await issue("intermediate", root);
  const leaf = await issue("leaf", intermediate, END_ENTITY);
  const stranger = await issue("stranger");
  const [rsa, rsaPs] = [newRsaKey(), newRsaKey()];
  const [ed, p384] = [generateKeyPairSync("ed25519").privateKey, newEcKey("P-384")];
  const shared = createSecretKey(Buffer.alloc(32, "shared secret"));
  const bundle = join(directory, "bundle.pem");
  const jwks = join(directory, "jwks.json");
  await writeFile(bundle, `some words\n${signer.pem}${root.pem}`);
  const keys = [
    { ...publicJwk(rsa), kid: "rsa" },
    { ...publicJwk(rsaPs), kid: "rsa-ps", alg: "PS256" },
    { ...publicJwk(ed), kid: "ed" },
    { ...publicJwk(p384), kid: "p384", use: "sig" },
    { ...shared.export({ format: "jwk" }), kid: "shared" },
  ];
  await writeFile(jwks, JSON.stringify({ keys }));
  const keyring = { rsa, rsaPs, ed, p384, shared };
  const certificates = { signer, root, intermediate, leaf, stranger };
  return { directory, ...certificates, ...keyring, bundle, jwks, clock: new FakeClock(new Date()) };
}

export function configFor(
  { bundle, jwks }: Pick<Parties, "bundle" | "jwks">,
  changes: Partial<OutsideTokenAuthConfig> = {},
): OutsideTokenAuthConfig {
  return {
    kind: "token",
    realm: "https://auth.test/token",
    service: SERVICE,
    issuer: ISSUER,
    rootCertBundle: bundle,
    jwks,
    autoRedirect: false,
    autoRedirectPath: "/auth/token",
    signingAlgorithms: [],
    ...changes,
  };
}

/** An access that trusts the bundle and the keys, with a clock of its own. */
export function openAccess(
  parties: Parties,
  { clock, ...changes }: Partial<OutsideTokenAuthConfig> & { readonly clock?: FakeClock } = {},
): Promise<Access> {
  const log = new RecordingLogger();
  return createOutsideAccess(configFor(parties, changes), { log, clock: clock ?? parties.clock });
}

/** How a token differs from a good one; what is `undefined` is left out of it. */
export interface TokenChanges extends Partial<Omit<TokenParts, "claims" | "header">> {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A token of the signer for alice, who may pull and push `a`. */
export function tokenOf({ signer, clock }: Parties, changes: TokenChanges = {}): string {
  const now = nowSeconds(clock);
  const { header, claims, ...others } = changes;
  return signToken({
    header: { typ: "JWT", alg: "ES256", kid: thumbprint(signer.privateKey), ...header },
    claims: {
      iss: ISSUER,
      sub: "alice",
      aud: SERVICE,
      exp: now + 300,
      nbf: now,
      iat: now,
      access: [{ type: "repository", class: "", name: "a", actions: ["pull", "push"] }],
      ...claims,
    },
    key: signer.privateKey,
    ...others,
  });
}

export function nowSeconds(clock: FakeClock): number {
  return Math.floor(clock.now().getTime() / 1000);
}

/** Who is found behind a token. */
export async function identify(access: Access, token: string): Promise<Caller> {
  return identifyBy(access, `Bearer ${token}`);
}

export async function identifyBy(access: Access, authorization?: string): Promise<Caller> {
  return await access.identify({ authorization, address: "127.0.0.1", certificate: undefined });
}
