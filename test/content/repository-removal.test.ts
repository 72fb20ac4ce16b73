import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ContentStore } from "../../src/content/content-store.ts";
import { createContentStore } from "../../src/content/content-store.ts";
import {
  ManifestIncomplete,
  ManifestUnknown,
  NameUnknown,
  UploadUnknown,
} from "../../src/content/errors.ts";
import { blobData, repositoryFolder, revisionLink } from "../../src/content/layout.ts";
import { TakenOver } from "../../src/lib/takeover-lock.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { parseRepositoryName, type RepositoryName } from "../../src/oci/repository-name.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm, chunks } from "../contracts/storage-subject.ts";
import { intercepted } from "../fakes/failing-driver.ts";
import { INLINE_HASHING } from "../fakes/inline-hashing.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { describeContent } from "./content-subject.ts";
import {
  actor,
  APP,
  byDigest,
  CONFIG,
  describeBytes,
  imageManifest,
  LAYER,
  pushBlob,
  pushImage,
  pushManifest,
  tagged,
} from "./images.ts";

const NESTED = parseRepositoryName(`${APP}/nested`);
const LONGER = parseRepositoryName(`${APP}-longer`);
const NEWER = { members: { annotations: { version: "2" } } };

async function catalogOf(content: ContentStore): Promise<readonly RepositoryName[]> {
  return await content.catalog.page({ ...calm(), after: undefined, limit: 100 });
}

async function traces(driver: StorageDriver, name: RepositoryName): Promise<readonly string[]> {
  const entries = await Array.fromAsync(driver.list(repositoryFolder(name), calm()));
  return entries.map((entry) => entry.name);
}

