/** Which tokens are believed: every way to get one past a verifier, and every way to sign a good one. */
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Access } from "../../src/auth/access.ts";
import { keyIds, libtrustKeyId, thumbprint } from "../../src/auth/key-id.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";
import { type Issued, issueCertificate } from "../fixtures/certificate-authority.ts";
import {
  identify,
  ISSUER,
  newEcKey,
  newRsaKey,
  nowSeconds,
  openAccess,
  openParties,
  type Parties,
  publicJwk,
  SERVICE,
  type TokenChanges,
  tokenOf,
  x5cOf,
} from "./outside-parties.ts";

type Case = readonly [name: string, changes: (parties: Parties) => TokenChanges | string];

const A = parseRepositoryName("a");
const REFUSED = { kind: "CredentialsRefused", isToken: true };

const resources = new AsyncDisposableStack();
let parties: Parties;
let access: Access;

beforeAll(async () => {
  parties = await openParties(resources);
  access = await openAccess(parties);
});
afterAll(() => resources.disposeAsync());

function made(changes: TokenChanges | string): string {
  return typeof changes === "string" ? changes : tokenOf(parties, changes);
}

/** Claims of a good token, in the text that a test makes of them. */
function payloadOf({ clock }: Parties, more: string): string {
  const now = nowSeconds(clock);
  const claims = { iss: ISSUER, aud: SERVICE, sub: "alice", exp: now + 300, access: [] };
  return `${JSON.stringify(claims).slice(0, -1)},${more}}`;
}

/** A token whose HMAC is made with the public key, as in the confusion of HS and ES or RS. */
function confused(header: Readonly<Record<string, unknown>>, secret: string): TokenChanges {
  return { header: { alg: "HS256", ...header }, key: Buffer.from(secret) };
}

const FORGED: readonly Case[] = [
  ["alg none", () => ({ header: { alg: "none" }, key: "" })],
  ["alg nOnE", () => ({ header: { alg: "nOnE" }, key: "" })],
  ["no alg", () => ({ header: { alg: undefined } })],
  ["alg that is no text", () => ({ header: { alg: ["ES256"] } })],
  ["an empty token", () => ""],
  ["no token at all", () => "not.a.token"],
  ["five parts", (p) => `${tokenOf(p)}.x.y`],
  ["another's signature", ({ stranger }) => ({ key: stranger.privateKey })],
  ["no signature", (p) => tokenOf(p).replace(/[^.]*$/, "")],
  ["a changed payload", (p) => tokenOf(p).replace(/\.[^.]*\./, `.${encode({ sub: "eve" })}.`)],
  ["a longer signature", (p) => `${tokenOf(p)}AAAA`],
  ["an unknown kid", () => ({ header: { kid: "unknown" } })],
  ["a kid that is a path", () => ({ header: { kid: "../../dev/null" } })],
  ["kid __proto__", () => ({ header: { kid: "__proto__" } })],
  ["a kid that is no text", () => ({ header: { kid: 1 } })],
  ["no kid", () => ({ header: { kid: undefined } })],
  ["HS256 with the public key's PEM", (p) => confused({}, pemOf(p.signer))],
  ["HS256 with the certificate's PEM", (p) => confused({}, p.signer.pem)],
  ["HS256 with an RSA key", (p) => confused({ kid: "rsa" }, JSON.stringify(publicJwk(p.rsa)))],
  [
    "HS256 with the shared key, which nobody has named",
    (p) => ({
      header: { alg: "HS256", kid: "shared" },
      key: p.shared,
    }),
  ],
  ["RS256 of an EC key's id", (p) => ({ header: { alg: "RS256" }, key: p.rsa })],
  ["ES384 of a P-256 key", () => ({ header: { alg: "ES384" } })],
  ["RS256 of a key for PS256", (p) => ({ header: { alg: "RS256", kid: "rsa-ps" }, key: p.rsaPs })],
  [
    "jku",
    (p) => ({ header: { kid: "k", jku: "http://127.0.0.1:1/" }, key: p.stranger.privateKey }),
  ],
  [
    "x5u",
    (p) => ({ header: { kid: "k", x5u: "http://127.0.0.1:1/" }, key: p.stranger.privateKey }),
  ],
  ["an unknown crit", () => ({ header: { crit: ["zz"], zz: 1 } })],
  ["b64 false", () => ({ header: { b64: false, crit: ["b64"] } })],
  [
    "an embedded key that nobody trusts",
    ({ stranger: { privateKey } }) => ({
      header: { kid: undefined, jwk: publicJwk(privateKey) },
      key: privateKey,
    }),
  ],
  [
    "an embedded key under a trusted name (CVE-2025-24976)",
    ({ signer, stranger }) => ({
      header: {
        kid: undefined,
        jwk: { ...publicJwk(stranger.privateKey), kid: thumbprint(signer.privateKey) },
      },
      key: stranger.privateKey,
    }),
  ],
  [
    "an embedded key beside a trusted kid",
    ({ stranger: { privateKey } }) => ({
      header: { jwk: publicJwk(privateKey) },
      key: privateKey,
    }),
  ],
  ["an embedded key that is none", () => ({ header: { jwk: "key" } })],
  ["an embedded key that is broken", () => ({ header: { jwk: { kty: "EC", crv: "P-256" } } })],
];

