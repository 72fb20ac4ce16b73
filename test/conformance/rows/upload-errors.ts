/** Requests in an upload that a registry must refuse, or must take although they look odd. */
import assert from "node:assert/strict";

import { newBlob, OCTET_STREAM } from "../documents.ts";
import { expectError, expectRange, expectStatus } from "../expectations.ts";
import type { RowContext, RowBody, Row } from "../row.ts";
import { rowsOf } from "../row.ts";
import { expectBlobCreated } from "./blobs.ts";

export const uploadErrorRows: readonly Row[] = rowsOf("upload errors", {
  ...digests(),
  ...ranges(),
  ...tolerance(),
});

function digests(): Record<string, RowBody> {
  return {
    "PUT without a digest answers 400 DIGEST_INVALID and the session survives": async (context) =>
      refuseThenFinish(context, undefined),
    "PUT with a malformed digest answers 400 DIGEST_INVALID and the session survives": async (
      context,
    ) => refuseThenFinish(context, "sha256:bad"),
    "PUT with upper-case hex answers 400 DIGEST_INVALID and the session survives": async (
      context,
    ) => refuseThenFinish(context, `sha256:${"A".repeat(64)}`),
    "PUT with an unknown algorithm answers 400 DIGEST_INVALID and the session survives": async (
      context,
    ) => refuseThenFinish(context, `md5:${"0".repeat(32)}`),
    "POST with a malformed digest answers 400 DIGEST_INVALID": async ({ repository }) => {
      const parts = { headers: { "content-type": OCTET_STREAM }, body: newBlob(100).bytes };
      expectError(await repository.postUpload("?digest=sha256:bad", parts), 400, "DIGEST_INVALID");
    },
    "GET of a blob by a malformed digest answers 400 DIGEST_INVALID": async ({ repository }) => {
      expectError(await repository.getBlob("sha256:bad"), 400, "DIGEST_INVALID");
      expectError(await repository.getBlob(`md5:${"0".repeat(32)}`), 400, "DIGEST_INVALID");
    },
    "DELETE of a blob by a malformed digest answers 400 DIGEST_INVALID": async ({ repository }) => {
      expectError(await repository.send("DELETE", "blobs/sha256:bad"), 400, "DIGEST_INVALID");
    },
  };
}

async function refuseThenFinish(
  { repository }: RowContext,
  digest: string | undefined,
): Promise<void> {
  const blob = newBlob(400);
  const session = await repository.startUpload();
  expectStatus(await session.patch({ bytes: blob.bytes, startBytes: 0 }), 202);
  expectError(await session.finish(digest), 400, "DIGEST_INVALID");
  const standing = await session.status();
  expectStatus(standing, 204);
  expectRange(standing, 400);
  await expectBlobCreated(repository, await session.finish(blob.digest), blob);
}

function ranges(): Record<string, RowBody> {
  return {
    "PATCH whose length is not that of its range answers 400 SIZE_INVALID and the session survives":
      async ({ repository }) => {
        const blob = newBlob(400);
        const session = await repository.startUpload();
        const headers = { "content-range": "0-199" };
        expectError(await session.patch({ bytes: blob.bytes, headers }), 400, "SIZE_INVALID");
        expectRange(await session.status(), 0);
        const done = await session.finish(blob.digest, { bytes: blob.bytes });
        await expectBlobCreated(repository, done, blob);
      },
    "PATCH with a range that is none answers 400 or 416 and the session survives": async ({
      repository,
    }) => {
      const blob = newBlob(400);
      const session = await repository.startUpload();
      const headers = { "content-range": "from here on" };
      expectStatus(await session.patch({ bytes: blob.bytes, headers }), 400, 416);
      const done = await session.finish(blob.digest, { bytes: blob.bytes });
      await expectBlobCreated(repository, done, blob);
    },
    "PATCH with a range that runs backwards answers 416 and the session survives": async ({
      repository,
    }) => {
      const blob = newBlob(400);
      const session = await repository.startUpload();
      const headers = { "content-range": "399-0" };
      expectStatus(await session.patch({ bytes: blob.bytes, headers }), 416);
      const done = await session.finish(blob.digest, { bytes: blob.bytes });
      await expectBlobCreated(repository, done, blob);
    },
    "a 416 is an error in JSON that names the range": async ({ repository }) => {
      const session = await repository.startUpload();
      const answer = await session.patch({ bytes: newBlob(10).bytes, startBytes: 5 });
      expectError(answer, 416, "RANGE_INVALID", "BLOB_UPLOAD_INVALID");
    },
  };
}

function tolerance(): Record<string, RowBody> {
  return {
    "Content-Range in the form of HTTP is understood as well": async ({ repository }) => {
      const blob = newBlob(400);
      const session = await repository.startUpload();
      const headers = { "content-range": "bytes 0-199/400" };
      expectStatus(await session.patch({ bytes: blob.bytes.subarray(0, 200), headers }), 202);
      const wrong = { "content-range": "bytes 300-399/400" };
      expectStatus(await session.patch({ bytes: blob.bytes.subarray(300), headers: wrong }), 416);
      const rest = { bytes: blob.bytes.subarray(200), startBytes: 200 };
      await expectBlobCreated(repository, await session.finish(blob.digest, rest), blob);
    },
    "PATCH of any Content-Type is taken": async ({ repository }) => {
      const blob = newBlob(400);
      const session = await repository.startUpload();
      const headers = { "content-type": "application/gzip" };
      expectStatus(await session.patch({ bytes: blob.bytes, headers }), 202);
      await expectBlobCreated(repository, await session.finish(blob.digest), blob);
    },
    "a body that calls itself a form is not swallowed": async ({ repository }) => {
      const blob = newBlob(400);
      const session = await repository.startUpload();
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const done = await session.finish(blob.digest, { bytes: blob.bytes, headers });
      await expectBlobCreated(repository, done, blob);
    },
    "Expect: 100-continue is answered before the body is sent": async ({ client, repository }) => {
      const blob = newBlob(200_000);
      const { location } = await repository.startUpload();
      location.searchParams.append("digest", blob.digest);
      const headers = { "content-type": OCTET_STREAM };
      const parts = { headers, body: blob.bytes, waitsForContinue: true };
      await expectBlobCreated(repository, await client.send("PUT", location, parts), blob);
    },
    "the digest may stand percent-encoded in the query": async ({ client, repository }) => {
      const blob = newBlob(100);
      const { location } = await repository.startUpload();
      const glue = location.search === "" ? "?" : "&";
      const target = `${location.pathname}${location.search}${glue}digest=${blob.digest.replace(":", "%3A")}`;
      const answer = await client.send("PUT", target, { body: blob.bytes });
      await expectBlobCreated(repository, answer, blob);
      assert.match(target, /%3A/);
    },
  };
}
