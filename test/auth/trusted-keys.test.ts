/** The files of keys: what is in them, and what is told of one that cannot be used. */
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtempDisposable, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keyIds, libtrustKeyId, thumbprint } from "../../src/auth/key-id.ts";
import { TrustedKeyFiles } from "../../src/auth/outside/trusted-key-files.ts";
import { parseCertificates, readTrustedKeys } from "../../src/auth/outside/trusted-keys.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { type Issued, issueCertificate } from "../fixtures/certificate-authority.ts";
import { newEcKey, newRsaKey, publicJwk } from "./outside-parties.ts";

const resources = new AsyncDisposableStack();
let directory: string;
let one: Issued;
let two: Issued;

beforeAll(async () => {
  directory = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-keys-"))).path;
  const [first, second] = [newEcKey(), newRsaKey()];
  one = await issueCertificate(directory, { commonName: "one", privateKey: first });
  two = await issueCertificate(directory, { commonName: "two", privateKey: second });
});
afterAll(() => resources.disposeAsync());

function fromJwks(...keys: readonly unknown[]) {
  return readTrustedKeys({ certificates: [], jwks: JSON.stringify({ keys }) });
}

describe("a bundle", () => {
  it("holds several certificates, known by every id of their keys", () => {
    const text = `# ours\r\n${one.pem.replaceAll("\n", "\r\n")}between\n${two.pem}`;
    const certificates = parseCertificates(text);
    const keys = readTrustedKeys({ certificates, jwks: undefined });
    expect(keys.roots.map(({ subject }) => subject)).toEqual(["CN=one", "CN=two"]);
    for (const { certificate } of [one, two]) {
      for (const id of keyIds(certificate.publicKey)) {
        expect(keys.find(id)[0]?.key.equals(certificate.publicKey)).toBe(true);
      }
    }
    expect(keys.find("unknown")).toEqual([]);
  });

  it("may hold a private key, which is not looked at", () => {
    const key = one.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    expect(parseCertificates(key + one.pem)).toHaveLength(1);
  });

  it.each([
    ["nothing", "", "no certificate in it"],
    [
      "a key alone",
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
      "no certificate",
    ],
    ["something broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no. 1"],
  ])("of %s is told", (_name, text, message) => {
    expect(() => parseCertificates(text)).toThrow(message);
  });

  it("tells of a key that cannot sign tokens", async () => {
    const { privateKey } = generateKeyPairSync("ed448");
    const issued = await issueCertificate(directory, { commonName: "ed448", privateKey });
    const certificates = parseCertificates(issued.pem);
    const { remarks } = readTrustedKeys({ certificates, jwks: undefined });
    expect(remarks).toEqual(['the key of the certificate "CN=ed448" cannot sign tokens']);
  });
});