describeContent("remove()", (open) => {
  it("takes away everything of the repository, and tells how much it was", async () => {
    const tested = await open();
    const { content, driver } = tested;
    const first = await pushImage(content, "latest");
    await pushManifest(content, first, { reference: "1" });
    const second = imageManifest(NEWER);
    await pushManifest(content, second, {
      reference: digestOf(second, "sha512"),
      tags: [parseTag("2")],
    });
    const subject = describeBytes(first, OCI_MANIFEST);
    await pushManifest(content, imageManifest({ members: { subject } }));
    await pushBlob(content, "another", { algorithm: "sha512" });
    const upload = await content.uploads.start(APP, calm());
    await content.uploads.append(upload, { bytes: chunks("begun"), startBytes: 0 }, calm());
    const removed = await tested.content.removal.remove(APP, actor());
    expect(removed).toEqual({ tags: 3, manifests: 3, blobs: 4 });
    expect(await traces(driver, APP)).toEqual([]);
    expect(await catalogOf(content)).toEqual([]);
    expect(await content.tags.list(APP, calm())).toBeUndefined();
    expect(await Array.fromAsync(content.history.read(APP, parseTag("1"), calm()))).toEqual([]);
    await expect(content.uploads.status(upload, calm())).rejects.toBeInstanceOf(UploadUnknown);
    expect(await driver.stat(blobData(digestOf(LAYER)), calm())).toBeDefined();
    await expect(tested.content.removal.remove(APP, actor())).rejects.toBeInstanceOf(NameUnknown);
  });

  it("leaves those alone whose names go on from its own, and above it", async () => {
    const tested = await open();
    const { content, driver } = tested;
    const above = parseRepositoryName("team");
    const others = [NESTED, LONGER, above];
    for (const repository of [APP, ...others]) await pushImage(content, "latest", { repository });
    await tested.content.removal.remove(APP, actor());
    expect(await catalogOf(content)).toEqual([above, LONGER, NESTED]);
    for (const repository of others) {
      const { digest } = await content.manifests.get(repository, tagged("latest"), calm());
      expect(await content.blobs.find(repository, digestOf(LAYER), calm())).toBeDefined();
      expect(digest).toBe(digestOf(imageManifest()));
    }
    expect(await traces(driver, APP)).toEqual(["nested"]);
    await expect(tested.content.removal.remove(APP, actor())).rejects.toBeInstanceOf(NameUnknown);
  });

  it("serves nothing of it any more, however often it was asked for before", async () => {
    const tested = await open();
    const { content } = tested;
    const digest = digestOf(await pushImage(content, "latest"));
    const other = await tested.reopen();
    for (const { manifests, blobs } of [content, other.content]) {
      for (let time = 0; time < 3; time += 1) {
        await manifests.get(APP, tagged("latest"), calm());
        await manifests.get(APP, byDigest(digest), calm());
        await blobs.find(APP, digestOf(LAYER), calm());
      }
    }
    await tested.content.removal.remove(APP, actor());
    for (const { manifests, blobs } of [content, other.content]) {
      const reads = [tagged("latest"), byDigest(digest)].map((reference) =>
        manifests.get(APP, reference, calm()),
      );
      for (const read of reads) await expect(read).rejects.toBeInstanceOf(ManifestUnknown);
      expect(await blobs.find(APP, digestOf(LAYER), calm())).toBeUndefined();
      const pushing = pushManifest(content, imageManifest(), { reference: "latest" });
      await expect(pushing).rejects.toBeInstanceOf(ManifestIncomplete);
    }
    await pushImage(content, "latest");
    expect((await content.manifests.get(APP, tagged("latest"), calm())).digest).toBe(digest);
  });

  it("ends uploads that are coming in", async () => {
    const tested = await open();
    const { uploads } = tested.content;
    const upload = await uploads.start(APP, calm());
    const asked = Promise.withResolvers<void>();
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        yield Buffer.from("more");
        asked.resolve();
        await setImmediate();
      }
    }
    const appending = uploads.append(upload, { bytes: endless(), startBytes: 0 }, calm());
    const ended = appending.catch((error: unknown) => error);
    await asked.promise;
    const removed = await tested.content.removal.remove(APP, actor());
    expect(removed).toEqual({ tags: 0, manifests: 0, blobs: 0 });
    expect(await ended).toBeInstanceOf(TakenOver);
    expect(await traces(tested.driver, APP)).toEqual([]);
  });

  it("takes away links that are damaged and manifests whose data is gone", async () => {
    const tested = await open();
    const { content, driver } = tested;
    const [first, second] = [await pushImage(content, "a"), imageManifest(NEWER)];
    await pushManifest(content, second, { reference: "b" });
    await driver.write(revisionLink(APP, digestOf(first)), Buffer.from("damaged"), calm());
    await driver.delete(blobData(digestOf(second)), calm());
    expect(await tested.content.removal.remove(APP, actor())).toMatchObject({
      tags: 2,
      manifests: 1,
    });
    expect(await traces(driver, APP)).toEqual([]);
  });
});

