import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { checkStore } from "../../src/content/check/check-store.ts";
import {
  blobData,
  referrerEntry,
  repositoryFolder,
  revisionLink,
  tagIndexLink,
  uploadData,
  uploadStartedAt,
} from "../../src/content/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { ObjectNotFound } from "../../src/storage/errors.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { PlantedStore, repo, uploadId } from "../gc/planted-store.ts";
import { check, emptyStore, found } from "./run-check.ts";

const signal = new AbortController().signal;
const NAME = repo("shop/web");
const LATEST = parseTag("latest");
const UPLOAD = "0b8f9a52-7c1e-4a6b-9f3d-2f1e8d7c6b5a";
const ABSENT = digestOf(Buffer.from("never stored"));

/** One of everything, sound. */
async function plantSound(store: PlantedStore): Promise<void> {
  const layer = await store.blob("shop/web", "a layer");
  const big = await store.blobBySha512("shop/web", "a layer by its sha512");
  const amd = await store.image("shop/web", "amd64", { layers: [layer, big] });
  const arm = await store.image("shop/web", "arm64", { layers: [layer] });
  const index = await store.index("shop/web", [amd, arm]);
  await store.tag("shop/web", "latest", index);
  await store.image("shop/web", "signature", { subject: index });
  await store.upload("shop/web", UPLOAD, "2026-11-21T00:58:43Z");
  await store.driver.staging.create(uploadData(NAME, uploadId(UPLOAD)), { signal });
  await store.image("other", "alone");
}

describe("checkStore()", () => {
  it("finds nothing wrong in a sound store, and counts what it looked at", async () => {
    const store = emptyStore();
    await plantSound(store);
    const report = await check(store, true);
    expect(report).toMatchObject({ violations: [], notes: [] });
    expect(report.checked).toStrictEqual({
      repositories: 2,
      manifests: 5,
      blobs: 11,
      coldBlobs: 0,
      recipes: 0,
      packs: 0,
      tags: 1,
      layerLinks: 7,
      uploads: 1,
      referrers: 1,
      unindexedReferrers: 0,
      bytes: expect.any(Number),
    });
    expect(report.checked.bytes).toBeGreaterThan(0);
  });

  it("finds nothing wrong in an empty store", async () => {
    expect(await check(emptyStore())).toMatchObject({
      violations: [],
      notes: [],
      checked: { repositories: 0, blobs: 0 },
    });
  });

  it("passes over folders on a filesystem whose links were deleted", async () => {
    await using root = await mkdtempDisposable(join(tmpdir(), "barge-check-"));
    const settings = { rootDirectory: root.path, maxThreads: 25 };
    await using driver = await FilesystemDriver.open(settings);
    const store = new PlantedStore(driver);
    await plantSound(store);
    const gone = await store.image("other", "gone");
    await store.remove(revisionLink(repo("other"), gone.digest));
    await store.upload("other", UPLOAD, "2026-11-21T00:58:43Z");
    await store.remove(uploadStartedAt(repo("other"), uploadId(UPLOAD)));
    const report = await check(store, true);
    expect(report).toMatchObject({ violations: [], notes: [] });
    expect(report.checked).toMatchObject({ manifests: 5, uploads: 1 });
  });

  it("reports progress while it looks", async () => {
    const store = emptyStore();
    await plantSound(store);
    const seen: number[] = [];
    await checkStore({
      driver: store.driver,
      signal,
      deep: false,
      onProgress: ({ blobs }) => seen.push(blobs),
    });
    expect(seen.at(-1)).toBe(11);
    expect(seen).toStrictEqual(seen.toSorted((left, right) => left - right));
  });

  it("forgets what looks wrong at first and is right at a second look", async () => {
    const store = emptyStore();
    const image = await store.image("shop/web", "one");
    await store.tag("shop/web", "latest", image);
    const link = revisionLink(NAME, image.digest);
    let looks = 0;
    const driver = partlyReplaced(store.driver, {
      // The manifest's push ends between the first look and the second.
      async *read(key, options) {
        if (key === link && looks++ === 0) throw new ObjectNotFound(key);
        yield* store.driver.read(key, options);
      },
    });
    const report = await checkStore({ driver, signal, deep: false });
    expect(report.violations).toStrictEqual([]);
  });

  it("rejects with the store's failure rather than reporting on half of it", async () => {
    const store = emptyStore();
    await plantSound(store);
    const failure = new Error("input/output error");
    const driver = partlyReplaced(store.driver, {
      // oxlint-disable-next-line require-yield -- fails before anything is listed
      async *list() {
        throw failure;
      },
    });
    await expect(checkStore({ driver, signal, deep: false })).rejects.toBe(failure);
  });
});