const OF_OTHERS: readonly Case[] = [
  ["no exp", () => ({ claims: { exp: undefined } })],
  ["exp as text", (p) => ({ claims: { exp: String(nowSeconds(p.clock) + 300) } })],
  ["exp null", () => ({ claims: { exp: null } })],
  ["exp beyond the leeway", (p) => ({ claims: { exp: nowSeconds(p.clock) - 61 } })],
  ["exp -1", () => ({ claims: { exp: -1 } })],
  ["nbf beyond the leeway", (p) => ({ claims: { nbf: nowSeconds(p.clock) + 62 } })],
  ["nbf as text", () => ({ claims: { nbf: "0" } })],
  ["iat as text", () => ({ claims: { iat: "0" } })],
  ["no iss", () => ({ claims: { iss: undefined } })],
  ["another iss", () => ({ claims: { iss: "Another" } })],
  ["iss with a slash more", () => ({ claims: { iss: `${ISSUER}/` } })],
  ["iss in another case", () => ({ claims: { iss: ISSUER.toUpperCase() } })],
  ["no aud", () => ({ claims: { aud: undefined } })],
  ["another aud", () => ({ claims: { aud: "other" } })],
  ["aud of others", () => ({ claims: { aud: ["one", "two"] } })],
  ["aud empty", () => ({ claims: { aud: [] } })],
  ["sub that is no text", () => ({ claims: { sub: { name: "alice" } } })],
  ["a payload that is no object", () => ({ payload: "[]" })],
  ["a payload that is no JSON", () => ({ payload: "{" })],
  ["access that is no list", () => ({ claims: { access: { type: "repository" } } })],
  ["access of texts", () => ({ claims: { access: ["repository:a:pull"] } })],
  ["access with null", () => ({ claims: { access: [null] } })],
  ["access without a name", () => ({ claims: { access: [{ type: "repository", actions: [] }] } })],
  ["actions that are a text", () => ({ claims: { access: [entry("a", "pull")] } })],
  ["actions of numbers", () => ({ claims: { access: [entry("a", [1])] } })],
  [
    "more than a header holds",
    () => ({
      claims: { access: Array.from({ length: 1000 }, (_, i) => entry(`r${i}`, ["pull"])) },
    }),
  ],
];