describe("remove()", () => {
  async function openOn(
    driver: StorageDriver,
  ): Promise<{ readonly content: ContentStore; readonly driver: StorageDriver }> {
    const content = await createContentStore({
      driver,
      log: new RecordingLogger(),
      validation: { disabled: false, urls: undefined, indexes: undefined },
      tagConcurrency: 4,
      hashing: INLINE_HASHING,
      hashStaged: () => Promise.reject(new Error("nothing here has to be hashed again")),
    });
    return { content, driver };
  }

  async function observed(
    onDelete: (content: ContentStore) => Promise<void>,
  ): Promise<{ readonly content: ContentStore; readonly driver: StorageDriver }> {
    let observer: (() => Promise<void>) | undefined;
    const driver = intercepted(new InMemoryDriver(), {
      async after({ action }) {
        if (!action.startsWith("delete")) return;
        const observe = observer;
        observer = undefined;
        await observe?.();
        observer = observe;
      },
    });
    const tested = await openOn(driver);
    for (const tag of ["a", "b"]) await pushImage(tested.content, tag);
    await pushManifest(tested.content, imageManifest(NEWER), { reference: "c" });
    observer = () => onDelete(tested.content);
    return tested;
  }

  it("waits with its last part for a manifest that is being stored, and takes that away, too", async () => {
    const late = imageManifest(NEWER);
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const driver = intercepted(new InMemoryDriver(), {
      async before({ action, key }) {
        if (action !== "write" || key !== blobData(digestOf(late))) return;
        begun.resolve();
        await goOn.promise;
      },
    });
    const { content } = await openOn(driver);
    await pushImage(content, "latest");
    const pushing = pushManifest(content, late, { reference: "late" });
    await begun.promise;
    const removing = content.removal.remove(APP, actor());
    // Far more turns than all of it takes when nobody waits.
    for (let turn = 0; turn < 200; turn += 1) await setImmediate();
    expect(await content.tags.list(APP, calm())).toBeUndefined();
    expect(await content.blobs.find(APP, digestOf(CONFIG), calm())).toBeDefined();
    goOn.resolve();
    await pushing;
    expect(await removing).toEqual({ tags: 2, manifests: 2, blobs: 2 });
    expect(await traces(driver, APP)).toEqual([]);
  });

  it("refuses manifests that come while its last part runs", async () => {
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const driver = intercepted(new InMemoryDriver(), {
      async before({ action, key }) {
        if (action !== "deleteTree" || !key.endsWith("/_layers")) return;
        begun.resolve();
        await goOn.promise;
      },
    });
    const { content } = await openOn(driver);
    await pushImage(content, "latest");
    const removing = content.removal.remove(APP, actor());
    await begun.promise;
    const pushing = pushManifest(content, imageManifest(NEWER), { reference: "late" });
    const refused = pushing.catch((error: unknown) => error);
    for (let turn = 0; turn < 50; turn += 1) await setImmediate();
    goOn.resolve();
    await removing;
    expect(await refused).toBeInstanceOf(ManifestIncomplete);
    expect(await traces(driver, APP)).toEqual([]);
  });

  it("leaves at no moment a tag that points to nothing, nor a manifest without its blobs", async () => {
    let looks = 0;
    const tested = await observed(async ({ tags, manifests, blobs }) => {
      looks += 1;
      for (const tag of (await tags.list(APP, calm())) ?? []) {
        const digest = await tags.resolve(APP, tag, calm());
        if (digest !== undefined) await manifests.get(APP, byDigest(digest), calm());
      }
      for (const bytes of [imageManifest(), imageManifest(NEWER)]) {
        const reference = byDigest(digestOf(bytes));
        const found = await manifests.get(APP, reference, calm()).catch(() => undefined);
        if (found) expect(await blobs.find(APP, digestOf(LAYER), calm())).toBeDefined();
      }
    });
    await tested.content.removal.remove(APP, actor());
    expect(looks).toBeGreaterThan(5);
  });

  it("serves nothing that was remembered where every look costs a round trip", async () => {
    const tested = await observed(async () => undefined);
    const { manifests } = tested.content;
    const digest = digestOf(imageManifest());
    await manifests.get(APP, byDigest(digest), calm());
    await tested.content.removal.remove(APP, actor());
    const reading = manifests.get(APP, byDigest(digest), calm());
    await expect(reading).rejects.toBeInstanceOf(ManifestUnknown);
  });

  it("goes on where it was cut off", async () => {
    const stop = new AbortController();
    let deletes = 0;
    const tested = await observed(async () => {
      deletes += 1;
      if (deletes === 4) stop.abort(new Error("stopped"));
    });
    const options = { ...actor(), signal: stop.signal };
    await expect(tested.content.removal.remove(APP, options)).rejects.toThrow("stopped");
    await tested.content.removal.remove(APP, actor());
    expect(await traces(tested.driver, APP)).toEqual([]);
  });
});
