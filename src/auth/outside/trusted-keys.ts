/**
 * The keys of an outside token server: certificates of `auth.token.rootcertbundle` and keys of `auth.token.jwks`.
 *
 * RFC 7517, and docs of distribution, "Token Authentication Specification".
 */
import { createPublicKey, createSecretKey, type KeyObject, X509Certificate } from "node:crypto";
import { errorText } from "../../lib/error-text.ts";
import { isJsonObject } from "../../oci/descriptor.ts";
import { parseStrictJson } from "../../lib/strict-json.ts";
import { keyIds } from "../key-id.ts";

/** A key and what it may be used with: an algorithm never chooses its key, nor a token its algorithm. */
export interface TrustedKey {
  readonly key: KeyObject;
  /** Names of JWA; at least one. */
  readonly algorithms: readonly string[];
}

export interface TrustedKeys {
  /** The keys that go by a name; as a rule there is one, or none. */
  find(id: string): readonly TrustedKey[];
  /** Those that may vouch for the certificates which come in tokens. */
  readonly roots: readonly X509Certificate[];
  /** Why some of what the files hold is of no use, a sentence each. */
  readonly remarks: readonly string[];
}

/** A key and all that it is called. */
interface NamedKey extends TrustedKey {
  readonly ids: readonly string[];
}

interface Found {
  readonly keys: readonly NamedKey[];
  readonly remarks: readonly string[];
}

/** So that a name which many keys share does not make for many signatures to check. */
const MAX_KEYS_OF_A_NAME = 8;
const MIN_RSA_BITS = 2048;
const JSON_LIMITS = { maxDepth: 8, maxValues: 20_000 };
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

const RSA_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const CURVE_ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ["ES256"],
  secp384r1: ["ES384"],
  secp521r1: ["ES512"],
  ed25519: ["EdDSA", "Ed25519"],
};
/** A secret must be as long as the hash, RFC 7518 section 3.2. */
const SECRET_ALGORITHMS: readonly (readonly [algorithm: string, minBytes: number])[] = [
  ["HS256", 32],
  ["HS384", 48],
  ["HS512", 64],
];

/** The text of a file that holds no keys; the message says why, without what the text holds. */
export class NoKeys extends Error {
  readonly kind = "NoKeys";
}

/**
 * @param files the texts of the two files, so far as there are any.
 * @throws {NoKeys} when one of them is malformed or there is not a single key in it.
 */
export function readTrustedKeys(files: {
  readonly certificates: X509Certificate[];
  readonly jwks: string | undefined;
}): TrustedKeys {
  const found = [fromCertificates(files.certificates)];
  if (files.jwks !== undefined) found.push(fromJwks(files.jwks));
  const byId = new Map<string, readonly TrustedKey[]>();
  for (const { ids, ...trusted } of found.flatMap(({ keys }) => keys)) {
    for (const id of ids) addKey(byId, id, trusted);
  }
  return {
    find: (id) => byId.get(id) ?? [],
    roots: files.certificates,
    remarks: found.flatMap(({ remarks }) => remarks),
  };
}

/** The certificates of a PEM file; whatever else it holds is not looked at. @throws {NoKeys} */
export function parseCertificates(text: string): X509Certificate[] {
  const certificates = (text.match(CERTIFICATE) ?? []).map((pem, index) => {
    try {
      return new X509Certificate(pem);
    } catch (cause) {
      throw new NoKeys(`its certificate no. ${index + 1} is malformed`, { cause });
    }
  });
  if (certificates.length === 0) throw new NoKeys("there is no certificate in it");
  return certificates;
}

/** What a key may be used with; empty for keys that are not fit for tokens. */
export function algorithmsOf(key: KeyObject): readonly string[] {
  const { asymmetricKeyType: type = "secret", asymmetricKeyDetails: details = {} } = key;
  const { modulusLength = 0, namedCurve = "" } = details;
  if (type === "secret") return secretAlgorithms(key);
  if (type === "rsa") return modulusLength < MIN_RSA_BITS ? [] : RSA_ALGORITHMS;
  return CURVE_ALGORITHMS[type === "ec" ? namedCurve : type] ?? [];
}

