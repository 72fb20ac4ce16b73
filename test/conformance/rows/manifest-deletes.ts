/** Deleting tags and manifests, with deletes switched on. */
import assert from "node:assert/strict";

import { absentDigest, descriptorOf, imageIndex, imageManifest, OCI_IMAGE } from "../documents.ts";
import { expectContent, expectError, expectStatus } from "../expectations.ts";
import { rowsOf, type Row } from "../row.ts";

export const manifestDeleteRows: readonly Row[] = rowsOf("manifest deletes", {
  "DELETE by tag answers 202 and the tag is gone at once": async ({ repository }) => {
    const image = await repository.pushImage("old");
    expectContent(await repository.getManifest("old"), image);
    expectStatus(await repository.send("DELETE", "manifests/old"), 202);
    expectStatus(await repository.headManifest("old"), 404);
    expectError(await repository.getManifest("old"), 404, "MANIFEST_UNKNOWN");
  },
  "DELETE by tag leaves the manifest and its other tags": async ({ repository }) => {
    const image = await repository.pushImage("one", "two");
    expectStatus(await repository.send("DELETE", "manifests/one"), 202);
    expectContent(await repository.getManifest(image.digest), image);
    expectContent(await repository.getManifest("two"), image);
    assert.deepEqual(await repository.tags(), ["two"]);
  },
  "DELETE by digest answers 202 and the manifest is gone at once": async ({ repository }) => {
    const image = await repository.pushImage("latest");
    expectContent(await repository.getManifest(image.digest), image);
    expectContent(await repository.headManifest("latest"), image);
    expectStatus(await repository.send("DELETE", `manifests/${image.digest}`), 202);
    expectStatus(await repository.headManifest(image.digest), 404);
    expectError(await repository.getManifest(image.digest), 404, "MANIFEST_UNKNOWN");
  },
  "DELETE by digest removes the tags that point to it, and no others": async ({ repository }) => {
    const image = await repository.pushImage("one", "two");
    const kept = await repository.pushImage("kept");
    expectContent(await repository.getManifest("one"), image);
    expectStatus(await repository.send("DELETE", `manifests/${image.digest}`), 202);
    expectStatus(await repository.getManifest("one"), 404);
    expectStatus(await repository.getManifest("two"), 404);
    expectContent(await repository.getManifest("kept"), kept);
    assert.deepEqual(await repository.tags(), ["kept"]);
  },
  "DELETE by digest leaves a tag that has moved on": async ({ repository }) => {
    const old = await repository.pushImage("latest");
    const fresh = await repository.pushImage("latest");
    expectStatus(await repository.send("DELETE", `manifests/${old.digest}`), 202);
    expectContent(await repository.getManifest("latest"), fresh);
  },
  "DELETE by an unknown tag answers 404 MANIFEST_UNKNOWN": async ({ repository }) => {
    await repository.pushImage("present");
    const answer = await repository.send("DELETE", "manifests/missing");
    expectError(answer, 404, "MANIFEST_UNKNOWN");
  },
  "DELETE by an unknown digest answers 404 MANIFEST_UNKNOWN": async ({ repository }) => {
    await repository.pushImage("present");
    const answer = await repository.send("DELETE", `manifests/${absentDigest()}`);
    expectError(answer, 404, "MANIFEST_UNKNOWN");
  },
  "DELETE a second time answers 404": async ({ repository }) => {
    const image = await repository.pushImage("latest");
    expectStatus(await repository.send("DELETE", `manifests/${image.digest}`), 202);
    expectStatus(await repository.send("DELETE", `manifests/${image.digest}`), 404);
  },
  "DELETE by a malformed digest answers 400": async ({ repository }) => {
    const answer = await repository.send("DELETE", "manifests/sha256:bad");
    expectError(answer, 400, "DIGEST_INVALID");
  },
  "DELETE of a manifest that an index names is allowed": async ({ repository }) => {
    const image = await repository.pushImage();
    const index = imageIndex({ manifests: [descriptorOf(image, OCI_IMAGE)] });
    await repository.pushManifest(index, "multi");
    expectStatus(await repository.send("DELETE", `manifests/${image.digest}`), 202);
    expectStatus(await repository.getManifest(image.digest), 404);
    expectContent(await repository.getManifest("multi"), index);
  },
  "DELETE leaves the same manifest of another repository": async ({ repository, another }) => {
    const image = await repository.pushImage("latest");
    const other = another();
    const { config, layers } = JSON.parse(image.bytes.toString("utf8")) as Record<string, unknown>;
    for (const { digest } of [config, layers].flat() as { digest: string }[]) {
      await other.pushBlob({ digest, bytes: (await repository.getBlob(digest)).body });
    }
    await other.pushManifest(image, "latest");
    expectStatus(await repository.send("DELETE", `manifests/${image.digest}`), 202);
    expectContent(await other.getManifest("latest"), image);
  },
  "what was deleted can be pushed again": async ({ repository }) => {
    const image = await repository.pushImage("latest");
    expectStatus(await repository.send("DELETE", `manifests/${image.digest}`), 202);
    expectStatus(await repository.getManifest("latest"), 404);
    await repository.pushManifest(image, "latest");
    expectContent(await repository.getManifest("latest"), image);
  },
  "DELETE of the manifest leaves its blobs": async ({ repository }) => {
    const parts = await repository.pushImageBlobs();
    const image = await repository.pushManifest(imageManifest(parts), "latest");
    expectStatus(await repository.send("DELETE", `manifests/${image.digest}`), 202);
    expectStatus(await repository.getManifest("latest"), 404);
    expectStatus(await repository.headBlob(parts.config.digest), 200);
  },
  "after the last tag the list is empty, or the repository unknown": async ({ repository }) => {
    await repository.pushImage("only");
    assert.deepEqual(await repository.tags(), ["only"]);
    expectStatus(await repository.send("DELETE", "manifests/only"), 202);
    const answer = await repository.listTags();
    if (answer.status !== 404) assert.deepEqual(await repository.tags(), []);
  },
});

/** Rows for a registry whose deletes are switched off; they run apart from all others. */
export const deletesOffRows: readonly Row[] = rowsOf("deletes off", {
  "DELETE by tag answers 405 UNSUPPORTED and the tag stays": async ({ repository }) => {
    const image = await repository.pushImage("latest");
    expectError(await repository.send("DELETE", "manifests/latest"), 405, "UNSUPPORTED");
    expectContent(await repository.getManifest("latest"), image);
  },
  "DELETE by digest answers 405 UNSUPPORTED and the manifest stays": async ({ repository }) => {
    const image = await repository.pushImage("latest");
    const answer = await repository.send("DELETE", `manifests/${image.digest}`);
    expectError(answer, 405, "UNSUPPORTED");
    expectContent(await repository.getManifest("latest"), image);
  },
  "DELETE of a blob answers 405 UNSUPPORTED and the blob stays": async ({ repository }) => {
    const { config } = await repository.pushImageBlobs();
    expectError(await repository.send("DELETE", `blobs/${config.digest}`), 405, "UNSUPPORTED");
    expectStatus(await repository.headBlob(config.digest), 200);
  },
  "DELETE of an upload still answers 204": async ({ repository }) => {
    const session = await repository.startUpload();
    expectStatus(await session.cancel(), 204);
    expectStatus(await session.status(), 404);
  },
});
