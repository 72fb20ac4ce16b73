/** Uploads in chunks, once for each digest algorithm: in order, out of order, and with a wrong digest. */
import type { Answer } from "../client.ts";
import { ALGORITHMS, newBlob, type Algorithm, type Blob } from "../documents.ts";
import {
  expectError,
  expectNoBody,
  expectRange,
  expectStatus,
  locationOf,
} from "../expectations.ts";
import type { Repository } from "../repository.ts";
import { rowsOf, type Row, type RowBody } from "../row.ts";
import type { UploadSession } from "../upload-session.ts";
import { expectBlobCreated } from "./blobs.ts";

const CHUNK_BYTES = 1024;
/** Three chunks, the last a little shorter. */
const BLOB_BYTES = 3 * CHUNK_BYTES - 5;

export const chunkedRows: readonly Row[] = ALGORITHMS.flatMap((algorithm) =>
  rowsOf(`blobs (${algorithm})`, {
    ...inOrder(algorithm),
    ...outOfOrder(algorithm),
    ...wrongDigest(algorithm),
  }),
);

function inOrder(algorithm: Algorithm): Record<string, RowBody> {
  return {
    "chunked, one chunk and a PUT without a body": async ({ repository }) => {
      const blob = newBlob(512, algorithm);
      const session = await repository.startUpload();
      const patched = await session.patch({ bytes: blob.bytes, startBytes: 0 });
      expectStatus(patched, 202);
      expectRange(patched, 512);
      await expectBlobCreated(repository, await session.finish(blob.digest), blob);
    },
    "chunked, three chunks and a PUT without a body": async ({ repository }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const session = await repository.startUpload();
      for (const at of [0, 1, 2]) await patchChunk(session, blob, at);
      await expectBlobCreated(repository, await session.finish(blob.digest), blob);
    },
    "chunked, the last chunk in the PUT": async ({ repository }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const session = await repository.startUpload();
      for (const at of [0, 1]) await patchChunk(session, blob, at);
      const answer = await session.finish(blob.digest, chunkOf(blob, 2));
      await expectBlobCreated(repository, answer, blob);
    },
  };
}

function outOfOrder(algorithm: Algorithm): Record<string, RowBody> {
  return {
    "chunked, out of order PATCH answers 416 and the session survives": async ({ repository }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const session = await repository.startUpload();
      for (const [at, ahead] of [
        [0, 1],
        [1, 2],
      ] as const) {
        expectStatus(await session.patch(chunkOf(blob, ahead)), 416);
        await expectStanding(session, at * CHUNK_BYTES);
        await patchChunk(session, blob, at);
      }
      await patchChunk(session, blob, 2);
      await expectBlobCreated(repository, await session.finish(blob.digest), blob);
    },
    "chunked, PATCH that starts again at 0 answers 416 and the session survives": async ({
      repository,
    }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const session = await repository.startUpload();
      for (const at of [0, 1]) await patchChunk(session, blob, at);
      expectStatus(await session.patch(chunkOf(blob, 0)), 416);
      await expectStanding(session, 2 * CHUNK_BYTES);
      await patchChunk(session, blob, 2);
      await expectBlobCreated(repository, await session.finish(blob.digest), blob);
    },
    "chunked, out of order PUT answers 416 and the session survives": async ({ repository }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const session = await repository.startUpload();
      await patchChunk(session, blob, 0);
      expectStatus(await session.finish(blob.digest, chunkOf(blob, 2)), 416);
      await expectStanding(session, CHUNK_BYTES);
      await patchChunk(session, blob, 1);
      const answer = await session.finish(blob.digest, chunkOf(blob, 2));
      await expectBlobCreated(repository, answer, blob);
    },
    "chunked, PUT that starts again at 0 answers 416 and the session survives": async ({
      repository,
    }) => {
      const blob = newBlob(BLOB_BYTES, algorithm);
      const session = await repository.startUpload();
      for (const at of [0, 1]) await patchChunk(session, blob, at);
      expectStatus(await session.finish(blob.digest, chunkOf(blob, 0)), 416);
      await expectStanding(session, 2 * CHUNK_BYTES);
      const answer = await session.finish(blob.digest, chunkOf(blob, 2));
      await expectBlobCreated(repository, answer, blob);
    },
  };
}

/** Bytes are appended after the digest was taken, in each way to push. */
function wrongDigest(algorithm: Algorithm): Record<string, RowBody> {
  return {
    "wrong digest in POST answers 400 and stores nothing": async ({ repository }) => {
      const blob = spoiled(algorithm);
      await expectRefused(repository, blob, await repository.postBlob(blob));
    },
    "wrong digest in PUT answers 400 and stores nothing": async ({ repository }) => {
      const blob = spoiled(algorithm);
      const session = await repository.startUpload();
      await expectRefused(
        repository,
        blob,
        await session.finish(blob.digest, { bytes: blob.bytes }),
      );
    },
    "wrong digest after chunks answers 400 and stores nothing": async ({ repository }) => {
      const blob = spoiled(algorithm);
      const session = await repository.startUpload();
      for (const at of [0, 1, 2]) await patchChunk(session, blob, at);
      await expectRefused(repository, blob, await session.finish(blob.digest));
    },
    "wrong digest with the last chunk in PUT answers 400 and stores nothing": async ({
      repository,
    }) => {
      const blob = spoiled(algorithm);
      const session = await repository.startUpload();
      for (const at of [0, 1]) await patchChunk(session, blob, at);
      await expectRefused(repository, blob, await session.finish(blob.digest, chunkOf(blob, 2)));
    },
    "wrong digest after a stream answers 400 and stores nothing": async ({ repository }) => {
      const blob = spoiled(algorithm);
      const session = await repository.startUpload();
      expectStatus(await session.stream([blob.bytes]), 202);
      await expectRefused(repository, blob, await session.finish(blob.digest));
    },
  };
}

function spoiled(algorithm: Algorithm): Blob {
  const blob = newBlob(BLOB_BYTES, algorithm);
  return { digest: blob.digest, bytes: Buffer.concat([blob.bytes, Buffer.from("!!")]) };
}

async function expectRefused(repository: Repository, blob: Blob, answer: Answer): Promise<void> {
  expectError(answer, 400, "DIGEST_INVALID");
  expectStatus(await repository.headBlob(blob.digest), 404);
}

function chunkOf(blob: Blob, at: number): { bytes: Uint8Array; startBytes: number } {
  const startBytes = at * CHUNK_BYTES;
  return { startBytes, bytes: blob.bytes.subarray(startBytes, startBytes + CHUNK_BYTES) };
}

async function patchChunk(session: UploadSession, blob: Blob, at: number): Promise<void> {
  const chunk = chunkOf(blob, at);
  const answer = await session.patch(chunk);
  expectStatus(answer, 202);
  expectNoBody(answer);
  expectRange(answer, chunk.startBytes + chunk.bytes.byteLength);
}

/** What a client does after a 416: it asks, and goes on from there. */
async function expectStanding(session: UploadSession, receivedBytes: number): Promise<void> {
  const answer = await session.status();
  expectStatus(answer, 204);
  expectRange(answer, receivedBytes);
  locationOf(answer);
}