describe("a set of keys", () => {
  it("is known by kid, thumbprint and libtrust id, each key with its own algorithms", () => {
    const key = createPublicKey(newEcKey());
    const rsa = newRsaKey();
    const keys = fromJwks({ ...publicJwk(key), kid: "k" }, { ...publicJwk(rsa), alg: "RS512" });
    for (const id of ["k", thumbprint(key), libtrustKeyId(key)]) {
      expect(keys.find(id)).toMatchObject([{ algorithms: ["ES256"] }]);
    }
    expect(keys.find(thumbprint(rsa))).toMatchObject([{ algorithms: ["RS512"] }]);
    expect(keys.roots).toEqual([]);
  });

  it("leaves out what is not for signatures or of a kind that is not known, and says so", () => {
    const jwk = publicJwk(newEcKey());
    const keys = fromJwks(
      { ...jwk, kid: "good", use: "sig", key_ops: ["verify"] },
      { ...publicJwk(newEcKey()), kid: "enc", use: "enc" },
      { ...publicJwk(newEcKey()), kid: "ops", key_ops: ["deriveKey"] },
      { kty: "future", kid: "future" },
      { kty: "oct", k: "c2hvcnQ", kid: "short" },
      { ...publicJwk(newRsaKey(1024)), kid: "weak" },
      { ...publicJwk(newEcKey()), kid: "foreign", alg: "RSA-OAEP" },
    );
    const ids = ["good", "enc", "ops", "future", "short", "weak", "foreign"];
    expect(ids.filter((id) => keys.find(id).length > 0)).toEqual(["good"]);
    expect(keys.remarks).toHaveLength(6);
  });

  it("with one name for two keys has both, the last first", () => {
    const [first, second] = [createPublicKey(newEcKey()), createPublicKey(newEcKey())];
    const keys = fromJwks({ ...publicJwk(first), kid: "k" }, { ...publicJwk(second), kid: "k" });
    expect(keys.find("k").map(({ key }) => thumbprint(key))).toEqual(
      [second, first].map(thumbprint),
    );
  });

  it("gives a name to eight keys at most", () => {
    const keys = Array.from({ length: 12 }, () => ({ ...publicJwk(newEcKey()), kid: "k" }));
    expect(fromJwks(...keys).find("k")).toHaveLength(8);
  });

  it.each([
    ["no JSON", "<html>", "no JSON"],
    ["a list", "[]", "no set of keys"],
    ["no list of keys", '{"keys":{}}', "no set of keys"],
    ["a key that is a text", '{"keys":["key"]}', "key no. 1 is no object"],
    ["no keys", '{"keys":[]}', "no key in it"],
    ["two lists", '{"keys":[],"keys":[]}', "no JSON"],
    ["a broken key", '{"keys":[{"kty":"EC","crv":"P-256"}]}', "key no. 1 is malformed"],
    ["too much", `{"keys":[${"{},".repeat(30_000)}{}]}`, "no JSON"],
  ])("of %s is told", (_name, jwks, message) => {
    expect(() => readTrustedKeys({ certificates: [], jwks })).toThrow(message);
  });

  it("with a private key is told, without the key", () => {
    const jwk = newEcKey().export({ format: "jwk" });
    let message = "";
    try {
      fromJwks(jwk);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("key no. 1 is a private key");
    expect(message).not.toContain(jwk.d);
  });
});

describe("the files", () => {
  const open = (files: { readonly rootCertBundle?: string; readonly jwks?: string }) => {
    const log = new RecordingLogger();
    const clock = new FakeClock();
    const { rootCertBundle, jwks } = files;
    return { log, clock, files: new TrustedKeyFiles({ rootCertBundle, jwks, log, clock }) };
  };

  it.each([
    ["rootCertBundle", "auth.token.rootcertbundle"],
    ["jwks", "auth.token.jwks"],
  ])("of %s that are missing or empty name setting and file", async (option, setting) => {
    const file = join(directory, `empty-${option}`);
    for (const path of [join(directory, "missing"), file, directory]) {
      await writeFile(file, "");
      expect(() => open({ [option]: path })).toThrow(
        expect.objectContaining({
          kind: "TrustedKeysUnusable",
          setting,
          file: path,
          message: expect.stringContaining(`${setting}: cannot use ${path}: `) as string,
        }),
      );
    }
  });

  it("are asked for at most once a second", async () => {
    const rootCertBundle = join(directory, "asked.pem");
    await writeFile(rootCertBundle, one.pem);
    const { files, clock } = open({ rootCertBundle });
    const before = files.current();
    await writeFile(`${rootCertBundle}.new`, two.pem);
    await rename(`${rootCertBundle}.new`, rootCertBundle);
    await clock.advance(999);
    expect(files.current()).toBe(before);
    await clock.advance(1);
    expect(files.current().roots.map(({ subject }) => subject)).toEqual(["CN=two"]);
    await clock.advance(1000);
    expect(files.current()).toBe(files.current());
  });

  it("are kept when they vanish, and read once they are back", async () => {
    const rootCertBundle = join(directory, "vanishing.pem");
    await writeFile(rootCertBundle, one.pem);
    const { files, clock, log } = open({ rootCertBundle });
    await rename(rootCertBundle, `${rootCertBundle}.away`);
    await clock.advance(1000);
    expect(files.current().roots).toHaveLength(1);
    expect(log.lines).toMatchObject([{ level: "error" }]);
    await writeFile(rootCertBundle, one.pem + two.pem);
    await clock.advance(1000);
    expect(files.current().roots).toHaveLength(2);
  });

  it("tell in the log of keys that are of no use", async () => {
    const jwks = join(directory, "remarkable.json");
    const keys = [{ kty: "future" }, publicJwk(newEcKey())];
    await writeFile(jwks, JSON.stringify({ keys }));
    expect(open({ jwks }).log.lines).toMatchObject([
      { level: "warn", message: "keys of the token server: key no. 1 cannot verify tokens" },
    ]);
  });
});
