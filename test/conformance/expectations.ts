/** What rows say about answers; each failure names the request and what came back. */
import assert from "node:assert/strict";

import type { Answer } from "./client.ts";
import type { Blob, Descriptor } from "./documents.ts";

/** @throws {AssertionError} unless the status is one of these. */
export function expectStatus(answer: Answer, ...statuses: readonly number[]): void {
  const wanted = statuses.join(" or ");
  assert.ok(
    statuses.includes(answer.status),
    `${answer.request} answered ${answer.status} instead of ${wanted}: ${excerptOf(answer)}`,
  );
}

export function expectHeader(answer: Answer, name: string, value: string): void {
  assert.equal(answer.header(name), value, `${name} of ${answer.request}`);
}

/** @throws {AssertionError} unless the answer says that it has no body and has none. */
export function expectNoBody(answer: Answer): void {
  assert.equal(answer.body.byteLength, 0, `${answer.request} has a body: ${excerptOf(answer)}`);
  if (answer.status !== 204) expectHeader(answer, "content-length", "0");
}

/**
 * An error in the format of the distribution spec with one of these codes first.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 */
export function expectError(
  answer: Answer,
  status: number | readonly number[],
  ...codes: readonly string[]
): void {
  expectStatus(answer, ...[status].flat());
  assert.match(
    answer.header("content-type") ?? "",
    /^application\/json/,
    `${answer.request}: ${excerptOf(answer)}`,
  );
  const { errors } = answer.json() as { errors?: { code: string; message: string }[] };
  assert.ok(Array.isArray(errors) && errors.length > 0, `${answer.request}: ${excerptOf(answer)}`);
  for (const error of errors) {
    assert.match(error.code, /^[A-Z][A-Z_]*$/);
    assert.equal(typeof error.message, "string");
  }
  const [first] = errors;
  assert.ok(
    codes.includes(first?.code ?? ""),
    `${answer.request}: ${first?.code} is not ${codes.join(" or ")}`,
  );
}

/** @returns the absolute URL of the Location header, which may be relative. */
export function locationOf(answer: Answer): URL {
  const location = answer.header("location");
  assert.ok(location !== undefined && location !== "", `${answer.request} has no Location`);
  return new URL(location, answer.url);
}

/** The answer to a HEAD or a GET of content that is there: length and digest are those of the bytes. */
export function expectContent(answer: Answer, content: Blob, mediaType?: string): void {
  expectStatus(answer, 200);
  expectHeader(answer, "content-length", String(content.bytes.byteLength));
  expectHeader(answer, "docker-content-digest", content.digest);
  if (mediaType !== undefined) expectHeader(answer, "content-type", mediaType);
  if (answer.request.startsWith("HEAD ")) assert.equal(answer.body.byteLength, 0);
  else expectBytes(answer, content.bytes);
}

export function expectBytes(answer: Answer, bytes: Uint8Array): void {
  assert.equal(answer.body.byteLength, bytes.byteLength, `length of ${answer.request}`);
  assert.ok(answer.body.equals(bytes), `${answer.request} answered other bytes`);
}

/** A 416 to a chunk that does not follow, and the position the session then tells. */
export function expectRange(answer: Answer, receivedBytes: number): void {
  expectHeader(answer, "range", `0-${Math.max(receivedBytes - 1, 0)}`);
}

export interface IndexBody {
  readonly schemaVersion: number;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

/** @returns the list of a referrers answer after all that the spec says of its form. */
export function expectReferrers(answer: Answer): readonly Descriptor[] {
  expectStatus(answer, 200);
  expectHeader(answer, "content-type", "application/vnd.oci.image.index.v1+json");
  const index = answer.json() as IndexBody;
  assert.equal(index.schemaVersion, 2);
  assert.equal(index.mediaType, "application/vnd.oci.image.index.v1+json");
  assert.ok(Array.isArray(index.manifests), "manifests of a referrers answer is a list");
  return index.manifests;
}

/** @returns where the Link header leads, or `undefined` when there is none. */
export function nextLinkOf(answer: Answer): string | undefined {
  const link = answer.header("link");
  if (link === undefined) return undefined;
  const [, target] = /^<([^>]+)>; ?rel="?next"?$/.exec(link) ?? [];
  assert.ok(target !== undefined, `${answer.request} has an odd Link: ${link}`);
  return target;
}

function excerptOf(answer: Answer): string {
  return answer.body.toString("utf8", 0, 300) || "(no body)";
}
