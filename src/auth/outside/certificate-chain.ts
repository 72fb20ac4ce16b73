/**
 * Certificates that come in tokens (`x5c`), checked up to those that are trusted: RFC 5280 section 6, as far as
 * it matters for keys that sign tokens, whose names and purposes nobody asks for.
 *
 * By hand, because node:crypto checks single signatures and no chains, and the chain builder of @peculiar/x509
 * looks at neither dates nor constraints. Signatures, names and the right to issue are node:crypto's to check. A
 * chain is taken in the order in which RFC 7515 section 4.1.6 wants it: nobody can make us search for one.
 */
import { type KeyObject, X509Certificate } from "node:crypto";
import { extensionsOf, pathLengthOf } from "./certificate-extensions.ts";

/** Is not, or not any more, vouched for. */
export class ChainRefused extends Error {
  readonly kind = "ChainRefused";
}

export interface VerifiedChain {
  readonly key: KeyObject;
  /** When the first of its certificates expires. */
  readonly notAfter: Date;
}

export interface ChainOptions {
  readonly roots: readonly X509Certificate[];
  readonly now: Date;
}

const MAX_CERTIFICATES = 8;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const WEAK_HASH = /md[245]|sha-?1(?!\d)/i;

/** Critical extensions that are understood, or cannot matter: usages, alternative names, basic constraints. */
const UNDERSTOOD = new Set(["551d0f", "551d25", "551d11", "551d13"]);

/**
 * @param x5c base64 of DER: first the certificate whose key signed, then each time the one that issued it.
 * @throws {ChainRefused}
 */
export function verifyChain(x5c: unknown, options: ChainOptions): VerifiedChain {
  const certificates = parseChain(x5c);
  const [leaf] = certificates;
  if (leaf === undefined) throw new ChainRefused("x5c is empty");
  let notAfter = leaf.validToDate;
  for (const [index, certificate] of certificates.entries()) {
    checkOne(certificate, options);
    notAfter = earlier(notAfter, certificate.validToDate);
    if (options.roots.some((root) => root.raw.equals(certificate.raw))) {
      return { key: leaf.publicKey, notAfter };
    }
    const root = options.roots.find((one) => hasIssued(one, certificate));
    if (root !== undefined) {
      checkOne(root, options);
      checkIssuer({ issuer: root, certificate, below: index });
      return { key: leaf.publicKey, notAfter: earlier(notAfter, root.validToDate) };
    }
    const issuer = certificates[index + 1];
    if (issuer === undefined || !hasIssued(issuer, certificate)) break;
    checkIssuer({ issuer, certificate, below: index });
  }
  throw new ChainRefused("no trusted certificate has issued it");
}

function parseChain(x5c: unknown): readonly X509Certificate[] {
  if (!Array.isArray(x5c) || x5c.length > MAX_CERTIFICATES) {
    throw new ChainRefused(`x5c is no list of at most ${MAX_CERTIFICATES} certificates`);
  }
  return x5c.map((text: unknown) => {
    if (typeof text !== "string" || !BASE64.test(text)) throw new ChainRefused("x5c is no base64");
    try {
      return new X509Certificate(Buffer.from(text, "base64"));
    } catch (cause) {
      throw new ChainRefused("a certificate in x5c is malformed", { cause });
    }
  });
}

function earlier(one: Date, other: Date): Date {
  return one < other ? one : other;
}

function checkOne(certificate: X509Certificate, { now }: ChainOptions): void {
  if (now < certificate.validFromDate) throw new ChainRefused("a certificate is not valid yet");
  if (now > certificate.validToDate) throw new ChainRefused("a certificate has expired");
  const isUnknown = extensionsOf(certificate).some(
    ({ id, isCritical }) => isCritical && !UNDERSTOOD.has(id),
  );
  if (isUnknown) throw new ChainRefused("a certificate has an unknown critical extension");
}

function hasIssued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

interface Link {
  readonly issuer: X509Certificate;
  readonly certificate: X509Certificate;
  /** Certificates between the issuer and the first one. */
  readonly below: number;
}

function checkIssuer({ issuer, certificate, below }: Link): void {
  if (!issuer.ca) throw new ChainRefused("an issuer may not issue certificates");
  if (below > pathLengthOf(issuer)) {
    throw new ChainRefused("an issuer may not issue so long a chain");
  }
  if (WEAK_HASH.test(certificate.signatureAlgorithm ?? "")) {
    throw new ChainRefused("a certificate is signed with a weak hash");
  }
}
