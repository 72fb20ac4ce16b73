import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { publishedJwks } from "../../src/auth/tokens/jwks.ts";
import { thumbprint } from "../../src/auth/key-id.ts";
import { KeysAreGiven, type SigningKeys } from "../../src/auth/tokens/signing-keys.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import {
  certificateOf,
  DAY_MS,
  ecKey,
  isTaken,
  kidOf,
  MINUTE_MS,
  openFolder,
  openKeys,
} from "./keys-subject.ts";

const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
const ENCRYPTED = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
  .toString();

describe("keys that are given", () => {
  it("sign by the first and verify by all", async () => {
    const pems = [ecKey(), ecKey()];
    const retired = ecKey();
    const given = [...pems, certificateOf(retired)].join("some text\n");
    const keys = await openKeys({ given });
    const kids = [...pems, retired].map((pem) => thumbprint(createPrivateKey(pem)));
    expect(await kidOf(keys)).toBe(kids[0]);
    for (const kid of kids) expect(await isTaken(keys, kid, "access")).toBe(true);
    expect(await isTaken(keys, "another", "access")).toBe(false);
    expect((await publishedJwks(keys)).keys.map(({ kid }) => kid)).toEqual(kids);
  });

  it("bring their certificate wherever it stands", async () => {
    const pem = ecKey();
    const certificate = certificateOf(pem);
    const keys = await openKeys({ given: `${certificate}${pem}` });
    expect((await keys.signer()).certificate).toEqual(new X509Certificate(certificate).raw);
  });

  it("may come in the older form with its parameters", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const sec1 = privateKey.export({ type: "sec1", format: "pem" }).toString();
    const parameters =
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    expect(await kidOf(await openKeys({ given: `${parameters}${sec1}` }))).toBe(
      thumbprint(privateKey),
    );
  });

  it.each([
    ["nothing", "", "holds no private key in PEM"],
    ["a certificate alone", certificateOf(ecKey()), "holds no private key in PEM"],
    ["a key of RSA", RSA, "holds a key of the kind 'rsa'"],
    ["a key on another curve", ecKey("P-384"), "holds a key of the kind 'secp384r1'"],
    ["a key under a passphrase", ENCRYPTED, "holds a private key under a passphrase"],
    [
      "a public key",
      "-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----",
      "a block 'PUBLIC KEY'",
    ],
    [
      "a broken key",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
      "cannot be read",
    ],
  ])("are refused: %s", async (_, given, message) => {
    const opening = openKeys({ given });
    await expect(opening).rejects.toMatchObject({ kind: "SigningKeysRefused" });
    await expect(opening).rejects.toThrow("barge.auth.key holds");
    await expect(opening).rejects.toThrow(message);
  });

  it("are not rotated here", async () => {
    await expect((await openKeys({ given: ecKey() })).rotate()).rejects.toThrow(KeysAreGiven);
  });
});

describe.each(["folder", "memory"])("rotation of keys in %s", (place) => {
  async function opened(): Promise<{
    readonly keys: SigningKeys;
    readonly clock: FakeClock;
    readonly resources: AsyncDisposable;
  }> {
    const folder = await openFolder();
    const clock = new FakeClock();
    const directory = place === "folder" ? folder.path : undefined;
    const keys = await openKeys(directory === undefined ? { clock } : { directory, clock });
    return { keys, clock, resources: folder };
  }

  it("lets tokens of the old key live to their end", async () => {
    const { keys, clock, resources } = await opened();
    await using _resources = resources;
    const old = await kidOf(keys);
    const { kid, retired } = await keys.rotate();
    expect(kid).not.toBe(old);
    expect(await kidOf(keys)).toBe(kid);
    expect(retired.map((key) => key.kid)).toEqual([old]);
    await clock.advance(5.9 * MINUTE_MS);
    expect(await isTaken(keys, old, "access")).toBe(true);
    expect((await publishedJwks(keys)).keys.map((key) => key.kid)).toEqual([kid, old]);
    await clock.advance(0.2 * MINUTE_MS);
    expect(await isTaken(keys, old, "access")).toBe(false);
    expect((await publishedJwks(keys)).keys.map((key) => key.kid)).toEqual([kid]);
    expect(await isTaken(keys, old, "refresh")).toBe(true);
    await clock.advance(90 * DAY_MS);
    expect(await isTaken(keys, old, "refresh")).toBe(false);
    expect(await isTaken(keys, kid, "access")).toBe(true);
  });

  it("drops keys that nothing lives of any more", async () => {
    const { keys, clock, resources } = await opened();
    await using _resources = resources;
    const first = await kidOf(keys);
    const { kid: second } = await keys.rotate();
    await clock.advance(91 * DAY_MS);
    const { retired } = await keys.rotate();
    expect(retired.map((key) => key.kid)).toEqual([second]);
    expect(await isTaken(keys, first, "refresh")).toBe(false);
  });

  it("drops the old ones at once when they are revoked", async () => {
    const { keys, resources } = await opened();
    await using _resources = resources;
    const old = await kidOf(keys);
    const { kid, retired } = await keys.rotate({ revoke: true });
    expect(retired).toEqual([]);
    expect(await isTaken(keys, old, "access")).toBe(false);
    expect(await isTaken(keys, old, "refresh")).toBe(false);
    expect(await isTaken(keys, kid, "access")).toBe(true);
  });
});

it("publishes nothing private", async () => {
  const keys = await openKeys({});
  const { keys: published } = await publishedJwks(keys);
  expect(published.map((key) => Object.keys(key))).toEqual([
    ["kty", "crv", "x", "y", "kid", "alg", "use", "x5c"],
  ]);
});
