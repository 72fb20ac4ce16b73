/** Blobs, once for each digest algorithm: every way to push, then HEAD, GET and DELETE. */
import assert from "node:assert/strict";

import type { Answer } from "../client.ts";
import {
  absentDigest,
  ALGORITHMS,
  blobOf,
  newBlob,
  OCTET_STREAM,
  type Algorithm,
  type Blob,
} from "../documents.ts";
import {
  expectContent,
  expectError,
  expectHeader,
  expectNoBody,
  expectStatus,
  locationOf,
} from "../expectations.ts";
import type { Repository } from "../repository.ts";
import { rowsOf, type Row, type RowBody } from "../row.ts";

const BLOB_BYTES = 512;

/** A 201 for a blob: Location and digest are right, and what is stored are the bytes. */
export async function expectBlobCreated(
  repository: Repository,
  answer: Answer,
  blob: Blob,
): Promise<void> {
  expectStatus(answer, 201);
  expectNoBody(answer);
  expectHeader(answer, "docker-content-digest", blob.digest);
  assert.equal(locationOf(answer).pathname, `/v2/${repository.name}/blobs/${blob.digest}`);
  expectContent(await repository.headBlob(blob.digest), blob);
  expectContent(await repository.getBlob(blob.digest), blob);
}

export const blobRows: readonly Row[] = ALGORITHMS.flatMap((algorithm) => [
  ...rowsOf(`blobs (${algorithm})`, {
    ...pushing(algorithm),
    ...reading(algorithm),
    ...deleting(algorithm),
  }),
  ...rowsOf(`blobs (${algorithm})`, wellKnown(algorithm)),
]);

function pushing(algorithm: Algorithm): Record<string, RowBody> {
  return {
    "POST with the digest and the blob answers 201": async ({ repository }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      await expectBlobCreated(repository, await repository.postBlob(blob), blob);
    },
    "POST, then PUT with the whole blob answers 201": async ({ repository }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const session = await repository.startUpload();
      const answer = await session.finish(blob.digest, { bytes: blob.bytes });
      await expectBlobCreated(repository, answer, blob);
    },
    "POST, then a PUT without a length answers 201": async ({ client, repository }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const { location } = await repository.startUpload();
      location.searchParams.append("digest", blob.digest);
      const headers = { "content-type": OCTET_STREAM };
      const body = [blob.bytes.subarray(0, 100), blob.bytes.subarray(100)];
      await expectBlobCreated(
        repository,
        await client.send("PUT", location, { headers, body }),
        blob,
      );
    },
    "streamed, a PATCH without length and range answers 202, the PUT 201": async ({
      repository,
    }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const session = await repository.startUpload();
      expectStatus(await session.stream([blob.bytes.subarray(0, 7), blob.bytes.subarray(7)]), 202);
      await expectBlobCreated(repository, await session.finish(blob.digest), blob);
    },
    "the hint digest-algorithm in the POST opens a session for that algorithm": async ({
      repository,
    }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const session = await repository.startUpload(`?digest-algorithm=${algorithm}`);
      const answer = await session.finish(blob.digest, { bytes: blob.bytes });
      await expectBlobCreated(repository, answer, blob);
    },
    "the hint digest-algorithm holds over chunks": async ({ repository }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const session = await repository.startUpload(`?digest-algorithm=${algorithm}`);
      expectStatus(await session.patch({ bytes: blob.bytes.subarray(0, 200), startBytes: 0 }), 202);
      expectStatus(await session.patch({ bytes: blob.bytes.subarray(200), startBytes: 200 }), 202);
      await expectBlobCreated(repository, await session.finish(blob.digest), blob);
    },
    "a blob that was deleted can be pushed again": async ({ repository }) => {
      const blob = await repository.pushBlob(newBlob(BLOB_BYTES, algorithm));
      expectStatus(await repository.send("DELETE", `blobs/${blob.digest}`), 202);
      await repository.pushBlob(blob);
      expectContent(await repository.getBlob(blob.digest), blob);
    },
    "a blob that is there can be pushed once more": async ({ repository }) => {
      const blob = await repository.pushBlob(newBlob(BLOB_BYTES, algorithm));
      await repository.pushBlob(blob, "streamed");
      expectContent(await repository.getBlob(blob.digest), blob);
    },
  };
}

