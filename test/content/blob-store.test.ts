import { expect, it } from "vitest";
import { BlobUnknown } from "../../src/content/errors.ts";
import { blobData, layerLink } from "../../src/content/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { calm, collect } from "../contracts/storage-subject.ts";
import { describeContent } from "./content-subject.ts";
import { APP, LAYER, OTHER, pushBlob } from "./images.ts";

const SHA256 = digestOf(LAYER);
const SHA512 = digestOf(LAYER, "sha512");

describeContent("blob store", (open) => {
  it("finds a pushed blob in its repository and in no other", async () => {
    const { content } = await open();
    await pushBlob(content, LAYER);
    const found = await content.blobs.find(APP, SHA256, calm());
    expect(found).toEqual({
      digest: SHA256,
      sha256: SHA256,
      dataKey: blobData(SHA256),
      sizeBytes: LAYER.byteLength,
      isCold: false,
    });
    expect(await content.blobs.find(OTHER, SHA256, calm())).toBeUndefined();
  });

  it("keeps the link of a blob as its digest alone, 71 bytes without a newline", async () => {
    const { content, driver } = await open();
    await pushBlob(content, LAYER);
    const link = await collect(driver.read(layerLink(APP, SHA256), calm()));
    expect(link.byteLength).toBe(71);
    expect(link.toString("latin1")).toBe(SHA256);
  });

  it("keeps a blob pushed by sha512 under its sha256, with links of both names to it", async () => {
    const { content, driver } = await open();
    await pushBlob(content, LAYER, { algorithm: "sha512" });
    for (const name of [SHA256, SHA512]) {
      const link = await collect(driver.read(layerLink(APP, name), calm()));
      expect(link.toString("latin1")).toBe(SHA256);
    }
    expect(await collect(driver.read(blobData(SHA256), calm()))).toEqual(LAYER);
    expect(await driver.stat(blobData(SHA512), calm())).toBeUndefined();
  });

  it("finds a blob by the sha512 it was pushed by, under that name", async () => {
    const { content } = await open();
    await pushBlob(content, LAYER, { algorithm: "sha512" });
    const found = await content.blobs.find(APP, SHA512, calm());
    expect(found).toMatchObject({ digest: SHA512, dataKey: blobData(SHA256) });
  });

  it("does not find a blob by a sha512 that nobody has verified", async () => {
    const { content } = await open();
    await pushBlob(content, LAYER);
    expect(await content.blobs.find(APP, SHA512, calm())).toBeUndefined();
  });

  it("reads a range of a blob", async () => {
    const { content } = await open();
    await pushBlob(content, LAYER);
    const blob = await content.blobs.find(APP, SHA256, calm());
    if (blob === undefined) throw new Error("not found");
    const range = { startBytes: 4, lengthBytes: 5 };
    const part = await collect(content.blobs.read(blob, { ...calm(), range }));
    expect(part.toString()).toBe("bytes");
  });

  it("says that a blob is unknown when its data went away since it was found", async () => {
    const { content, driver } = await open();
    await pushBlob(content, LAYER);
    const blob = await content.blobs.find(APP, SHA256, calm());
    if (blob === undefined) throw new Error("not found");
    await driver.delete(blob.dataKey, calm());
    await expect(collect(content.blobs.read(blob, calm()))).rejects.toBeInstanceOf(BlobUnknown);
  });

  it("does not find a blob whose link holds no digest, and says so in the log", async () => {
    const { content, driver, log } = await open();
    await pushBlob(content, LAYER);
    await driver.write(layerLink(APP, SHA256), Buffer.alloc(71), calm());
    expect(await content.blobs.find(APP, SHA256, calm())).toBeUndefined();
    expect(log.lines).toMatchObject([
      { level: "warn", fields: { "storage.key": layerLink(APP, SHA256) } },
    ]);
    await pushBlob(content, LAYER);
    expect(await content.blobs.find(APP, SHA256, calm())).toBeDefined();
  });

  it("does not find a blob whose data is an empty file", async () => {
    const { content, driver } = await open();
    await pushBlob(content, LAYER);
    await driver.write(blobData(SHA256), Buffer.alloc(0), calm());
    expect(await content.blobs.find(APP, SHA256, calm())).toBeUndefined();
    await pushBlob(content, LAYER);
    expect(await collect(driver.read(blobData(SHA256), calm()))).toEqual(LAYER);
  });
});

