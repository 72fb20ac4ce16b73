import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { chmod, mkdtempDisposable, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatPem, selfSignedCertificate } from "../../src/auth/certificate.ts";
import { publishedJwks } from "../../src/auth/jwks.ts";
import { thumbprint } from "../../src/auth/key-id.ts";
import { KeysAreGiven, openSigningKeys, type SigningKeys } from "../../src/auth/signing-keys.ts";
import { Secret } from "../../src/config/secret.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

interface Opened {
  readonly given?: string;
  readonly directory?: string;
  readonly clock?: FakeClock;
}

async function openKeys({
  given,
  directory,
  clock = new FakeClock(),
}: Opened): Promise<SigningKeys> {
  return await openSigningKeys({
    given: given === undefined ? undefined : new Secret(given),
    directory,
    issuer: "barge",
    tokenLifetimeMs: 5 * MINUTE_MS,
    refreshTokenLifetimeMs: 90 * DAY_MS,
    clock,
    log: new RecordingLogger(),
  });
}

/** A folder that the server has yet to make. */
async function openFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const above = await mkdtempDisposable(join(tmpdir(), "barge-keys-"));
  return { path: join(above.path, "state", "keys"), [Symbol.asyncDispose]: () => above.remove() };
}

async function kidOf(keys: SigningKeys): Promise<string> {
  return (await keys.signer()).kid;
}

async function isTaken(
  keys: SigningKeys,
  kid: string,
  use: "access" | "refresh",
): Promise<boolean> {
  return (await keys.verifier(kid, use)) !== undefined;
}

function ecKey(curve = "P-256"): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: curve });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function certificateOf(pem: string): string {
  const privateKey = createPrivateKey(pem);
  const notBefore = new Date("2026-01-01");
  const notAfter = new Date("2056-01-01");
  return formatPem(
    "CERTIFICATE",
    selfSignedCertificate({ privateKey, commonName: "given", notBefore, notAfter }),
  );
}

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

describe("the folder of keys", () => {
  it("is made at first start, for nobody else to read", async () => {
    await using folder = await openFolder();
    const kid = await kidOf(await openKeys({ directory: folder.path }));
    const names = (await readdir(folder.path)).toSorted();
    expect(names).toEqual([`${kid}.crt`, "key-0001.pem"].toSorted());
    const modes = await Promise.all(
      [folder.path, ...names.map((name) => join(folder.path, name))].map(async (path) =>
        ((await stat(path)).mode & 0o777).toString(8),
      ),
    );
    expect(modes).toEqual(["700", "600", "600"]);
    expect(await kidOf(await openKeys({ directory: folder.path }))).toBe(kid);
  });

  it("holds the certificate by which others verify", async () => {
    await using folder = await openFolder();
    const { kid, publicKey } = await (await openKeys({ directory: folder.path })).signer();
    const certificate = new X509Certificate(await readFile(join(folder.path, `${kid}.crt`)));
    expect(certificate.publicKey.equals(publicKey)).toBe(true);
    expect(certificate.verify(publicKey)).toBe(true);
    expect(certificate.ca).toBe(true);
  });

  it("comes to one key when many start at once", async () => {
    await using folder = await openFolder();
    const opened = await Promise.all(
      Array.from({ length: 8 }, () => openKeys({ directory: folder.path })),
    );
    const kids = await Promise.all(opened.map(kidOf));
    expect(new Set(kids).size).toBe(1);
    expect((await readdir(folder.path)).toSorted()).toEqual(
      [`${kids[0] ?? ""}.crt`, "key-0001.pem"].toSorted(),
    );
  });

  it.each([0o640, 0o604, 0o620])("is refused when a key has mode %o", async (mode) => {
    await using folder = await openFolder();
    await openKeys({ directory: folder.path });
    const path = join(folder.path, "key-0001.pem");
    await chmod(path, mode);
    await expect(openKeys({ directory: folder.path })).rejects.toThrow(
      `${path} is open to other users of this machine: chmod 600 it`,
    );
  });

  it("is refused when others may write there", async () => {
    await using above = await mkdtempDisposable(join(tmpdir(), "barge-keys-"));
    await chmod(above.path, 0o777);
    await expect(openKeys({ directory: above.path })).rejects.toThrow("chmod 700");
  });

  it("is refused when a key is damaged", async () => {
    await using folder = await openFolder();
    await openKeys({ directory: folder.path });
    const path = join(folder.path, "key-0001.pem");
    await writeFile(path, "damaged");
    await expect(openKeys({ directory: folder.path })).rejects.toThrow(
      `${path} holds no private key`,
    );
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

describe("two processes on one folder", () => {
  it("see a new key as soon as a token names it, but look at most once a second", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const [one, other] = [
      await openKeys({ directory: folder.path, clock }),
      await openKeys({ directory: folder.path, clock }),
    ];
    const { kid } = await one.rotate();
    expect(await isTaken(other, kid, "access")).toBe(false);
    await clock.advance(1000);
    expect(await isTaken(other, kid, "access")).toBe(true);
  });

  it("sign with a new key after three seconds", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const [one, other] = [
      await openKeys({ directory: folder.path, clock }),
      await openKeys({ directory: folder.path, clock }),
    ];
    const old = await kidOf(other);
    const { kid } = await one.rotate();
    expect(await kidOf(other)).toBe(old);
    await clock.advance(3000);
    expect(await kidOf(other)).toBe(kid);
  });

  it("drop a revoked key after three seconds", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const [one, other] = [
      await openKeys({ directory: folder.path, clock }),
      await openKeys({ directory: folder.path, clock }),
    ];
    const old = await kidOf(other);
    await one.rotate({ revoke: true });
    await clock.advance(3000);
    expect(await isTaken(other, old, "access")).toBe(false);
  });

  it("keep the same key when both rotate at once", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const [one, other] = [
      await openKeys({ directory: folder.path, clock }),
      await openKeys({ directory: folder.path, clock }),
    ];
    await Promise.all([one.rotate(), other.rotate()]);
    await clock.advance(3000);
    expect(await kidOf(one)).toBe(await kidOf(other));
  });

  it("go on with the keys they have when the folder is lost", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const keys = await openKeys({ directory: folder.path, clock });
    const kid = await kidOf(keys);
    await rm(folder.path, { recursive: true });
    await clock.advance(3000);
    expect(await kidOf(keys)).toBe(kid);
  });
});

it("publishes nothing private", async () => {
  const keys = await openKeys({});
  const { keys: published } = await publishedJwks(keys);
  expect(published.map((key) => Object.keys(key))).toEqual([
    ["kty", "crv", "x", "y", "kid", "alg", "use", "x5c"],
  ]);
});
