/**
 * Conditional requests on content whose ETag is its digest in quotes.
 * RFC 9110 section 13: https://www.rfc-editor.org/rfc/rfc9110#section-13
 */
import type { Digest } from "../oci/digest.ts";

export function etagOf(digest: Digest): string {
  return `"${digest}"`;
}

/** For `If-None-Match` and `If-Match`: lists, `*`, weak tags, and the bare digest that old clients send. */
export function matchesEtag(header: string, digest: Digest): boolean {
  return header.split(",").some((item) => {
    const tag = item.trim().replace(/^W\//, "");
    return tag === "*" || tag === etagOf(digest) || tag === digest;
  });
}
