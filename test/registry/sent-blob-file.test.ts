/** What becomes of answers when somebody deletes or changes the file of a blob that was sent before. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempDisposable, rename, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { openRegistry } from "../fixtures/in-process-registry.ts";
import { pushBlob } from "../fixtures/pushing.ts";
import { plainRequest, type RawAnswer, RawConnection } from "../fixtures/raw-http.ts";

const SIZE_BYTES = 16 * 2 ** 20;
const blob = randomBytes(SIZE_BYTES);
const digest = digestOf(blob);
const target = `/v2/a/blobs/${digest}`;

interface Pushed extends AsyncDisposable {
  readonly origin: URL;
  /** Where the blob lies. */
  readonly file: string;
}

async function open(): Promise<Pushed> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-sent-")));
  const storage = { filesystem: { rootdirectory: folder.path } };
  const { origin } = resources.use(await openRegistry({ sections: { storage } }));
  await pushBlob(origin, "a", blob);
  const hex = digest.slice("sha256:".length);
  const file = join(folder.path, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
  const owned = resources.move();
  return { origin, file, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function pull({ origin }: Pushed): Promise<RawAnswer> {
  using connection = await RawConnection.open(origin);
  connection.send(plainRequest("GET", target));
  return await connection.answer();
}

describe("a blob's file", () => {
  it("that is deleted while it is sent arrives whole, is unknown from then on, and may be pushed again", async () => {
    await using own = await open();
    using connection = await RawConnection.open(own.origin);
    connection.send(plainRequest("GET", target));
    await once(connection.socket, "readable");
    await unlink(own.file);
    expect((await pull(own)).status).toBe(404);
    expect((await connection.answer()).body.equals(blob)).toBe(true);
    await pushBlob(own.origin, "a", blob);
    expect((await pull(own)).body.equals(blob)).toBe(true);
  });

  it("that was sent before and has another size by now is sent as it is now", async () => {
    await using own = await open();
    expect((await pull(own)).status).toBe(200);
    await truncate(own.file, SIZE_BYTES - 1);
    const { headers, body } = await pull(own);
    expect(headers["content-length"]).toBe(String(SIZE_BYTES - 1));
    expect(body.equals(blob.subarray(0, -1))).toBe(true);
  });

  it("that was replaced by another one is not sent from the old one", async () => {
    await using own = await open();
    expect((await pull(own)).status).toBe(200);
    const other = randomBytes(SIZE_BYTES);
    await writeFile(`${own.file}.new`, other);
    await rename(`${own.file}.new`, own.file);
    expect((await pull(own)).body.equals(other)).toBe(true);
  });
});
