import { link } from "node:fs/promises";
import { expect, it } from "vitest";
import { UploadUnknown } from "../../src/content/errors.ts";
import {
  blobData,
  layerLink,
  uploadData,
  uploadFolder,
  uploadStartedAt,
} from "../../src/content/layout.ts";
import type { UploadEnd } from "../../src/content/upload-store.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { hasLocalFiles } from "../../src/storage/storage-driver.ts";
import { calm, chunks, collect } from "../contracts/storage-subject.ts";
import { describeContent } from "./content-subject.ts";
import { APP, LAYER, OTHER, pushBlob } from "./images.ts";

const DIGEST = digestOf(LAYER);

function whole(): UploadEnd {
  return { chunk: { bytes: chunks(LAYER), startBytes: undefined }, digest: DIGEST };
}

describeContent("a commit that comes again, its first answer lost,", (open) => {
  it("has the same answer", async () => {
    const { content } = await open();
    const upload = await content.uploads.start(APP, calm());
    const first = await content.uploads.commit(upload, whole(), calm());
    expect(await content.uploads.commit(upload, whole(), calm())).toEqual(first);
    await expect(content.uploads.status(upload, calm())).rejects.toBeInstanceOf(UploadUnknown);
  });

  it("has the same answer while the first one is still at work", async () => {
    const { content } = await open();
    const upload = await content.uploads.start(APP, calm());
    const first = content.uploads.commit(upload, whole(), calm());
    const second = content.uploads.commit(upload, whole(), calm());
    const [older, newer] = await Promise.allSettled([first, second]);
    expect(newer).toMatchObject({ status: "fulfilled", value: { digest: DIGEST } });
    expect(["fulfilled", "rejected"]).toContain(older.status);
    expect(await content.blobs.find(APP, DIGEST, calm())).toBeDefined();
  });

  it("is unknown when the data is gone since", async () => {
    const { content, driver } = await open();
    const upload = await content.uploads.start(APP, calm());
    await content.uploads.commit(upload, whole(), calm());
    await content.blobs.delete(APP, DIGEST, calm());
    await driver.delete(blobData(DIGEST), calm());
    const again = content.uploads.commit(upload, whole(), calm());
    await expect(again).rejects.toBeInstanceOf(UploadUnknown);
    expect(await driver.stat(layerLink(APP, DIGEST), calm())).toBeUndefined();
  });

  it("is unknown by another digest, in another repository, and after a cancel", async () => {
    const { content } = await open();
    const upload = await content.uploads.start(APP, calm());
    await content.uploads.commit(upload, whole(), calm());
    await pushBlob(content, "another blob");
    const other = { chunk: undefined, digest: digestOf(Buffer.from("another blob")) };
    await expect(content.uploads.commit(upload, other, calm())).rejects.toBeInstanceOf(
      UploadUnknown,
    );
    const elsewhere = { repository: OTHER, id: upload.id };
    await expect(content.uploads.commit(elsewhere, whole(), calm())).rejects.toBeInstanceOf(
      UploadUnknown,
    );
    expect(await content.blobs.find(OTHER, DIGEST, calm())).toBeUndefined();
  });
});

describeContent("after a crash", (open) => {
  it("an upload whose data was published already can be committed again", async () => {
    const first = await open();
    const upload = await first.content.uploads.start(APP, calm());
    const chunk = { bytes: chunks(LAYER), startBytes: 0 };
    await first.content.uploads.append(upload, chunk, calm());
    // What is there when the process dies after it gave the data its second name.
    await pushBlob(first.content, LAYER, { repository: OTHER });
    const { driver } = first;
    if (hasLocalFiles(driver)) {
      const data = driver.localPath(blobData(DIGEST));
      await driver.delete(blobData(DIGEST), calm());
      await link(driver.localPath(uploadData(APP, upload.id)), data);
    }
    const second = await first.reopen();
    await second.content.uploads.commit(upload, { chunk: undefined, digest: DIGEST }, calm());
    expect(await second.content.blobs.find(APP, DIGEST, calm())).toBeDefined();
    expect(await collect(driver.read(blobData(DIGEST), calm()))).toEqual(LAYER);
  });

  it("an upload that has only its time of beginning is unknown", async () => {
    const { content, driver } = await open();
    const upload = await content.uploads.start(APP, calm());
    await driver.staging.discard(uploadData(APP, upload.id), calm());
    expect(await driver.stat(uploadStartedAt(APP, upload.id), calm())).toBeDefined();
    const end = { chunk: undefined, digest: digestOf(Buffer.alloc(0)) };
    await expect(content.uploads.status(upload, calm())).rejects.toBeInstanceOf(UploadUnknown);
    await expect(content.uploads.commit(upload, end, calm())).rejects.toBeInstanceOf(UploadUnknown);
  });

  it("data of the wrong length is replaced by the next commit", async () => {
    const { content, driver } = await open();
    await pushBlob(content, LAYER);
    await driver.write(blobData(DIGEST), LAYER.subarray(0, 5), calm());
    await pushBlob(content, LAYER);
    expect(await collect(driver.read(blobData(DIGEST), calm()))).toEqual(LAYER);
  });

  it("a link that is missing or empty is written by the next commit", async () => {
    const { content, driver } = await open();
    for (const damage of [undefined, Buffer.alloc(0)]) {
      await pushBlob(content, LAYER);
      if (damage) await driver.write(layerLink(APP, DIGEST), damage, calm());
      else await driver.delete(layerLink(APP, DIGEST), calm());
      expect(await content.blobs.find(APP, DIGEST, calm())).toBeUndefined();
      await pushBlob(content, LAYER);
      expect(await content.blobs.find(APP, DIGEST, calm())).toBeDefined();
    }
  });

  it("an upload without a time of beginning can still be finished", async () => {
    const { content, driver } = await open();
    const upload = await content.uploads.start(APP, calm());
    await driver.delete(uploadStartedAt(APP, upload.id), calm());
    await content.uploads.commit(upload, whole(), calm());
    expect(await content.blobs.find(APP, DIGEST, calm())).toBeDefined();
    expect(await Array.fromAsync(driver.list(uploadFolder(APP, upload.id), calm()))).toEqual([]);
  });
});
