/** What other programs do to the files of a store, while what was read of them is in memory. */
import { mkdtempDisposable, rename, rm, truncate, writeFile } from "node:fs/promises";
import { lstatSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ContentStore, createContentStore } from "../../src/content/content-store.ts";
import { ManifestUnknown, StoredBytesDamaged } from "../../src/content/errors.ts";
import { blobData, layerLink, revisionLink, tagCurrentLink } from "../../src/content/layout.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import type { QuickStat, StorageDriver } from "../../src/storage/storage-driver.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { calm } from "../contracts/storage-subject.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { INLINE_HASHING } from "../fakes/inline-hashing.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { actor, APP, imageManifest, LAYER, pushImage, pushManifest, tagged } from "./images.ts";

/** Longer than any version takes to settle. */
const LONG_MS = 60_000;
const LATEST = tagCurrentLink(APP, parseTag("latest"));

let resources: AsyncDisposableStack;
let clock: FakeClock;
let content: ContentStore;
let driver: FilesystemDriver;
let reads: number;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  clock = new FakeClock();
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-outside-")));
  driver = await FilesystemDriver.open({ rootDirectory: path, maxThreads: 25 });
  reads = 0;
  content = await openContent(counted(driver));
});
afterEach(() => resources.disposeAsync());

function counted(inner: FilesystemDriver): StorageDriver & QuickStat {
  const read: StorageDriver["read"] = (key, options) => {
    reads += 1;
    return inner.read(key, options);
  };
  return { ...partlyReplaced(inner, { read }), quickStat: (key) => inner.quickStat(key) };
}

async function openContent(on: StorageDriver): Promise<ContentStore> {
  return await createContentStore({
    driver: on,
    log: new RecordingLogger(),
    validation: { disabled: false, urls: undefined, indexes: undefined },
    tagConcurrency: 4,
    hashing: INLINE_HASHING,
    hashStaged: () => Promise.reject(new Error("nothing here has to be hashed again")),
    clock,
  });
}

async function latest(): Promise<Digest> {
  return (await content.manifests.get(APP, tagged("latest"), calm())).digest;
}

/** Asks so often that the next answers come from memory, and sees to it that they do. */
async function warm(ask: () => Promise<unknown> = latest): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await ask();
    await clock.advance(LONG_MS);
  }
  const before = reads;
  await ask();
  expect(reads).toBe(before);
  await timePasses(driver.localPath(LATEST));
}

/** Until a file that is written now has another time: the clock of these tests is not that of the kernel. */
async function timePasses(path: string): Promise<void> {
  const probe = join(dirname(path), "probe");
  do await writeFile(probe, "");
  while (lstatSync(probe).ctimeMs === lstatSync(path).ctimeMs);
}

async function pushTwo(): Promise<{ readonly one: Digest; readonly two: Digest }> {
  await pushImage(content, "latest");
  const one = await latest();
  const other = imageManifest({ members: { annotations: { is: "other" } } });
  const { digest: two } = await pushManifest(content, other, { reference: "other" });
  return { one, two };
}

describe("a tag that another program moves", () => {
  it.each<[string, (path: string, text: string) => Promise<void>]>([
    ["by putting another file in its place", replaced],
    ["by writing into its file", (path, text) => writeFile(path, text)],
    ["by writing into its file, which is empty meanwhile", emptiedFirst],
  ])("%s is served as it is now", async (_, move) => {
    const { one, two } = await pushTwo();
    const path = driver.localPath(LATEST);
    await warm();
    for (const digest of [two, one, two]) {
      await move(path, digest);
      expect(await latest()).toBe(digest);
      await timePasses(path);
    }
  });

  it("twice at the same time is served as it is now", async () => {
    const { one, two } = await pushTwo();
    const path = driver.localPath(LATEST);
    await warm();
    for (let round = 0; round < 50; round += 1) {
      const digest = round % 2 ? one : two;
      await writeFile(path, digest);
      expect(await latest()).toBe(digest);
    }
  });

  it("is served as it is now, through another instance too", async () => {
    const { two } = await pushTwo();
    const other = await openContent(driver);
    await warm();
    await other.tags.set(APP, { tag: parseTag("latest"), to: two }, actor());
    expect(await latest()).toBe(two);
    await other.tags.delete(APP, parseTag("latest"), actor());
    await expect(latest()).rejects.toBeInstanceOf(ManifestUnknown);
  });
});

async function replaced(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

async function emptiedFirst(path: string, text: string): Promise<void> {
  await truncate(path, 0);
  await expect(latest()).rejects.toBeInstanceOf(ManifestUnknown);
  await writeFile(path, text);
}

describe("a manifest that another program", () => {
  it("unlinks is unknown at once", async () => {
    const digest = digestOf(await pushImage(content, "latest"));
    await warm();
    await rm(driver.localPath(revisionLink(APP, digest)));
    await expect(latest()).rejects.toBeInstanceOf(ManifestUnknown);
  });

  it("deletes through another instance is unknown at once", async () => {
    const digest = digestOf(await pushImage(content, "latest"));
    const byDigest = { kind: "digest", digest } as const;
    const ask = (): Promise<unknown> => content.manifests.get(APP, byDigest, calm());
    await warm(ask);
    await (await openContent(driver)).manifests.delete(APP, digest, actor());
    await expect(ask()).rejects.toBeInstanceOf(ManifestUnknown);
  });

  it("damages is not served, and is again once it is whole", async () => {
    const bytes = await pushImage(content, "latest");
    const digest = digestOf(bytes);
    const path = driver.localPath(blobData(digest));
    await warm();
    await timePasses(path);
    await writeFile(path, Buffer.alloc(bytes.byteLength));
    await expect(latest()).rejects.toBeInstanceOf(StoredBytesDamaged);
    await truncate(path, 0);
    await expect(latest()).rejects.toBeInstanceOf(ManifestUnknown);
    await rm(path);
    await expect(latest()).rejects.toBeInstanceOf(ManifestUnknown);
    await writeFile(path, bytes);
    expect(await latest()).toBe(digest);
  });
});

describe("a blob that another program", () => {
  const digest = digestOf(LAYER);
  const find = async (): Promise<number | undefined> =>
    (await content.blobs.find(APP, digest, calm()))?.sizeBytes;

  it.each([
    ["unlinks", layerLink(APP, digest)],
    ["removes", blobData(digest)],
  ])("%s is not there any more", async (_, key) => {
    await pushImage(content, "latest");
    await warm(find);
    await rm(driver.localPath(key));
    expect(await find()).toBe(undefined);
  });

  it("cuts short has the size that it has now, and none when it is empty", async () => {
    await pushImage(content, "latest");
    await warm(find);
    const path = driver.localPath(blobData(digest));
    await truncate(path, 3);
    expect(await find()).toBe(3);
    await truncate(path, 0);
    expect(await find()).toBe(undefined);
  });
});