describeContent("mounting", (open) => {
  it("makes the blob one of the other repository, and of neither less", async () => {
    const { content } = await open();
    await pushBlob(content, LAYER, { repository: OTHER });
    const mounted = await content.blobs.mount({ digest: SHA256, from: OTHER, to: APP }, calm());
    expect(mounted).toMatchObject({ digest: SHA256, sizeBytes: LAYER.byteLength });
    expect(await content.blobs.find(APP, SHA256, calm())).toBeDefined();
    expect(await content.blobs.find(OTHER, SHA256, calm())).toBeDefined();
  });

  it("takes both names along when the blob is mounted by its sha512", async () => {
    const { content } = await open();
    await pushBlob(content, LAYER, { repository: OTHER, algorithm: "sha512" });
    await content.blobs.mount({ digest: SHA512, from: OTHER, to: APP }, calm());
    expect(await content.blobs.find(APP, SHA512, calm())).toBeDefined();
    expect(await content.blobs.find(APP, SHA256, calm())).toBeDefined();
  });

  it("mounts nothing that the source repository does not hold, though the data is there", async () => {
    const { content, driver } = await open();
    await pushBlob(content, LAYER, { repository: OTHER });
    await content.blobs.delete(OTHER, SHA256, calm());
    const mounted = await content.blobs.mount({ digest: SHA256, from: OTHER, to: APP }, calm());
    expect(mounted).toBeUndefined();
    expect(await content.blobs.find(APP, SHA256, calm())).toBeUndefined();
    expect(await driver.stat(blobData(SHA256), calm())).toBeDefined();
  });

  it("mounts by the sha256 alone whatever the store has, for those who may read everything", async () => {
    const { content } = await open();
    await pushBlob(content, LAYER, { repository: OTHER, algorithm: "sha512" });
    const from = undefined;
    expect(await content.blobs.mount({ digest: SHA256, from, to: APP }, calm())).toBeDefined();
    expect(await content.blobs.find(APP, SHA256, calm())).toBeDefined();
    expect(await content.blobs.mount({ digest: SHA512, from, to: APP }, calm())).toBeUndefined();
    const absent = digestOf(Buffer.from("absent"));
    expect(await content.blobs.mount({ digest: absent, from, to: APP }, calm())).toBeUndefined();
  });

  it("mounts nothing whose data is gone", async () => {
    const { content, driver } = await open();
    await pushBlob(content, LAYER, { repository: OTHER });
    await driver.delete(blobData(SHA256), calm());
    const mounted = await content.blobs.mount({ digest: SHA256, from: OTHER, to: APP }, calm());
    expect(mounted).toBeUndefined();
    expect(await driver.stat(layerLink(APP, SHA256), calm())).toBeUndefined();
  });
});

describeContent("deleting a blob", (open) => {
  it("ends its membership and leaves it to other repositories", async () => {
    const { content } = await open();
    await pushBlob(content, LAYER);
    await content.blobs.mount({ digest: SHA256, from: APP, to: OTHER }, calm());
    await content.blobs.delete(APP, SHA256, calm());
    expect(await content.blobs.find(APP, SHA256, calm())).toBeUndefined();
    expect(await content.blobs.find(OTHER, SHA256, calm())).toBeDefined();
  });

  it("fails for a blob that the repository does not hold", async () => {
    const { content } = await open();
    await pushBlob(content, LAYER, { repository: OTHER });
    await expect(content.blobs.delete(APP, SHA256, calm())).rejects.toBeInstanceOf(BlobUnknown);
  });

  it("is seen at once by another process", async () => {
    const { content, reopen } = await open();
    await pushBlob(content, LAYER);
    const other = await reopen();
    expect(await other.content.blobs.find(APP, SHA256, calm())).toBeDefined();
    await content.blobs.delete(APP, SHA256, calm());
    expect(await other.content.blobs.find(APP, SHA256, calm())).toBeUndefined();
  });
});
