/**
 * The certificate beside a signing key, by which other registries trust Barge's tokens.
 *
 * Written out here byte by byte: it has one shape only, and the library for it would want a polyfill of
 * decorators in the whole process. RFC 5280 section 4.1, in DER (X.690).
 */
import { createPublicKey, hash, type KeyObject, randomBytes, sign } from "node:crypto";

/** What a certificate says. */
export interface CertificateOptions {
  /** EC on P-256. */
  readonly privateKey: KeyObject;
  readonly commonName: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const OID = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  subjectKeyIdentifier: "551d0e",
  keyUsage: "551d0f",
  basicConstraints: "551d13",
} as const;

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
} as const;

const TRUE = der(TAG.boolean, Buffer.from([0xff]));
/** digitalSignature and keyCertSign: bits 0 and 5, the last two of the octet unused. */
const KEY_USAGE = der(TAG.bits, Buffer.from([2, 0b1000_0100]));

/** A self-signed certificate for a key, in DER: an authority of its own, so that a bundle of roots may hold it. */
export function selfSignedCertificate(options: CertificateOptions): Buffer {
  const { privateKey, commonName, notBefore, notAfter } = options;
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const name = distinguishedName(commonName);
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const signed = sequence(
    der(TAG.version, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, serialNumber()),
    algorithm,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey,
    der(TAG.extensions, sequence(...extensions(publicKey))),
  );
  return sequence(signed, algorithm, bits(sign("sha256", signed, privateKey)));
}

/** A DER structure as a block of PEM. */
export function formatPem(label: string, content: Uint8Array): string {
  const lines =
    Buffer.from(content)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function extensions(publicKey: Uint8Array): readonly Buffer[] {
  const identifier = Buffer.from(hash("sha256", publicKey, "buffer").subarray(0, 20));
  return [
    sequence(oid(OID.basicConstraints), TRUE, der(TAG.octets, sequence(TRUE))),
    sequence(oid(OID.keyUsage), TRUE, der(TAG.octets, KEY_USAGE)),
    sequence(oid(OID.subjectKeyIdentifier), der(TAG.octets, der(TAG.octets, identifier))),
  ];
}

function distinguishedName(commonName: string): Buffer {
  const text = der(TAG.utf8, Buffer.from(commonName));
  return sequence(der(TAG.set, sequence(oid(OID.commonName), text)));
}

/** Positive, and in its shortest form: neither the sign bit nor a leading zero. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

/** RFC 5280 section 4.1.2.5: two digits for the year until 2049, four from then on. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/\.\d+|[-:T]/g, "");
  return date.getUTCFullYear() < 2050
    ? der(TAG.utcTime, Buffer.from(digits.slice(2)))
    : der(TAG.generalizedTime, Buffer.from(digits));
}

function bits(content: Uint8Array): Buffer {
  return der(TAG.bits, Buffer.from([0]), content);
}

function oid(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, "hex"));
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(TAG.sequence, ...parts);
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content)]), content]);
}

function lengthOf({ length }: Uint8Array): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