function reading(algorithm: Algorithm): Record<string, RowBody> {
  return {
    "GET of a blob that was never pushed answers 404 BLOB_UNKNOWN": async ({ repository }) => {
      expectError(await repository.getBlob(absentDigest(algorithm)), 404, "BLOB_UNKNOWN");
    },
    "HEAD answers 404 before the push and 200 right after": async ({ repository }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      expectStatus(await repository.headBlob(blob.digest), 404);
      await repository.pushBlob(blob);
      expectContent(await repository.headBlob(blob.digest), blob);
    },
    "GET answers type, length, digest and entity tag": async ({ repository }) => {
      const blob = await repository.pushBlob(newBlob(BLOB_BYTES, algorithm));
      const answer = await repository.getBlob(blob.digest);
      expectContent(answer, blob, OCTET_STREAM);
      expectHeader(answer, "etag", `"${blob.digest}"`);
    },
    "HEAD answers the headers of GET": async ({ repository }) => {
      const blob = await repository.pushBlob(newBlob(BLOB_BYTES, algorithm));
      const answer = await repository.headBlob(blob.digest);
      expectContent(answer, blob, OCTET_STREAM);
      expectHeader(answer, "etag", `"${blob.digest}"`);
      expectHeader(answer, "accept-ranges", "bytes");
    },
    "a blob of one repository is unknown in another": async ({ repository, another }) => {
      const blob = await repository.pushBlob(newBlob(BLOB_BYTES, algorithm));
      expectContent(await repository.getBlob(blob.digest), blob);
      const other = another();
      expectError(await other.getBlob(blob.digest), 404, "BLOB_UNKNOWN", "NAME_UNKNOWN");
      expectStatus(await other.headBlob(blob.digest), 404);
    },
    "bytes in a session are no blob before the PUT": async ({ repository }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const session = await repository.startUpload();
      expectStatus(await session.patch({ bytes: blob.bytes, startBytes: 0 }), 202);
      expectError(await repository.getBlob(blob.digest), 404, "BLOB_UNKNOWN", "NAME_UNKNOWN");
      await expectBlobCreated(repository, await session.finish(blob.digest), blob);
    },
  };
}

function deleting(algorithm: Algorithm): Record<string, RowBody> {
  return {
    "DELETE answers 202 and the blob is gone at once": async ({ repository }) => {
      const blob = await repository.pushBlob(newBlob(BLOB_BYTES, algorithm));
      expectContent(await repository.headBlob(blob.digest), blob);
      expectContent(await repository.getBlob(blob.digest), blob);
      expectStatus(await repository.send("DELETE", `blobs/${blob.digest}`), 202);
      expectStatus(await repository.headBlob(blob.digest), 404);
      expectError(await repository.getBlob(blob.digest), 404, "BLOB_UNKNOWN");
    },
    "DELETE of a blob that is not there answers 404 BLOB_UNKNOWN": async ({ repository }) => {
      const answer = await repository.send("DELETE", `blobs/${absentDigest(algorithm)}`);
      expectError(answer, 404, "BLOB_UNKNOWN");
    },
    "DELETE leaves the same blob of another repository": async ({ repository, another }) => {
      const blob = await repository.pushBlob(newBlob(BLOB_BYTES, algorithm));
      const other = another();
      await other.pushBlob(blob);
      expectStatus(await repository.send("DELETE", `blobs/${blob.digest}`), 202);
      expectContent(await other.getBlob(blob.digest), blob);
    },
  };
}

/** Contents that special code paths tend to get wrong; others may have pushed them before. */
function wellKnown(algorithm: Algorithm): Record<string, RowBody> {
  const contents = { "the empty blob": "", "the blob {}": "{}" };
  return Object.fromEntries(
    Object.entries(contents).map(([name, text]): [string, RowBody] => [
      `${name} is pushed, read and deleted like any other`,
      async ({ repository }) => {
        const blob = await repository.pushBlob(blobOf(text, algorithm));
        expectContent(await repository.headBlob(blob.digest), blob);
        expectContent(await repository.getBlob(blob.digest), blob);
        expectStatus(await repository.send("DELETE", `blobs/${blob.digest}`), 202);
        expectStatus(await repository.headBlob(blob.digest), 404);
      },
    ]),
  );
}
