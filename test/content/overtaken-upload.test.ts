import { expect, it } from "vitest";
import { DigestMismatch, UploadOutOfOrder } from "../../src/content/errors.ts";
import { blobData } from "../../src/content/layout.ts";
import type { Chunk } from "../../src/content/upload-store.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { calm, chunks } from "../contracts/storage-subject.ts";
import { describeContent } from "./content-subject.ts";
import { APP, LAYER } from "./images.ts";

describeContent("a chunk that another process overtakes", (open) => {
  async function* heldUp(
    bytes: Uint8Array,
    { begin, goOn }: { readonly begin: () => void; readonly goOn: Promise<void> },
  ): AsyncGenerator<Uint8Array> {
    begin();
    await goOn;
    yield bytes;
  }

  it("leaves no digest behind for bytes of the same length that the other one wrote", async () => {
    const first = await open();
    const second = await first.reopen();
    const digest = digestOf(LAYER);
    const upload = await first.content.uploads.start(APP, calm());
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const bytes = heldUp(LAYER, { begin: begun.resolve, goOn: goOn.promise });
    const late: Chunk = { bytes, startBytes: 0 };
    const overtaken = first.content.uploads.append(upload, late, calm());
    await begun.promise;
    const other = new Uint8Array(LAYER.byteLength).fill(7);
    const faster: Chunk = { bytes: chunks(other), startBytes: 0 };
    await second.content.uploads.append(upload, faster, calm());
    goOn.resolve();
    await expect(overtaken).rejects.toBeInstanceOf(UploadOutOfOrder);
    const committing = first.content.uploads.commit(upload, { chunk: undefined, digest }, calm());
    await expect(committing).rejects.toBeInstanceOf(DigestMismatch);
    expect(await first.driver.stat(blobData(digest), calm())).toBeUndefined();
  });
});
