/** If-None-Match on manifests: first the manifest must be there, then 304. */
import assert from "node:assert/strict";

import { absentDigest } from "../documents.ts";
import { expectContent, expectError, expectHeader, expectStatus } from "../expectations.ts";
import type { Answer } from "../client.ts";
import { rowsOf, type Row } from "../row.ts";

function expectUnchanged(answer: Answer, digest: string): void {
  expectStatus(answer, 304);
  assert.equal(answer.body.byteLength, 0);
  expectHeader(answer, "etag", `"${digest}"`);
  expectHeader(answer, "docker-content-digest", digest);
}

export const conditionalManifestRows: readonly Row[] = rowsOf("conditional manifests", {
  "If-None-Match with the quoted digest answers 304 with ETag and digest": async ({
    repository,
  }) => {
    const { digest } = await repository.pushImage("latest");
    const headers = { "if-none-match": `"${digest}"` };
    expectUnchanged(await repository.getManifest("latest", headers), digest);
    expectUnchanged(await repository.getManifest(digest, headers), digest);
  },
  "If-None-Match with the bare digest answers 304": async ({ repository }) => {
    const { digest } = await repository.pushImage("latest");
    expectUnchanged(await repository.getManifest("latest", { "if-none-match": digest }), digest);
  },
  "If-None-Match with another digest answers 200": async ({ repository }) => {
    const image = await repository.pushImage("latest");
    const headers = { "if-none-match": `"${absentDigest()}"` };
    expectContent(await repository.getManifest("latest", headers), image);
  },
  "If-None-Match with the digest among others answers 304": async ({ repository }) => {
    const { digest } = await repository.pushImage("latest");
    const headers = { "if-none-match": `"${absentDigest()}", W/"${digest}"` };
    expectUnchanged(await repository.getManifest("latest", headers), digest);
  },
  "If-None-Match of a digest that is not there answers 404": async ({ repository }) => {
    await repository.pushImage("latest");
    const digest = absentDigest();
    const answer = await repository.getManifest(digest, { "if-none-match": `"${digest}"` });
    expectError(answer, 404, "MANIFEST_UNKNOWN");
  },
  "If-None-Match after the tag moved answers 200 with the new one": async ({ repository }) => {
    const old = await repository.pushImage("latest");
    const fresh = await repository.pushImage("latest");
    const headers = { "if-none-match": `"${old.digest}"` };
    expectContent(await repository.getManifest("latest", headers), fresh);
  },
});
