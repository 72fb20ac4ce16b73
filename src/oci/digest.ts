/**
 * Content digests: `algorithm:encoded`.
 *
 * Spec: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
 */
import { createHash, type Hash } from "node:crypto";

declare const brand: unique symbol;
/** `sha256:` and 64, or `sha512:` and 128, lower-case hex digits. Only {@link parseDigest} makes one. */
export type Digest = string & { readonly [brand]: "Digest" };

/** The algorithms that Barge verifies. A digest of any other is refused, never taken on trust. */
export const DIGEST_ALGORITHMS = ["sha256", "sha512"] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

const GRAMMAR = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const MAX_LENGTH = "sha512:".length + 128;

export class InvalidDigest extends Error {
  readonly kind = "InvalidDigest";
  readonly text: string;
  constructor(text: string) {
    super(`not a digest this registry knows: ${JSON.stringify(text.slice(0, 200))}`);
    this.text = text;
  }
}

/** @throws {InvalidDigest} when the text is not a digest of an algorithm we verify. */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new InvalidDigest(text);
  return text;
}

export function isDigest(text: string): text is Digest {
  return text.length <= MAX_LENGTH && GRAMMAR.test(text);
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith("sha256:") ? "sha256" : "sha512";
}

/** The hex digits behind the colon. */
export function encodedOf(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** Narrows a word from outside, such as a query parameter. */
export function isDigestAlgorithm(text: string): text is DigestAlgorithm {
  return text === "sha256" || text === "sha512";
}

/** The digest of bytes that are already in memory. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = "sha256"): Digest {
  return new Digester(algorithm).update(bytes).digest();
}

/** Hashes bytes as they pass. One use: after {@link digest} it takes no more. */
export class Digester {
  readonly algorithm: DigestAlgorithm;
  readonly #hash: Hash;

  constructor(algorithm: DigestAlgorithm) {
    this.algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  update(chunk: Uint8Array): this {
    this.#hash.update(chunk);
    return this;
  }

  digest(): Digest {
    return parseDigest(`${this.algorithm}:${this.#hash.digest("hex")}`);
  }
}
