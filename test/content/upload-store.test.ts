import { expect, it } from "vitest";
import { DigestMismatch, UploadOutOfOrder, UploadUnknown } from "../../src/content/errors.ts";
import { blobData, uploadFolder, uploadStartedAt } from "../../src/content/layout.ts";
import type { Chunk, Upload } from "../../src/content/upload-store.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { calm, chunks, collect, pattern } from "../contracts/storage-subject.ts";
import { describeContent } from "./content-subject.ts";
import { APP, LAYER, OTHER, pushBlob } from "./images.ts";

const DIGEST = digestOf(LAYER);
const FIRST = LAYER.subarray(0, 7);
const REST = LAYER.subarray(7);

function chunk(bytes: Uint8Array | string, startBytes?: number): Chunk {
  return { bytes: chunks(bytes), startBytes };
}

describeContent("an upload", (open) => {
  it("begins empty, with the time in whole seconds beside it", async () => {
    const { content, driver } = await open();
    const upload = await content.uploads.start(APP, calm());
    expect((await content.uploads.status(upload, calm())).sizeBytes).toBe(0);
    const startedAt = await collect(driver.read(uploadStartedAt(APP, upload.id), calm()));
    expect(startedAt.toString("latin1")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it("grows by chunks that say where they begin, and by chunks that do not", async () => {
    const { content, driver } = await open();
    const upload = await content.uploads.start(APP, calm());
    expect(await content.uploads.append(upload, chunk(FIRST, 0), calm())).toMatchObject({
      sizeBytes: 7,
    });
    await content.uploads.append(upload, chunk(REST), calm());
    const blob = await content.uploads.commit(upload, { chunk: undefined, digest: DIGEST }, calm());
    expect(blob.sizeBytes).toBe(LAYER.byteLength);
    expect(await collect(driver.read(blobData(DIGEST), calm()))).toEqual(LAYER);
  });

  it("takes its last chunk with the commit", async () => {
    const { content } = await open();
    const upload = await content.uploads.start(APP, calm());
    await content.uploads.append(upload, chunk(FIRST, 0), calm());
    const end = { chunk: chunk(REST, 7), digest: DIGEST };
    await content.uploads.commit(upload, end, calm());
    expect(await content.blobs.find(APP, DIGEST, calm())).toBeDefined();
  });

  it("can be empty", async () => {
    const { content, driver } = await open();
    const empty = Buffer.alloc(0);
    const upload = await content.uploads.start(APP, calm());
    const end = { chunk: undefined, digest: digestOf(empty) };
    expect(await content.uploads.commit(upload, end, calm())).toMatchObject({ sizeBytes: 0 });
    expect(await content.blobs.find(APP, digestOf(empty), calm())).toBeDefined();
    expect(await collect(driver.read(blobData(digestOf(empty)), calm()))).toEqual(empty);
  });

  it("is unknown in another repository", async () => {
    const { content } = await open();
    const { id } = await content.uploads.start(APP, calm());
    const elsewhere = { repository: OTHER, id };
    const { uploads } = content;
    const end = { chunk: undefined, digest: digestOf(Buffer.alloc(0)) };
    await expect(uploads.status(elsewhere, calm())).rejects.toBeInstanceOf(UploadUnknown);
    await expect(uploads.append(elsewhere, chunk("x"), calm())).rejects.toBeInstanceOf(
      UploadUnknown,
    );
    await expect(uploads.commit(elsewhere, end, calm())).rejects.toBeInstanceOf(UploadUnknown);
    await expect(uploads.cancel(elsewhere, calm())).rejects.toBeInstanceOf(UploadUnknown);
    expect((await uploads.status({ repository: APP, id }, calm())).sizeBytes).toBe(0);
  });

  it("is gone with all it held when it is cancelled", async () => {
    const { content, driver } = await open();
    const upload = await content.uploads.start(APP, calm());
    await content.uploads.append(upload, chunk(FIRST), calm());
    await content.uploads.cancel(upload, calm());
    await expect(content.uploads.status(upload, calm())).rejects.toBeInstanceOf(UploadUnknown);
    expect(await Array.fromAsync(driver.list(uploadFolder(APP, upload.id), calm()))).toEqual([]);
  });

  it("is gone with all it held when it is committed", async () => {
    const { content, driver } = await open();
    const upload = await content.uploads.start(APP, calm());
    await content.uploads.commit(upload, { chunk: chunk(LAYER), digest: DIGEST }, calm());
    await expect(content.uploads.status(upload, calm())).rejects.toBeInstanceOf(UploadUnknown);
    expect(await Array.fromAsync(driver.list(uploadFolder(APP, upload.id), calm()))).toEqual([]);
  });
});

describeContent("a chunk out of order", (open) => {
  it.each([3, 8, 1_000_000])(
    "is refused at %d of 7, and the upload goes on",
    async (startBytes) => {
      const { content, driver } = await open();
      const upload = await content.uploads.start(APP, calm());
      await content.uploads.append(upload, chunk(FIRST, 0), calm());
      const wrong = content.uploads.append(upload, chunk("wrong", startBytes), calm());
      await expect(wrong).rejects.toMatchObject({ kind: "UploadOutOfOrder", sizeBytes: 7 });
      expect(await content.uploads.status(upload, calm())).toMatchObject({ sizeBytes: 7 });
      await content.uploads.append(upload, chunk(REST, 7), calm());
      await content.uploads.commit(upload, { chunk: undefined, digest: DIGEST }, calm());
      expect(await collect(driver.read(blobData(DIGEST), calm()))).toEqual(LAYER);
    },
  );

  it("is refused with the commit too, and the upload goes on", async () => {
    const { content } = await open();
    const upload = await content.uploads.start(APP, calm());
    await content.uploads.append(upload, chunk(FIRST, 0), calm());
    const wrong = { chunk: chunk(REST, 3), digest: DIGEST };
    await expect(content.uploads.commit(upload, wrong, calm())).rejects.toBeInstanceOf(
      UploadOutOfOrder,
    );
    await content.uploads.commit(upload, { chunk: chunk(REST, 7), digest: DIGEST }, calm());
    expect(await content.blobs.find(APP, DIGEST, calm())).toBeDefined();
  });

  it("may not begin an upload anew", async () => {
    const { content } = await open();
    const upload = await content.uploads.start(APP, calm());
    await content.uploads.append(upload, chunk(FIRST, 0), calm());
    const again = content.uploads.append(upload, chunk(FIRST, 0), calm());
    await expect(again).rejects.toMatchObject({ kind: "UploadOutOfOrder", sizeBytes: 7 });
  });
});

describeContent("a digest that is not that of the bytes", (open) => {
  it.each(["sha256", "sha512"] as const)("ends the upload and keeps nothing, %s", async (name) => {
    const { content, driver } = await open();
    const upload = await content.uploads.start(APP, calm());
    const expected = digestOf(Buffer.from("something else"), name);
    const end = { chunk: chunk(LAYER), digest: expected };
    const committing = content.uploads.commit(upload, end, calm());
    await expect(committing).rejects.toMatchObject({ expected, actual: digestOf(LAYER, name) });
    await expect(committing).rejects.toBeInstanceOf(DigestMismatch);
    await expect(content.uploads.status(upload, calm())).rejects.toBeInstanceOf(UploadUnknown);
    expect(await driver.stat(blobData(DIGEST), calm())).toBeUndefined();
    expect(await content.blobs.find(APP, expected, calm())).toBeUndefined();
    expect(await content.blobs.find(APP, DIGEST, calm())).toBeUndefined();
  });
});

describeContent("a source that fails", (open) => {
  async function* failingAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    yield bytes;
    throw new Error("the client went away");
  }

  it("leaves what had arrived, and the upload goes on behind it", async () => {
    const { content } = await open();
    const upload = await content.uploads.start(APP, calm());
    const cut: Chunk = { bytes: failingAfter(FIRST), startBytes: 0 };
    await expect(content.uploads.append(upload, cut, calm())).rejects.toThrow("went away");
    expect(await content.uploads.status(upload, calm())).toMatchObject({ sizeBytes: 7 });
    await content.uploads.commit(upload, { chunk: chunk(REST, 7), digest: DIGEST }, calm());
    expect(await content.blobs.find(APP, DIGEST, calm())).toBeDefined();
  });

  it("costs no second look at the bytes", async () => {
    const { content, hashed } = await open();
    const upload = await content.uploads.start(APP, calm());
    const cut: Chunk = { bytes: failingAfter(FIRST), startBytes: 0 };
    await expect(content.uploads.append(upload, cut, calm())).rejects.toThrow("went away");
    await content.uploads.commit(upload, { chunk: chunk(REST, 7), digest: DIGEST }, calm());
    expect(hashed).toEqual([]);
  });

  it("never leads to a commit of what had arrived", async () => {
    const { content, driver } = await open();
    const upload = await content.uploads.start(APP, calm());
    const cut: Chunk = { bytes: failingAfter(FIRST), startBytes: undefined };
    const end = { chunk: cut, digest: digestOf(FIRST) };
    await expect(content.uploads.commit(upload, end, calm())).rejects.toThrow("went away");
    expect(await driver.stat(blobData(digestOf(FIRST)), calm())).toBeUndefined();
    expect(await content.uploads.status(upload, calm())).toMatchObject({ sizeBytes: 7 });
  });
});

describeContent("a newer request for the same upload", (open) => {
  /** Yields `bytes`, says so, and then nothing until it is closed. */
  async function* silentAfter(bytes: Uint8Array, said: () => void): AsyncGenerator<Uint8Array> {
    yield bytes;
    said();
    await new Promise<never>(() => undefined);
  }

  it("ends one that still waits for bytes, and goes on behind what that one left", async () => {
    const { content } = await open();
    const { uploads } = content;
    const upload = await uploads.start(APP, calm());
    const { promise: isSilent, resolve } = Promise.withResolvers<void>();
    const older = uploads.append(
      upload,
      { bytes: silentAfter(FIRST, resolve), startBytes: 0 },
      calm(),
    );
    const outcome = Promise.allSettled([older]);
    await isSilent;
    const nothing = uploads.append(upload, chunk(""), calm());
    expect(await outcome).toMatchObject([{ status: "rejected", reason: { kind: "TakenOver" } }]);
    const { sizeBytes } = await nothing;
    expect([0, FIRST.byteLength]).toContain(sizeBytes);
    const end = { chunk: chunk(LAYER.subarray(sizeBytes), sizeBytes), digest: DIGEST };
    await uploads.commit(upload, end, calm());
    expect(await content.blobs.find(APP, DIGEST, calm())).toBeDefined();
  });
});

describeContent("hashing", (open) => {
  async function inThree(
    { append }: { append: (upload: Upload, next: Chunk) => Promise<unknown> },
    upload: Upload,
  ): Promise<void> {
    for (const at of [0, 5, 10]) await append(upload, chunk(LAYER.subarray(at, at + 5), at));
    await append(upload, chunk(LAYER.subarray(15), 15));
  }

  it("happens as the bytes arrive, and once", async () => {
    const { content, hashed } = await open();
    const upload = await content.uploads.start(APP, calm());
    await inThree({ append: (...call) => content.uploads.append(...call, calm()) }, upload);
    await content.uploads.commit(upload, { chunk: undefined, digest: DIGEST }, calm());
    expect(hashed).toEqual([]);
  });

  it("happens again from the store when another process goes on", async () => {
    const first = await open();
    const second = await first.reopen();
    const upload = await first.content.uploads.start(APP, calm());
    await first.content.uploads.append(upload, chunk(FIRST, 0), calm());
    await second.content.uploads.append(upload, chunk(REST, 7), calm());
    await second.content.uploads.commit(upload, { chunk: undefined, digest: DIGEST }, calm());
    expect(second.hashed).toHaveLength(1);
    expect(await first.content.blobs.find(APP, DIGEST, calm())).toBeDefined();
  });

  it("trusts nothing it remembers once another process has appended", async () => {
    const first = await open();
    const second = await first.reopen();
    const upload = await first.content.uploads.start(APP, calm());
    await first.content.uploads.append(upload, chunk(FIRST, 0), calm());
    await second.content.uploads.append(upload, chunk(REST, 7), calm());
    await first.content.uploads.commit(upload, { chunk: undefined, digest: DIGEST }, calm());
    expect(first.hashed).toHaveLength(1);
  });

  it("needs no second look for a sha512 that was announced", async () => {
    const { content, hashed } = await open();
    const upload = await content.uploads.start(APP, { ...calm(), algorithm: "sha512" });
    await content.uploads.append(upload, chunk(LAYER), calm());
    const digest = digestOf(LAYER, "sha512");
    await content.uploads.commit(upload, { chunk: undefined, digest }, calm());
    expect(hashed).toEqual([]);
    expect(await content.blobs.find(APP, digest, calm())).toBeDefined();
  });

  it("looks again for a sha512 that nobody announced", async () => {
    const { content, hashed } = await open();
    const upload = await content.uploads.start(APP, calm());
    await content.uploads.append(upload, chunk(LAYER), calm());
    const digest = digestOf(LAYER, "sha512");
    await content.uploads.commit(upload, { chunk: undefined, digest }, calm());
    expect(hashed).toHaveLength(1);
    expect(await content.blobs.find(APP, digest, calm())).toBeDefined();
  });

  it("is right for bytes in many pieces that several processes took by turns", async () => {
    const first = await open();
    const second = await first.reopen();
    const bytes = pattern(3_000_000);
    const upload = await first.content.uploads.start(APP, calm());
    for (const [index, at] of [0, 700_001, 1_400_002, 2_100_003].entries()) {
      const { content } = index % 2 === 0 ? first : second;
      const next = chunk(bytes.subarray(at, at + 700_001), at);
      await content.uploads.append(upload, next, calm());
    }
    const end = { chunk: chunk(bytes.subarray(2_800_004)), digest: digestOf(bytes) };
    await first.content.uploads.commit(upload, end, calm());
    expect(await collect(first.driver.read(blobData(digestOf(bytes)), calm()))).toEqual(bytes);
  });
});

describeContent("two uploads of the same blob", (open) => {
  it("both end well, and the data is there once", async () => {
    const { content, driver } = await open();
    const uploads = await Promise.all(
      [APP, OTHER].map((name) => content.uploads.start(name, calm())),
    );
    for (const upload of uploads) await content.uploads.append(upload, chunk(LAYER, 0), calm());
    const end = { chunk: undefined, digest: DIGEST };
    await Promise.all(uploads.map((upload) => content.uploads.commit(upload, end, calm())));
    for (const name of [APP, OTHER]) {
      expect(await content.blobs.find(name, DIGEST, calm())).toBeDefined();
    }
    expect(await collect(driver.read(blobData(DIGEST), calm()))).toEqual(LAYER);
  });

  it("end well when fifty clients push at once", async () => {
    const { content, driver } = await open();
    await Promise.all(Array.from({ length: 50 }, () => pushBlob(content, LAYER)));
    expect(await collect(driver.read(blobData(DIGEST), calm()))).toEqual(LAYER);
    const listed = driver.list(`${blobData(DIGEST).slice(0, -"/data".length)}`, calm());
    expect(await Array.fromAsync(listed)).toEqual([{ kind: "object", name: "data" }]);
  });
});