function entry(name: string, actions: unknown, type = "repository"): object {
  return { type, class: "", name, actions };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function pemOf({ certificate: { publicKey } }: Issued): string {
  return publicKey.export({ type: "spki", format: "pem" }).toString();
}

describe.each([
  ["forged", FORGED],
  ["of or for others", OF_OTHERS],
] as const)("a token that is %s", (_name, cases) => {
  it.each(cases)("is refused: %s", async (_case, changes) => {
    await expect(identify(access, made(changes(parties)))).rejects.toMatchObject(REFUSED);
  });
});

const GOOD: readonly Case[] = [
  ["the thumbprint as kid", () => ({})],
  ["the libtrust id as kid", (p) => ({ header: { kid: libtrustKeyId(p.signer.privateKey) } })],
  ["every id of the key as kid", (p) => ({ header: { kid: keyIds(p.signer.privateKey).at(-1) } })],
  ["RS256, kid of jwks", (p) => ({ header: { alg: "RS256", kid: "rsa" }, key: p.rsa })],
  ["RS512, kid of jwks", (p) => ({ header: { alg: "RS512", kid: "rsa" }, key: p.rsa })],
  ["PS256, kid of jwks", (p) => ({ header: { alg: "PS256", kid: "rsa" }, key: p.rsa })],
  ["PS256 of a key for it", (p) => ({ header: { alg: "PS256", kid: "rsa-ps" }, key: p.rsaPs })],
  ["ES384, kid of jwks", (p) => ({ header: { alg: "ES384", kid: "p384" }, key: p.p384 })],
  ["EdDSA, kid of jwks", (p) => ({ header: { alg: "EdDSA", kid: "ed" }, key: p.ed })],
  [
    "libtrust id of a key of jwks",
    (p) => ({
      header: { alg: "RS256", kid: libtrustKeyId(p.rsa) },
      key: p.rsa,
    }),
  ],
  [
    "an embedded key that is trusted",
    (p) => ({
      header: { kid: undefined, jwk: publicJwk(p.signer.privateKey) },
    }),
  ],
  [
    "a key embedded by name",
    (p) => ({
      header: { alg: "RS256", kid: undefined, jwk: { ...publicJwk(p.rsa), kid: "rsa" } },
      key: p.rsa,
    }),
  ],
  ["x5c of a trusted certificate", (p) => ({ header: { kid: undefined, x5c: x5cOf(p.signer) } })],
  ["x5c beside an unknown kid", (p) => ({ header: { kid: "unknown", x5c: x5cOf(p.signer) } })],
  ["no typ", () => ({ header: { typ: undefined } })],
  ["exp within the leeway", (p) => ({ claims: { exp: nowSeconds(p.clock) - 58 } })],
  ["exp in a hundred years", (p) => ({ claims: { exp: nowSeconds(p.clock) + 3e9 } })],
  ["exp beyond all dates", () => ({ claims: { exp: 1e300 } })],
  ["nbf within the leeway", (p) => ({ claims: { nbf: nowSeconds(p.clock) + 58 } })],
  ["no nbf, no iat", () => ({ claims: { nbf: undefined, iat: undefined } })],
  ["aud with others beside", () => ({ claims: { aud: ["other", SERVICE] } })],
];

it.each(GOOD)("a token is believed: %s", async (_name, changes) => {
  const caller = await identify(access, made(changes(parties)));
  expect(caller).toMatchObject({ name: "alice", lack: "scope", isAdmin: false });
  expect(caller.identity).toEqual({ kind: "user", name: "alice", groups: [] });
  expect(caller.may("push", A)).toBe(true);
});

describe("the subject", () => {
  it("may be empty or missing, for those the token server does not know", async () => {
    for (const sub of ["", undefined, null]) {
      const caller = await identify(access, tokenOf(parties, { claims: { sub } }));
      expect(caller).toMatchObject({ name: "", lack: "scope" });
    }
  });

  it("is the last of two, which changes nobody's rights", async () => {
    const payload = payloadOf(parties, '"sub":"second"');
    expect(await identify(access, tokenOf(parties, { payload }))).toMatchObject({ name: "second" });
  });

  it("is not taken from a claim __proto__", async () => {
    const payload = payloadOf(parties, '"__proto__":{"sub":"eve","access":[]}');
    expect(await identify(access, tokenOf(parties, { payload }))).toMatchObject({ name: "alice" });
  });
});

describe("a shared secret of jwks", () => {
  it("signs where HS256 is named among the algorithms", async () => {
    const named = await openAccess(parties, { signingAlgorithms: ["HS256"] });
    const token = tokenOf(parties, {
      header: { alg: "HS256", kid: "shared" },
      key: parties.shared,
    });
    expect(await identify(named, token)).toMatchObject({ name: "alice" });
  });

  it("does not make an HMAC with a public key good", async () => {
    const named = await openAccess(parties, { signingAlgorithms: ["HS256", "ES256"] });
    const token = tokenOf(parties, confused({}, pemOf(parties.signer)));
    await expect(identify(named, token)).rejects.toMatchObject(REFUSED);
  });
});

describe("signingalgorithms", () => {
  it("are all that is allowed", async () => {
    const narrow = await openAccess(parties, { signingAlgorithms: ["RS256"] });
    const good = tokenOf(parties, { header: { alg: "RS256", kid: "rsa" }, key: parties.rsa });
    expect(await identify(narrow, good)).toMatchObject({ name: "alice" });
    await expect(identify(narrow, tokenOf(parties))).rejects.toMatchObject(REFUSED);
  });

  it("never allow none", async () => {
    const lax = await openAccess(parties, { signingAlgorithms: ["none", "ES256"] });
    const token = tokenOf(parties, { header: { alg: "none" }, key: "" });
    await expect(identify(lax, token)).rejects.toMatchObject(REFUSED);
  });
});

describe("issuer and service that are empty", () => {
  it("are demanded like any other", async () => {
    const empty = await openAccess(parties, { issuer: "", service: "" });
    await expect(identify(empty, tokenOf(parties))).rejects.toMatchObject(REFUSED);
    const token = tokenOf(parties, { claims: { iss: "", aud: "" } });
    expect(await identify(empty, token)).toMatchObject({ name: "alice" });
  });
});

it("what is refused stands in no message", async () => {
  const token = tokenOf(parties, { header: { kid: "canary-kid" }, claims: { sub: "canary-sub" } });
  const error = await identify(access, token).catch((reason: unknown) => reason);
  expect(String(error)).not.toContain("canary");
  expect(String(error)).not.toContain(token.slice(0, 20));
});

it("a key of fewer than 2048 bits signs nothing", async () => {
  const privateKey = newRsaKey(1024);
  const weak = await issueCertificate(parties.directory, { commonName: "weak", privateKey });
  const narrow = await openAccess(parties, { rootCertBundle: weak.files.certificate });
  const header = { alg: "RS256", kid: thumbprint(privateKey) };
  const token = tokenOf(parties, { header, key: privateKey });
  await expect(identify(narrow, token)).rejects.toMatchObject(REFUSED);
});

it("of several keys with one name each may have signed", async () => {
  const others = await Promise.all(
    ["one", "two", "three"].map((commonName) =>
      issueCertificate(parties.directory, { commonName, privateKey: newEcKey() }),
    ),
  );
  const bundle = `${parties.directory}/several.pem`;
  await writeFile(bundle, others.map(({ pem }) => pem).join(""));
  const several = await openAccess(parties, { rootCertBundle: bundle });
  for (const { privateKey: key } of others) {
    const kid = keyIds(key).at(-1);
    expect(await identify(several, tokenOf(parties, { header: { kid }, key }))).toMatchObject({
      name: "alice",
    });
  }
  const token = tokenOf(parties, { header: { kid: keyIds(newEcKey()).at(-1) }, key: newEcKey() });
  await expect(identify(several, token)).rejects.toMatchObject(REFUSED);
});
