import { expect, it } from "vitest";
import { DigestMismatch, UploadOutOfOrder } from "../../src/content/errors.ts";
import { blobData } from "../../src/content/layout.ts";
import type { Chunk } from "../../src/content/upload-store.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { calm, chunks } from "../contracts/storage-subject.ts";
import { describeContent } from "./content-subject.ts";
import { APP, LAYER } from "./images.ts";

describeContent("a chunk that another process overtakes", (open) => {
  async function* after(goOn: Promise<void>, bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    await goOn;
    yield bytes;
  }

  it("leaves no digest behind for bytes of the same length that the other one wrote", async () => {
    const first = await open();
    const second = await first.reopen();
    const digest = digestOf(LAYER);
    const upload = await first.content.uploads.start(APP, calm());
    const { promise: goOn, resolve } = Promise.withResolvers<void>();
    const late: Chunk = { bytes: after(goOn, LAYER), startBytes: 0 };
    const overtaken = first.content.uploads.append(upload, late, calm());
    const other = new Uint8Array(LAYER.byteLength).fill(7);
    const faster: Chunk = { bytes: chunks(other), startBytes: 0 };
    await second.content.uploads.append(upload, faster, calm());
    resolve();
    await expect(overtaken).rejects.toBeInstanceOf(UploadOutOfOrder);
    const committing = first.content.uploads.commit(upload, { chunk: undefined, digest }, calm());
    await expect(committing).rejects.toBeInstanceOf(DigestMismatch);
    expect(await first.driver.stat(blobData(digest), calm())).toBeUndefined();
  });
});
