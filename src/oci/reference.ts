/**
 * What a manifest is asked for by: a tag or a digest.
 *
 * Spec: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
 */
import { type Digest, parseDigest } from "./digest.ts";

declare const brand: unique symbol;
/** At most 128 characters of `[A-Za-z0-9_.-]`, not beginning with `.` or `-`. */
export type Tag = string & { readonly [brand]: "Tag" };

export type Reference =
  | { readonly kind: "tag"; readonly tag: Tag }
  | { readonly kind: "digest"; readonly digest: Digest };

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

export class InvalidTag extends Error {
  readonly kind = "InvalidTag";
  readonly text: string;
  constructor(text: string) {
    super(`not a tag: ${JSON.stringify(text.slice(0, 200))}`);
    this.text = text;
  }
}

/** @throws {InvalidTag} when the text is not in the grammar. */
export function parseTag(text: string): Tag {
  if (!isTag(text)) throw new InvalidTag(text);
  return text;
}

export function isTag(text: string): text is Tag {
  return TAG.test(text);
}

/**
 * A reference with a colon is a digest and nothing else: a tag cannot hold one, so a bad digest is
 * never looked up as a tag.
 * @throws {InvalidDigest} or {InvalidTag}
 */
export function parseReference(text: string): Reference {
  return text.includes(":")
    ? { kind: "digest", digest: parseDigest(text) }
    : { kind: "tag", tag: parseTag(text) };
}

export function formatReference(reference: Reference): string {
  return reference.kind === "tag" ? reference.tag : reference.digest;
}
