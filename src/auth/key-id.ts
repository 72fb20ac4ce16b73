/** The names by which tokens speak of the keys that signed them. */
import { createECDH, createHash, createPublicKey, type KeyObject } from "node:crypto";

const LIBTRUST_BYTES = 30;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE32_BITS = 5;

/** The curves that tokens are signed with, by their names in JWA, and what OpenSSL calls them. */
const CURVES: Readonly<Record<string, string>> = {
  "P-256": "prime256v1",
  "P-384": "secp384r1",
  "P-521": "secp521r1",
};

/** Members of a public key that make its thumbprint, in the order of RFC 7638 section 3.2. */
const THUMBPRINT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ["crv", "kty", "x", "y"],
  OKP: ["crv", "kty", "x"],
  OTP: ["crv", "kty", "x"],
  RSA: ["e", "kty", "n"],
};

type Members = Readonly<Record<string, unknown>>;

/**
 * What registries up to version 2 call a key: 240 bits of the SHA-256 of its SubjectPublicKeyInfo, in base32,
 * in twelve groups of four letters.
 *
 * @param key public or private.
 */
export function libtrustKeyId(key: KeyObject): string {
  const info = publicPart(key);
  const digest = createHash("sha256").update(info).digest().subarray(0, LIBTRUST_BYTES);
  return base32(digest).match(/.{4}/g)?.join(":") ?? "";
}

/**
 * What everybody else calls it: RFC 7638 with SHA-256, in base64url.
 *
 * @param key RSA, EC or Ed25519, public or private.
 */
export function thumbprint(key: KeyObject): string {
  return hashOf(membersOf(key));
}

/**
 * All names under which a token server may know a key, the two above among them. The others are mistakes of
 * version 3 of the reference registry that token servers copied: EC coordinates without their leading zero bytes,
 * those of the curve's base point in their place, and "OTP" for OKP. That of the base point is the same for all
 * keys of a curve: a name may stand for several keys.
 *
 * @param key RSA, EC or Ed25519, public or private.
 */
export function keyIds(key: KeyObject): string[] {
  const members = membersOf(key);
  const ids = [thumbprint(key), libtrustKeyId(key), hashOf(withoutZeros(members))];
  const basePoint = basePointOf(members);
  if (basePoint !== undefined) ids.push(hashOf(withoutZeros(basePoint)));
  if (members["kty"] === "OKP") ids.push(hashOf({ ...members, kty: "OTP" }));
  return [...new Set(ids)];
}

function hashOf(members: Members): string {
  const names = THUMBPRINT_MEMBERS[String(members["kty"])] ?? [];
  const text = JSON.stringify(Object.fromEntries(names.map((name) => [name, members[name]])));
  return createHash("sha256").update(text).digest("base64url");
}

function membersOf(key: KeyObject): Members {
  return { ...key.export({ format: "jwk" }) };
}

function publicPart(key: KeyObject): Buffer {
  const isPublic = key.type === "public";
  return (isPublic ? key : createPublicKey(key)).export({ format: "der", type: "spki" });
}

function withoutZeros(members: Members): Members {
  if (members["kty"] !== "EC") return members;
  return { ...members, x: stripped(members["x"]), y: stripped(members["y"]) };
}

function stripped(coordinate: unknown): string {
  const bytes = Buffer.from(String(coordinate), "base64url");
  const start = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(Math.max(start, 0)).toString("base64url");
}

/** The base point is the public key of the private key 1. */
function basePointOf(members: Members): Members | undefined {
  const curve = CURVES[String(members["crv"])];
  if (members["kty"] !== "EC" || curve === undefined) return undefined;
  const ecdh = createECDH(curve);
  ecdh.setPrivateKey("01", "hex");
  const coordinates = ecdh.getPublicKey().subarray(1);
  const half = coordinates.length / 2;
  return {
    ...members,
    x: coordinates.subarray(0, half).toString("base64url"),
    y: coordinates.subarray(half).toString("base64url"),
  };
}

/** RFC 4648 section 6, of a whole number of letters. Node has base64 alone. */
function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = bits.match(new RegExp(`.{${BASE32_BITS}}`, "g")) ?? [];
  return letters.map((letter) => BASE32[Number.parseInt(letter, 2)] ?? "").join("");
}
