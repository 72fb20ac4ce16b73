/** The life of an upload session apart from what is in it. */
import assert from "node:assert/strict";

import type { Answer } from "../client.ts";
import { newBlob, OCTET_STREAM } from "../documents.ts";
import {
  expectError,
  expectHeader,
  expectNoBody,
  expectRange,
  expectStatus,
  locationOf,
} from "../expectations.ts";
import type { Repository } from "../repository.ts";
import { rowsOf, type Row, type RowBody } from "../row.ts";
import { expectBlobCreated } from "./blobs.ts";

const ABSENT_SESSION = "blobs/uploads/6ba7b810-9dad-41d1-80b4-00c04fd430c8";

export const uploadRows: readonly Row[] = rowsOf("uploads", {
  ...starting(),
  ...standing(),
  ...ending(),
});

function starting(): Record<string, RowBody> {
  return {
    "POST answers 202 with Location, Range and the session's id": async ({ repository }) => {
      const answer = await repository.postUpload();
      expectStatus(answer, 202);
      expectNoBody(answer);
      expectRange(answer, 0);
      expectSession(repository, answer);
    },
    "POST without the last slash answers 202 as well": async ({ repository }) => {
      const answer = await repository.send("POST", "blobs/uploads");
      expectStatus(answer, 202);
      expectSession(repository, answer);
    },
    "two sessions have different ids": async ({ repository }) => {
      const [first, second] = [await repository.postUpload(), await repository.postUpload()];
      assert.notEqual(expectSession(repository, first), expectSession(repository, second));
    },
    "two sessions may bring the same blob": async ({ repository }) => {
      const blob = newBlob(900);
      const [first, second] = [await repository.startUpload(), await repository.startUpload()];
      expectStatus(await first.patch({ bytes: blob.bytes.subarray(0, 400), startBytes: 0 }), 202);
      expectStatus(await second.patch({ bytes: blob.bytes, startBytes: 0 }), 202);
      const rest = { bytes: blob.bytes.subarray(400), startBytes: 400 };
      await expectBlobCreated(repository, await second.finish(blob.digest), blob);
      await expectBlobCreated(repository, await first.finish(blob.digest, rest), blob);
    },
  };
}

/** @returns the session's id, after the Location was found below this repository's uploads. */
function expectSession(repository: Repository, answer: Answer): string {
  const { pathname } = locationOf(answer);
  const id = answer.header("docker-upload-uuid") ?? "";
  assert.notEqual(id, "");
  assert.equal(pathname, `/v2/${repository.name}/blobs/uploads/${id}`);
  return id;
}

function standing(): Record<string, RowBody> {
  return {
    "GET of a fresh session answers 204 with Location and Range 0-0": async ({ repository }) => {
      const session = await repository.startUpload();
      const answer = await session.status();
      expectStatus(answer, 204);
      expectNoBody(answer);
      expectRange(answer, 0);
      expectSession(repository, answer);
    },
    "GET after a chunk answers 204 with what was received": async ({ repository }) => {
      const session = await repository.startUpload();
      expectStatus(await session.patch({ bytes: newBlob(700).bytes, startBytes: 0 }), 202);
      const answer = await session.status();
      expectStatus(answer, 204);
      expectRange(answer, 700);
      expectSession(repository, answer);
    },
    "HEAD answers like GET": async ({ client, repository }) => {
      const session = await repository.startUpload();
      expectStatus(await session.patch({ bytes: newBlob(700).bytes, startBytes: 0 }), 202);
      const answer = await client.send("HEAD", session.location);
      expectStatus(answer, 204);
      expectRange(answer, 700);
      expectSession(repository, answer);
    },
    "GET of a Location from before the last chunk answers 204 with the present Range": async ({
      repository,
    }) => {
      const blob = newBlob(700);
      const session = await repository.startUpload();
      const stale = session.location;
      expectStatus(await session.patch({ bytes: blob.bytes, startBytes: 0 }), 202);
      const answer = await session.status(stale);
      expectStatus(answer, 204);
      expectRange(answer, 700);
      await expectBlobCreated(repository, await session.finish(blob.digest), blob);
    },
    "PATCH answers 202 with Location, Range and the session's id": async ({ repository }) => {
      const session = await repository.startUpload();
      const answer = await session.patch({ bytes: newBlob(321).bytes, startBytes: 0 });
      expectStatus(answer, 202);
      expectNoBody(answer);
      expectRange(answer, 321);
      expectSession(repository, answer);
    },
    "PATCH sent again to the old Location answers 416 and the session survives": async ({
      repository,
    }) => {
      const blob = newBlob(800);
      const first = { bytes: blob.bytes.subarray(0, 300), startBytes: 0 };
      const session = await repository.startUpload();
      const stale = session.location;
      expectStatus(await session.patch(first), 202);
      expectStatus(await session.patch(first, stale), 416);
      expectRange(await session.status(stale), 300);
      const rest = { bytes: blob.bytes.subarray(300), startBytes: 300 };
      expectStatus(await session.patch(rest), 202);
      await expectBlobCreated(repository, await session.finish(blob.digest), blob);
    },
    "PATCH without bytes changes nothing": async ({ repository }) => {
      const blob = newBlob(250);
      const session = await repository.startUpload();
      expectStatus(await session.patch({ bytes: blob.bytes, startBytes: 0 }), 202);
      const answer = await session.patch({ bytes: new Uint8Array() });
      expectStatus(answer, 202);
      expectRange(answer, 250);
      await expectBlobCreated(repository, await session.finish(blob.digest), blob);
    },
  };
}

