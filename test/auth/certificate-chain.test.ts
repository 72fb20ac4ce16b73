/** Certificates in tokens: which chains lead to a trusted one. */
import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyChain } from "../../src/auth/outside/certificate-chain.ts";
import { extensionsOf, pathLengthOf } from "../../src/auth/outside/certificate-extensions.ts";
import {
  AUTHORITY,
  END_ENTITY,
  type Issued,
  issueCertificate,
} from "../fixtures/certificate-authority.ts";
import {
  identify,
  newEcKey,
  newRsaKey,
  openAccess,
  openParties,
  type Parties,
  tokenOf,
  x5cOf,
} from "./outside-parties.ts";

const resources = new AsyncDisposableStack();
let parties: Parties;

beforeAll(async () => {
  parties = await openParties(resources);
});
afterAll(() => resources.disposeAsync());

const DAY_MS = 86_400_000;

function verify(chain: unknown, { roots = [parties.root], daysOn = 0 } = {}): Buffer {
  const now = new Date(Date.now() + daysOn * DAY_MS);
  const trusted = roots.map(({ certificate }) => certificate);
  const { key } = verifyChain(chain, { roots: trusted, now });
  return key.export({ format: "der", type: "spki" });
}

function keyOf({ certificate: { publicKey } }: Issued): Buffer {
  return publicKey.export({ format: "der", type: "spki" });
}

function refusal(chain: unknown, options: Parameters<typeof verify>[1] = {}): string {
  try {
    verify(chain, options);
  } catch (error) {
    expect(error).toMatchObject({ kind: "ChainRefused" });
    return (error as Error).message;
  }
  return "nothing: it was taken";
}

async function issue(
  commonName: string,
  options: Partial<Parameters<typeof issueCertificate>[1]> = {},
): Promise<Issued> {
  return await issueCertificate(parties.directory, {
    commonName,
    privateKey: newEcKey(),
    ...options,
  });
}

describe("a chain is taken", () => {
  it("through an authority that comes along", () => {
    const { leaf, intermediate } = parties;
    expect(verify(x5cOf(leaf, intermediate))).toEqual(keyOf(leaf));
  });

  it("with the root at its end", () => {
    const { leaf, intermediate, root } = parties;
    expect(verify(x5cOf(leaf, intermediate, root))).toEqual(keyOf(leaf));
  });

  it("when the first certificate itself is trusted, though it is no authority", () => {
    expect(verify(x5cOf(parties.signer), { roots: [parties.signer] })).toEqual(
      keyOf(parties.signer),
    );
  });

  it("with keys of RSA and Ed25519", async () => {
    const issuer = await issue("rsa-root", { privateKey: newRsaKey() });
    const { privateKey } = generateKeyPairSync("ed25519");
    const leaf = await issue("ed-leaf", { issuer, privateKey, extensions: END_ENTITY });
    expect(verify(x5cOf(leaf), { roots: [parties.root, issuer] })).toEqual(keyOf(leaf));
  });

  it("with usages that are critical", async () => {
    const extensions = [...END_ENTITY, "keyUsage=critical,digitalSignature"];
    const leaf = await issue("with-usages", { issuer: parties.root, extensions });
    expect(verify(x5cOf(leaf))).toEqual(keyOf(leaf));
  });
});