describe("checkStore() takes no offence at", () => {
  it("children of an index that the repository does not hold", async () => {
    const store = emptyStore();
    const child = await store.image("other", "one");
    await store.index("shop/web", [child, { ...child, digest: ABSENT }], true);
    expect(await found(store)).toStrictEqual([]);
  });

  it("a subject that is not there", async () => {
    const store = emptyStore();
    const subject = { mediaType: OCI_MANIFEST, digest: ABSENT, size: 3 };
    await store.image("shop/web", "signature", { subject });
    expect(await found(store)).toStrictEqual([]);
  });

  it("layers that clients fetch from elsewhere", async () => {
    const store = emptyStore();
    const mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    const foreign = { mediaType, digest: ABSENT, size: 3, urls: ["https://example.com/layer"] };
    await store.image("shop/web", "windows", { layers: [foreign] });
    expect(await found(store)).toStrictEqual([]);
  });

  it("a referrer that the index does not name, and counts it", async () => {
    const store = emptyStore();
    const subject = await store.image("shop/web", "subject");
    const signature = await store.image("shop/web", "signature", { subject });
    await store.remove(referrerEntry(NAME, subject.digest, signature.digest));
    const { violations, checked } = await check(store);
    expect(violations).toStrictEqual([]);
    expect(checked).toMatchObject({ referrers: 0, unindexedReferrers: 1 });
  });

  it("another size in a manifest than its parts have, but notes it and hashes each part only once a look", async () => {
    const store = emptyStore();
    const layer = await store.blob("shop/web", "a layer");
    const lying = { layers: [{ ...layer, size: 9 }] };
    const child = await store.image("shop/web", "one", lying);
    await store.image("shop/web", "two", lying);
    await store.image("shop/web", "three", lying);
    const index = await store.index("shop/web", [{ ...child, size: 1 }]);
    let reads = 0;
    const driver = partlyReplaced(store.driver, {
      read(key, options) {
        if (key === blobData(layer.digest)) reads += 1;
        return store.driver.read(key, options);
      },
    });
    const { violations, notes } = await checkStore({ driver, signal, deep: false });
    expect(violations).toStrictEqual([]);
    expect(notes).toHaveLength(4);
    expect(notes).toContainEqual({
      level: "note",
      kind: "wrong-size",
      where: revisionLink(NAME, index.digest),
      detail: `the manifest says that manifests[0] has 1 bytes, but ${child.digest} has ${child.size}; it was pushed so, and some clients refuse it`,
    });
    expect(reads).toBe(2);
  });

  it("schema 1, a tag cut off in its first push and folders of others, but notes them", async () => {
    const store = emptyStore();
    const { digest } = await store.manifest("shop/web", { schemaVersion: 1, fsLayers: [] });
    await store.put(tagIndexLink(NAME, LATEST, digest), digest);
    await store.put(`${repositoryFolder(NAME)}/_layers/md5/abc/link`, "md5:abc");
    const { violations, notes } = await check(store);
    expect(violations).toStrictEqual([]);
    expect(notes.map(({ kind }) => kind).toSorted()).toStrictEqual([
      "schema-1-manifest",
      "unfinished-tag",
      "unknown-folder",
    ]);
  });
});
