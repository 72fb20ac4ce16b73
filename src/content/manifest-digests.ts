/** By which digests a manifest is known. */
import { algorithmOf, type Digest, digestOf } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";
import { DigestMismatch } from "./errors.ts";

/**
 * Every digest that a manifest may be known by, so that deleting one leaves no other way to it. The
 * one that was asked for comes last: while it is there, a deletion that was cut off can come again.
 */
export function aliasesOf(
  asked: Digest,
  target: Digest,
  bytes: Buffer | undefined,
): ReadonlySet<Digest> {
  const computed = bytes === undefined ? [] : [digestOf(bytes, "sha512")];
  return new Set([...[target, ...computed].filter((digest) => digest !== asked), asked]);
}

/** @throws {DigestMismatch} when it is pushed by a digest that is not its own. */
export function pushedDigest(reference: Reference, bytes: Buffer): Digest {
  if (reference.kind === "tag") return digestOf(bytes);
  const actual = digestOf(bytes, algorithmOf(reference.digest));
  if (actual !== reference.digest) throw new DigestMismatch(reference.digest, actual);
  return actual;
}