function secretAlgorithms({ symmetricKeySize: sizeBytes = 0 }: KeyObject): readonly string[] {
  return SECRET_ALGORITHMS.filter(([, minBytes]) => sizeBytes >= minBytes).map(([name]) => name);
}

/** The last of them counts most: that is the one the reference registry knows by the name. */
function addKey(byId: Map<string, readonly TrustedKey[]>, id: string, added: TrustedKey): void {
  const known = (byId.get(id) ?? []).filter(({ key }) => !key.equals(added.key));
  byId.set(id, [added, ...known].slice(0, MAX_KEYS_OF_A_NAME));
}

function fromCertificates(certificates: readonly X509Certificate[]): Found {
  const keys: NamedKey[] = [];
  const remarks: string[] = [];
  for (const { publicKey: key, subject } of certificates) {
    const algorithms = algorithmsOf(key);
    if (algorithms.length > 0) keys.push({ key, algorithms, ids: keyIds(key) });
    else remarks.push(`the key of the certificate ${JSON.stringify(subject)} cannot sign tokens`);
  }
  return { keys, remarks };
}

function fromJwks(text: string): Found {
  const members = jwksMembers(text);
  const keys: NamedKey[] = [];
  const remarks: string[] = [];
  for (const [index, jwk] of members.entries()) {
    const key = isForSignatures(jwk) ? fromJwk(jwk, index) : undefined;
    if (key !== undefined) keys.push(key);
    else remarks.push(`key no. ${index + 1} cannot verify tokens`);
  }
  if (keys.length === 0) throw new NoKeys("there is no key in it that could verify tokens");
  return { keys, remarks };
}

function jwksMembers(text: string): readonly Readonly<Record<string, unknown>>[] {
  const set = parseJson(text);
  if (!isJsonObject(set) || !Array.isArray(set["keys"])) {
    throw new NoKeys('it is no set of keys: an object with a list "keys"');
  }
  return set["keys"].map((jwk: unknown, index) => {
    if (!isJsonObject(jwk)) throw new NoKeys(`key no. ${index + 1} is no object`);
    return jwk;
  });
}

function parseJson(text: string): unknown {
  try {
    return parseStrictJson(text, JSON_LIMITS);
  } catch (cause) {
    throw new NoKeys(`it is no JSON: ${errorText(cause)}`, { cause });
  }
}

function isForSignatures({ use, key_ops: operations }: Readonly<Record<string, unknown>>): boolean {
  if (use !== undefined && use !== "sig") return false;
  return !Array.isArray(operations) || operations.includes("verify");
}

/** `undefined` for kinds of keys that this registry does not know, as RFC 7517 section 5 wants it. */
function fromJwk(jwk: Readonly<Record<string, unknown>>, index: number): NamedKey | undefined {
  const key = importJwk(jwk, index);
  if (key === undefined) return undefined;
  const { alg, kid } = jwk;
  const algorithms = algorithmsOf(key).filter((name) => alg === undefined || name === alg);
  const ids = key.type === "secret" ? [] : keyIds(key);
  if (typeof kid === "string") ids.push(kid);
  return algorithms.length === 0 ? undefined : { key, algorithms, ids };
}

function importJwk(jwk: Readonly<Record<string, unknown>>, index: number): KeyObject | undefined {
  const { kty, k } = jwk;
  if (kty === "oct" && typeof k === "string") return createSecretKey(k, "base64url");
  if (kty !== "RSA" && kty !== "EC" && kty !== "OKP") return undefined;
  if (jwk["d"] !== undefined) {
    throw new NoKeys(`key no. ${index + 1} is a private key: only public ones belong there`);
  }
  try {
    return createPublicKey({ key: { ...jwk }, format: "jwk" });
  } catch (cause) {
    throw new NoKeys(`key no. ${index + 1} is malformed`, { cause });
  }
}