describe("a chain is refused", () => {
  it("that leads to nobody who is trusted", () => {
    const { stranger, leaf } = parties;
    expect(refusal(x5cOf(stranger))).toContain("no trusted certificate");
    expect(refusal(x5cOf(leaf))).toContain("no trusted certificate");
    expect(refusal(x5cOf(leaf, parties.intermediate), { roots: [] })).toContain("no trusted");
  });

  it("in which a trusted certificate stands beside, but has issued nothing", () => {
    expect(refusal(x5cOf(parties.stranger, parties.root))).toContain("no trusted certificate");
  });

  it("whose issuer has only the name of the trusted one", async () => {
    const namesake = await issueCertificate(`${parties.directory}/stranger`, {
      commonName: "root",
      privateKey: newEcKey(),
    });
    const leaf = await issue("of-namesake", { issuer: namesake, extensions: END_ENTITY });
    expect(refusal(x5cOf(leaf))).toContain("no trusted certificate");
    expect(refusal(x5cOf(leaf, namesake))).toContain("no trusted certificate");
  });

  it("in which a certificate that is no authority has issued another", async () => {
    const extensions = END_ENTITY;
    const leaf = await issue("below-signer", { issuer: parties.signer, extensions });
    expect(refusal(x5cOf(leaf), { roots: [parties.signer] })).toContain("may not issue");
    const below = await issue("below-leaf", { issuer: parties.leaf, extensions });
    const chain = x5cOf(below, parties.leaf, parties.intermediate);
    expect(refusal(chain)).toContain("may not issue");
  });

  it("that is longer than an authority in it may issue", async () => {
    const short = ["basicConstraints=critical,CA:TRUE,pathlen:0"];
    const root = await issue("short-root", { extensions: short });
    const middle = await issue("too-much", { issuer: root });
    const leaf = await issue("too-far", { issuer: middle, extensions: END_ENTITY });
    const near = await issue("near-enough", { issuer: root, extensions: END_ENTITY });
    expect(refusal(x5cOf(leaf, middle), { roots: [root] })).toContain("so long a chain");
    expect(verify(x5cOf(near), { roots: [root] })).toEqual(keyOf(near));
  });

  it("before and after the dates of its certificates", () => {
    const chain = x5cOf(parties.leaf, parties.intermediate);
    expect(refusal(chain, { daysOn: -1 })).toContain("not valid yet");
    expect(refusal(chain, { daysOn: 2 })).toContain("expired");
    expect(refusal(x5cOf(parties.signer), { roots: [parties.signer], daysOn: 2 })).toContain(
      "expired",
    );
  });

  it("with a critical extension that nobody here knows", async () => {
    const extensions = [...END_ENTITY, "1.2.3.4.5=critical,ASN1:NULL"];
    const leaf = await issue("critical", { issuer: parties.root, extensions });
    expect(refusal(x5cOf(leaf))).toContain("critical extension");
    const constrained = await issue("constrained", {
      extensions: [...AUTHORITY, "nameConstraints=critical,permitted;DNS:.test"],
    });
    const below = await issue("below-constrained", { issuer: constrained, extensions: END_ENTITY });
    expect(refusal(x5cOf(below), { roots: [constrained] })).toContain("critical extension");
  });

  it("signed with SHA-1", async () => {
    const extensions = END_ENTITY;
    const leaf = await issue("sha1", { issuer: parties.root, extensions, hash: "sha1" });
    expect(refusal(x5cOf(leaf))).toContain("weak hash");
  });

  it.each([
    ["empty", []],
    ["no list", "MIIB"],
    ["a list of numbers", [1]],
    ["null", null],
    ["no base64", ["-----BEGIN CERTIFICATE-----"]],
    ["no certificate", [Buffer.from("certificate").toString("base64")]],
    ["an empty text", [""]],
  ])("that is %s", (_name, chain) => {
    expect(refusal(chain)).toMatch(/x5c/);
  });

  it("of more than eight certificates", () => {
    const chain = x5cOf(...Array.from({ length: 9 }, () => parties.leaf));
    expect(refusal(chain)).toContain("at most 8");
  });
});

describe("a token with a chain", () => {
  it("is believed when the first key of the chain has signed it", async () => {
    const access = await openAccess(parties);
    const { leaf, intermediate } = parties;
    const header = { kid: undefined, x5c: x5cOf(leaf, intermediate) };
    const token = tokenOf(parties, { header, key: leaf.privateKey });
    expect(await identify(access, token)).toMatchObject({ name: "alice" });
    const embedded = { kid: undefined, jwk: { x5c: x5cOf(leaf, intermediate) } };
    const other = tokenOf(parties, { header: embedded, key: leaf.privateKey });
    expect(await identify(access, other)).toMatchObject({ name: "alice" });
  });

  it.each(["x5c", "jwk"])("in %s is refused when another key has signed it", async (where) => {
    const access = await openAccess(parties);
    const { leaf, intermediate, stranger } = parties;
    const x5c = x5cOf(leaf, intermediate);
    const header = where === "x5c" ? { x5c } : { jwk: { x5c } };
    for (const key of [stranger.privateKey, intermediate.privateKey, parties.signer.privateKey]) {
      const token = tokenOf(parties, { header, key });
      await expect(identify(access, token)).rejects.toMatchObject({ isToken: true });
    }
  });

  it("is refused when its chain is, though its kid is trusted and has signed", async () => {
    const access = await openAccess(parties);
    const token = tokenOf(parties, { header: { x5c: x5cOf(parties.stranger) } });
    await expect(identify(access, token)).rejects.toMatchObject({ isToken: true });
  });

  it("is refused where there is no bundle", async () => {
    const access = await openAccess(parties, { rootCertBundle: undefined });
    const token = tokenOf(parties, { header: { x5c: x5cOf(parties.signer) } });
    await expect(identify(access, token)).rejects.toMatchObject({ isToken: true });
  });
});

it("extensions are read as openssl wrote them", async () => {
  const extensions = [
    "basicConstraints=critical,CA:TRUE,pathlen:300",
    "keyUsage=digitalSignature",
    `nsComment=${"c".repeat(300)}`,
  ];
  const { certificate } = await issue("extended", { extensions });
  const found = extensionsOf(certificate).map(({ id, isCritical }) => [id, isCritical]);
  expect(found).toEqual(
    expect.arrayContaining([
      ["551d13", true],
      ["551d0f", false],
      ["6086480186f842010d", false],
    ]),
  );
  expect(pathLengthOf(certificate)).toBe(300);
  expect(pathLengthOf(parties.root.certificate)).toBe(Infinity);
  expect(pathLengthOf(parties.leaf.certificate)).toBe(Infinity);
});