function ending(): Record<string, RowBody> {
  return {
    "a finished session is gone": async ({ repository }) => {
      const blob = newBlob(100);
      const session = await repository.startUpload();
      expectStatus(await session.finish(blob.digest, { bytes: blob.bytes }), 201);
      expectError(await session.status(), 404, "BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID");
    },
    "after a wrong digest the session is gone, or stands where it stood": async ({
      repository,
    }) => {
      const session = await repository.startUpload();
      expectStatus(await session.patch({ bytes: newBlob(100).bytes, startBytes: 0 }), 202);
      expectError(await session.finish(newBlob(1).digest), 400, "DIGEST_INVALID");
      const answer = await session.status();
      if (answer.status === 204) expectRange(answer, 100);
      else expectError(answer, 404, "BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID");
    },
    "DELETE cancels a fresh session with 204, and it is gone": async ({ repository }) => {
      const session = await repository.startUpload();
      expectStatus(await session.status(), 204);
      expectStatus(await session.cancel(), 204);
      expectError(await session.status(), 404, "BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID");
    },
    "DELETE cancels a session with bytes in it, and no step is left": async ({ repository }) => {
      const blob = newBlob(500);
      const session = await repository.startUpload();
      expectStatus(await session.patch({ bytes: blob.bytes, startBytes: 0 }), 202);
      expectStatus(await session.cancel(), 204);
      const codes = ["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID"];
      expectError(await session.patch({ bytes: blob.bytes, startBytes: 500 }), 404, ...codes);
      expectError(await session.finish(blob.digest), 404, ...codes);
      expectError(await session.cancel(), 404, ...codes);
      expectStatus(await repository.headBlob(blob.digest), 404);
    },
    "every method on a session that never was answers 404": async ({ repository }) => {
      for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
        const query = method === "PUT" ? `?digest=${newBlob(1).digest}` : "";
        const answer = await repository.send(method, `${ABSENT_SESSION}${query}`);
        expectError(answer, 404, "BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID");
      }
    },
    "a session of one repository is unknown in another": async ({
      client,
      repository,
      another,
    }) => {
      const blob = newBlob(500);
      const session = await repository.startUpload();
      const foreign = new URL(session.location);
      foreign.pathname = foreign.pathname.replace(repository.name, another().name);
      const parts = { headers: { "content-type": OCTET_STREAM }, body: blob.bytes };
      const codes = ["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "NAME_UNKNOWN"];
      expectError(await client.send("PATCH", foreign, parts), 404, ...codes);
      const done = await session.finish(blob.digest, { bytes: blob.bytes });
      expectHeader(done, "docker-content-digest", blob.digest);
      await expectBlobCreated(repository, done, blob);
    },
  };
}
