/**
 * One connection, kept alive: an answer that comes before the request was read must not spoil the next one.
 * Bodies are larger than what two socket buffers hold.
 */
import { blobOf, newBlob, OCI_IMAGE, OCTET_STREAM } from "../documents.ts";
import { expectContent, expectError, expectStatus } from "../expectations.ts";
import { rowsOf, type Row } from "../row.ts";

const LARGE_BYTES = 12 * 1024 * 1024;
const ABSENT_SESSION = "blobs/uploads/6ba7b810-9dad-41d1-80b4-00c04fd430c8";
const BINARY = { "content-type": OCTET_STREAM };

export const connectionRows: readonly Row[] = rowsOf("connections", {
  "a POST with the digest and a large body leaves the connection usable": async ({
    repository,
  }) => {
    const blob = newBlob(LARGE_BYTES);
    expectStatus(await repository.postBlob(blob), 201, 202);
    expectStatus(await repository.headBlob(blob.digest), 200, 404);
    await repository.pushBlob(blob);
    expectContent(await repository.headBlob(blob.digest), blob);
  },
  "a large chunk to a session that is not there is refused and leaves the connection usable":
    async ({ repository }) => {
      const body = newBlob(LARGE_BYTES).bytes;
      const answer = await repository.send("PATCH", ABSENT_SESSION, { headers: BINARY, body });
      expectError(answer, 404, "BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID");
      await repository.pushImage("next");
    },
  "a large chunk out of order is refused and leaves the connection usable": async ({
    repository,
  }) => {
    const blob = newBlob(LARGE_BYTES);
    const session = await repository.startUpload();
    expectStatus(await session.patch({ bytes: blob.bytes, startBytes: 7 }), 416);
    expectStatus(await session.finish(blob.digest, { bytes: blob.bytes }), 201);
    expectContent(await repository.headBlob(blob.digest), blob);
  },
  "a large body with a malformed digest is refused and leaves the connection usable": async ({
    repository,
  }) => {
    const session = await repository.startUpload();
    const answer = await session.finish("sha256:bad", newBlob(LARGE_BYTES));
    expectError(answer, 400, "DIGEST_INVALID");
    await repository.pushImage("next");
  },
  "a large body to a name that is none is refused and leaves the connection usable": async ({
    client,
    repository,
  }) => {
    const parts = { headers: BINARY, body: newBlob(LARGE_BYTES).bytes };
    expectStatus(await client.send("POST", "/v2/UPPER/blobs/uploads/", parts), 400, 404);
    await repository.pushImage("next");
  },
  "a manifest far above the limit is refused and leaves the connection usable": async ({
    repository,
  }) => {
    const document = { ...blobOf(Buffer.alloc(LARGE_BYTES, " ")), mediaType: OCI_IMAGE };
    expectStatus(await repository.putManifest(document, "large"), 400, 413);
    await repository.pushImage("next");
  },
  "HEAD answers bring no bytes that spoil the next answer": async ({ repository }) => {
    const image = await repository.pushImage("latest");
    const blob = await repository.pushBlob(newBlob(5000));
    for (let times = 0; times < 3; times += 1) {
      expectContent(await repository.headBlob(blob.digest), blob);
      expectContent(await repository.headManifest("latest"), image);
      expectStatus(await repository.headManifest("missing"), 404);
      expectContent(await repository.getBlob(blob.digest), blob);
    }
  },
  "a large blob comes through whole in pieces": async ({ repository }) => {
    const blob = await repository.pushBlob(newBlob(LARGE_BYTES), "streamed");
    expectContent(await repository.getBlob(blob.digest), blob);
  },
});
