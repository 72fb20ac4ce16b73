/** Signing keys over folders of their own, and keys to give. */
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatPem, selfSignedCertificate } from "../../src/auth/tokens/certificate.ts";
import { openSigningKeys, type SigningKeys } from "../../src/auth/tokens/signing-keys.ts";
import { Secret } from "../../src/config/secret.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

interface Opened {
  readonly given?: string;
  readonly directory?: string;
  readonly clock?: FakeClock;
}

export async function openKeys({
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
export async function openFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const above = await mkdtempDisposable(join(tmpdir(), "barge-keys-"));
  return { path: join(above.path, "state", "keys"), [Symbol.asyncDispose]: () => above.remove() };
}

export async function kidOf(keys: SigningKeys): Promise<string> {
  return (await keys.signer()).kid;
}

export async function isTaken(
  keys: SigningKeys,
  kid: string,
  use: "access" | "refresh",
): Promise<boolean> {
  return (await keys.verifier(kid, use)) !== undefined;
}

export function ecKey(curve = "P-256"): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: curve });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

export function certificateOf(pem: string): string {
  const privateKey = createPrivateKey(pem);
  const notBefore = new Date("2026-01-01");
  const notAfter = new Date("2056-01-01");
  return formatPem(
    "CERTIFICATE",
    selfSignedCertificate({ privateKey, commonName: "given", notBefore, notAfter }),
  );
}
