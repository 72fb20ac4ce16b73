import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { type CheckReport, checkStore } from "../../src/content/check/check-store.ts";
import {
  blobData,
  layerLink,
  referrerEntry,
  repositoryFolder,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
  uploadData,
  uploadFolder,
  uploadStartedAt,
} from "../../src/content/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { PlantedStore, repo, uploadId } from "../gc/planted-store.ts";

const signal = new AbortController().signal;
const NAME = repo("shop/web");
const LATEST = parseTag("latest");
const UPLOAD = "0b8f9a52-7c1e-4a6b-9f3d-2f1e8d7c6b5a";
const ABSENT = digestOf(Buffer.from("never stored"));

function emptyStore(): PlantedStore {
  return new PlantedStore(new InMemoryDriver());
}

function check({ driver }: PlantedStore, deep = false): Promise<CheckReport> {
  return checkStore({ driver, signal, deep });
}

/** What a check found, without its sentences. */
async function found(store: PlantedStore, deep = false): Promise<readonly string[]> {
  const { violations } = await check(store, deep);
  return violations.map(({ kind, where }) => `${kind} ${where}`).toSorted();
}

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
    const bytes = Buffer.from(image.digest);
    await store.remove(link);
    const driver = partlyReplaced(store.driver, {
      async *read(key, options) {
        yield* store.driver.read(key, options);
        // The manifest's push ends right after the tag was looked at for the first time.
        if (key === tagCurrentLink(NAME, LATEST)) await store.driver.write(link, bytes, { signal });
      },
      list: (prefix, options) => store.driver.list(prefix, options),
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

describe("checkStore() finds", () => {
  it("dangling-tag: the repository does not hold the manifest", async () => {
    const store = emptyStore();
    const image = await store.image("other", "one");
    await store.blob("shop/web", "a layer");
    await store.tag("shop/web", "latest", image);
    expect(await found(store)).toStrictEqual([`dangling-tag ${tagCurrentLink(NAME, LATEST)}`]);
  });

  it("dangling-tag and dangling-revision: the manifest's data is gone", async () => {
    const store = emptyStore();
    const image = await store.image("shop/web", "one");
    await store.tag("shop/web", "latest", image);
    await store.remove(blobData(image.digest));
    expect(await found(store)).toStrictEqual([
      `dangling-revision ${revisionLink(NAME, image.digest)}`,
      `dangling-tag ${tagCurrentLink(NAME, LATEST)}`,
    ]);
  });

  it.each([
    ["empty", ""],
    ["full of zero bytes", Buffer.alloc(71)],
    ["no digest", "sha256:cut off"],
  ])("unreadable-link: %s, in each of the four kinds", async (_, content) => {
    const store = emptyStore();
    const image = await store.image("shop/web", "one");
    await store.tag("shop/web", "latest", image);
    const layer = await store.blob("shop/web", "a layer");
    const lone = await store.image("shop/web", "lone");
    const keys = [
      layerLink(NAME, layer.digest),
      revisionLink(NAME, lone.digest),
      tagCurrentLink(NAME, LATEST),
      tagIndexLink(NAME, LATEST, image.digest),
    ];
    for (const key of keys) await store.put(key, content);
    expect(await found(store)).toStrictEqual(
      keys.map((key) => `unreadable-link ${key}`).toSorted(),
    );
  });

  it("misdirected-link: a sha256 link that holds another digest", async () => {
    const store = emptyStore();
    const layer = await store.blob("shop/web", "a layer");
    const other = await store.data("other bytes");
    await store.put(layerLink(NAME, layer.digest), other);
    const image = await store.image("shop/web", "one");
    const twin = await store.image("shop/web", "two");
    await store.put(revisionLink(NAME, image.digest), twin.digest);
    expect(await found(store)).toStrictEqual([
      `misdirected-link ${layerLink(NAME, layer.digest)}`,
      `misdirected-link ${revisionLink(NAME, image.digest)}`,
    ]);
  });

  it("dangling-layer-link: the blob's data is gone", async () => {
    const store = emptyStore();
    const layer = await store.blob("shop/web", "a layer");
    await store.remove(blobData(layer.digest));
    expect(await found(store)).toStrictEqual([
      `dangling-layer-link ${layerLink(NAME, layer.digest)}`,
    ]);
  });

  it("incomplete-manifest: config and layer are not linked, another layer has no data", async () => {
    const store = emptyStore();
    const config = await store.blob("other", "a config");
    const layers = [await store.blob("other", "one"), await store.blob("shop/web", "two")];
    const image = await store.image("shop/web", "one", { config, layers });
    await store.remove(blobData(layers[1]?.digest ?? ABSENT));
    const { violations } = await check(store);
    const incomplete = violations.filter(({ kind }) => kind === "incomplete-manifest");
    expect(incomplete.map(({ detail }) => detail.split(" ")[0])).toStrictEqual([
      "config",
      "layers[0]",
      "layers[1]",
    ]);
    expect(new Set(incomplete.map(({ where }) => where))).toStrictEqual(
      new Set([revisionLink(NAME, image.digest)]),
    );
  });

  it("incomplete-manifest: a child of an index that is linked and has no data", async () => {
    const store = emptyStore();
    const child = await store.image("shop/web", "one");
    const index = await store.index("shop/web", [child]);
    await store.remove(blobData(child.digest));
    expect(await found(store)).toStrictEqual([
      `dangling-revision ${revisionLink(NAME, child.digest)}`,
      `incomplete-manifest ${revisionLink(NAME, index.digest)}`,
    ]);
  });

  it("manifest-invalid: what lies there is no manifest", async () => {
    const store = emptyStore();
    const { digest } = await store.manifest("shop/web", { schemaVersion: 2, layers: "none" });
    expect(await found(store)).toStrictEqual([`manifest-invalid ${revisionLink(NAME, digest)}`]);
  });

  it("wrong-bytes: a manifest that is damaged, without reading all blobs", async () => {
    const store = emptyStore();
    const image = await store.image("shop/web", "one");
    await store.put(blobData(image.digest), "{}");
    const expected = [`wrong-bytes ${blobData(image.digest)}`];
    expect(await found(store)).toStrictEqual(expected);
    expect(await found(store, true)).toStrictEqual(expected);
  });

  it("wrong-bytes: a blob that is damaged, only when all bytes are read", async () => {
    const store = emptyStore();
    const { digest } = await store.blob("shop/web", "a layer");
    await store.put(blobData(digest), "a Layer");
    expect(await found(store)).toStrictEqual([]);
    expect(await found(store, true)).toStrictEqual([`wrong-bytes ${blobData(digest)}`]);
  });

  it("wrong-size: data is not as long as the manifest says", async () => {
    const store = emptyStore();
    const layer = await store.blob("shop/web", "a layer");
    const child = await store.image("shop/web", "one", { layers: [{ ...layer, size: 9 }] });
    const index = await store.index("shop/web", [{ ...child, size: 1 }]);
    expect(await found(store)).toStrictEqual(
      [child, index].map(({ digest }) => `wrong-size ${revisionLink(NAME, digest)}`).toSorted(),
    );
  });

  it("dangling-referrer: the manifest is gone, or refers to something else, or the entry is spoilt", async () => {
    const store = emptyStore();
    const subject = await store.image("shop/web", "subject");
    const image = await store.image("shop/web", "no referrer");
    const spoilt = await store.image("shop/web", "spoilt", { subject });
    const keys = [
      await store.referrer("shop/web", subject.digest, { ...image, digest: ABSENT }),
      await store.referrer("shop/web", subject.digest, image),
      referrerEntry(NAME, subject.digest, spoilt.digest),
    ];
    await store.put(keys[2] ?? "", "{");
    expect(await found(store)).toStrictEqual(
      keys.map((key) => `dangling-referrer ${key}`).toSorted(),
    );
  });

  it("dangling-upload: no start, an unreadable start, a name that is no UUID", async () => {
    const store = emptyStore();
    const unreadable = "1b8f9a52-7c1e-4a6b-9f3d-2f1e8d7c6b5a";
    await store.upload("shop/web", unreadable, "yesterday");
    const startless = uploadFolder(NAME, uploadId(UPLOAD));
    await store.put(`${startless}/hashstates/sha256/0`, "state");
    const odd = `${repositoryFolder(NAME)}/_uploads/by-hand`;
    await store.put(`${odd}/startedat`, "2026-11-21T00:58:43Z");
    const { violations } = await check(store);
    expect(violations.map(({ kind, where }) => `${kind} ${where}`).toSorted()).toStrictEqual(
      [startless, uploadFolder(NAME, uploadId(unreadable)), odd]
        .map((where) => `dangling-upload ${where}`)
        .toSorted(),
    );
    expect(violations.every(({ maybeInProgress }) => maybeInProgress === true)).toBe(true);
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
