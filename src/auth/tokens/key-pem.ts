/** Signing keys as PEM: what `barge.auth.key` gives, and what the files of the state directory hold. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { thumbprint } from "../key-id.ts";

/** Signing keys cannot be used as they are. The message says why, never what they hold. */
export class SigningKeysRefused extends Error {
  readonly kind = "SigningKeysRefused";
}

/** A key that verifies tokens. */
export interface PublicKey {
  /** The thumbprint of RFC 7638. */
  readonly kid: string;
  readonly publicKey: KeyObject;
  /** DER; `undefined` where none was given. */
  readonly certificate: Buffer | undefined;
}

/** A key that can sign as well. */
export interface KeyPair extends PublicKey {
  readonly privateKey: KeyObject;
}

/** The keys of a PEM text: at least one that signs, the first of which does. */
export interface PemKeys {
  readonly pairs: readonly [KeyPair, ...KeyPair[]];
  /** Of certificates that no private key here belongs to. */
  readonly verifyOnly: readonly PublicKey[];
}

interface Block {
  readonly label: string;
  readonly pem: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;
const PRIVATE_LABELS: ReadonlySet<string> = new Set(["PRIVATE KEY", "EC PRIVATE KEY"]);

/**
 * Reads private keys and certificates, in any order; text between blocks means nothing.
 * @param source what the text is called in messages, such as `barge.auth.key`.
 * @throws {SigningKeysRefused}
 */
export function parseKeyPem(text: string, source: string): PemKeys {
  const blocks = Array.from(text.matchAll(BLOCK), ([pem, label = ""]) => ({ label, pem }));
  const certificates = blocks
    .filter(({ label }) => label === "CERTIFICATE")
    .map((block) => readCertificate(block, source));
  const [first, ...rest] = blocks
    .filter(({ label }) => isPrivateKey(label, source))
    .map((block) => readPair({ block, source, certificates }));
  if (first === undefined) throw refused(source, "holds no private key in PEM");
  const kids = new Set([first, ...rest].map(({ kid }) => kid));
  const verifyOnly = certificates.filter(({ kid }) => !kids.has(kid));
  return { pairs: [first, ...rest], verifyOnly };
}

function isPrivateKey(label: string, source: string): boolean {
  if (PRIVATE_LABELS.has(label)) return true;
  if (label === "CERTIFICATE" || label === "EC PARAMETERS") return false;
  if (label === "ENCRYPTED PRIVATE KEY") {
    throw refused(source, "holds a private key under a passphrase: give it without one");
  }
  throw refused(
    source,
    `holds a block '${label}', where only EC private keys and certificates help`,
  );
}

interface PairBlock {
  readonly block: Block;
  readonly source: string;
  readonly certificates: readonly PublicKey[];
}

function readPair({ block, source, certificates }: PairBlock): KeyPair {
  const privateKey = attempt(source, "holds a private key that cannot be read", () =>
    createPrivateKey(block.pem),
  );
  const publicKey = createPublicKey(privateKey);
  expectP256(publicKey, source);
  const kid = thumbprint(publicKey);
  const own = certificates.find((certificate) => certificate.kid === kid);
  return { kid, privateKey, publicKey, certificate: own?.certificate };
}

function readCertificate({ pem }: Block, source: string): PublicKey {
  const certificate = attempt(
    source,
    "holds a certificate that cannot be read",
    () => new X509Certificate(pem),
  );
  const { publicKey, raw } = certificate;
  expectP256(publicKey, source);
  return { kid: thumbprint(publicKey), publicKey, certificate: raw };
}

function expectP256(key: KeyObject, source: string): void {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "ec" && curve === "prime256v1") return;
  const found = curve ?? key.asymmetricKeyType ?? "unknown";
  throw refused(
    source,
    `holds a key of the kind '${found}': tokens are signed by EC P-256 (ES256)`,
  );
}

function attempt<Result>(source: string, complaint: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new SigningKeysRefused(`${source} ${complaint}`, { cause });
  }
}

function refused(source: string, complaint: string): SigningKeysRefused {
  return new SigningKeysRefused(`${source} ${complaint}`);
}
