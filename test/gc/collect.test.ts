import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import {
  blobData,
  blobFolder,
  layerLink,
  repositoryFolder,
  revisionLink,
  tagIndexLink,
} from "../../src/content/layout.ts";
import { collectGarbage } from "../../src/gc/collect.ts";
import { SweepFailed } from "../../src/gc/errors.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { PlantedStore, repo } from "./planted-store.ts";
import { alone, collect, emptyStore, expectSound, Lines } from "./run-collection.ts";

const signal = new AbortController().signal;
const NAME = repo("shop/web");
const LATEST = parseTag("latest");

describe("collectGarbage()", () => {
  it("deletes data and layer links that no manifest needs, and nothing else", async () => {
    const store = emptyStore();
    const layer = await store.blob("shop/web", "needed");
    await store.image("shop/web", "one", { layers: [layer] });
    await store.upload("shop/web", "0b8f9a52-7c1e-4a6b-9f3d-2f1e8d7c6b5a", "2026-11-21T00:58:43Z");
    const before = await store.keys();
    await store.data("nobody links this");
    await store.blob("shop/web", "linked, and in no manifest");
    await store.blobBySha512("shop/web", "the same by sha512");
    expect(await collect(store.driver)).toStrictEqual({
      marked: 3,
      manifests: 0,
      layerLinks: 3,
      blobs: 3,
      bytes: "nobody links this".length + "linked, and in no manifest".length + 18,
      gone: expect.any(Set),
    });
    expect(await store.keys()).toStrictEqual(before);
  });

  it("keeps untagged manifests unless it is told otherwise", async () => {
    const store = emptyStore();
    await store.image("shop/web", "untagged", { layers: [await store.blob("shop/web", "x")] });
    const before = await store.keys();
    await collect(store.driver);
    expect(await store.keys()).toStrictEqual(before);
    await collect(store.driver, { deleteUntagged: true });
    expect(await store.keys()).toStrictEqual([]);
  });

  it("keeps a blob that another repository needs, and the link of the one that does not", async () => {
    const store = emptyStore();
    const shared = await store.blob("shop/web", "shared");
    await store.blob("other", "shared");
    await store.image("other", "one", { layers: [shared] });
    const before = await store.keys();
    await collect(store.driver);
    expect(await store.keys()).toStrictEqual(before);
  });

  it("keeps data that a manifest names by sha512", async () => {
    const store = emptyStore();
    const layer = await store.blobBySha512("shop/web", "a layer");
    const image = await store.image("shop/web", "one", { layers: [layer] });
    const bytes = await Array.fromAsync(store.driver.read(blobData(image.digest), { signal }));
    const alias = digestOf(Buffer.concat(bytes), "sha512");
    await store.put(revisionLink(NAME, alias), image.digest);
    await store.tag("shop/web", "latest", { digest: alias });
    const before = await store.keys();
    await collect(store.driver, { deleteUntagged: true });
    expect(await store.keys()).toStrictEqual(before);
  });

  it("deletes a blob by sha512 that only a manifest of another repository names", async () => {
    const store = emptyStore();
    const layer = await store.blobBySha512("shop/web", "a layer");
    const image = await store.image("other", "one", { layers: [layer] });
    expect(await collect(store.driver)).toMatchObject({ blobs: 1, layerLinks: 2 });
    expect(await store.has(layerLink(NAME, layer.digest))).toBe(false);
    expect(await store.has(blobData(image.digest))).toBe(true);
  });

  it("deletes a manifest under all its names, with what its tags remember of it", async () => {
    const store = emptyStore();
    const kept = await store.image("shop/web", "kept");
    await store.tag("shop/web", "latest", kept);
    const before = await store.keys();
    const old = await store.image("shop/web", "old");
    await store.put(revisionLink(NAME, digestOf(Buffer.from("x"), "sha512")), old.digest);
    await store.put(tagIndexLink(NAME, LATEST, old.digest), old.digest);
    expect(await collect(store.driver, { deleteUntagged: true })).toMatchObject({ manifests: 2 });
    expect(await store.keys()).toStrictEqual(before);
  });

  it("works on a filesystem, where folders of deleted links stay", async () => {
    await using root = await mkdtempDisposable(join(tmpdir(), "barge-gc-"));
    const settings = { rootDirectory: root.path, maxThreads: 25 };
    await using driver = await FilesystemDriver.open(settings);
    const store = new PlantedStore(driver);
    const kept = await store.image("shop/web", "kept");
    await store.tag("shop/web", "latest", kept);
    const before = await store.keys();
    const deleted = await store.image("shop/web", "deleted by a client");
    await store.remove(revisionLink(NAME, deleted.digest));
    const layer = await store.blob("shop/web", "deleted by a client");
    await store.remove(layerLink(NAME, layer.digest));
    const collected = await collect(driver);
    expect(collected).toMatchObject({ blobs: 3, layerLinks: 1 });
    expect(await store.keys()).toStrictEqual(before);
    await expectSound(store);
  });

  it("prints the lines that scripts look for", async () => {
    const store = emptyStore();
    const config = await store.blob("shop/web", "config");
    const image = await store.image("shop/web", "one", { config });
    await store.tag("shop/web", "latest", image);
    await store.tag("shop/web", "next", image);
    const old = await store.image("shop/web", "old", { config, layers: [config] });
    const lone = await store.blob("shop/web", "lone");
    const output = new Lines();
    await collect(store.driver, { deleteUntagged: true, output });
    const [first = "", second = ""] = [lone.digest, old.digest].toSorted();
    expect(output.out).toStrictEqual([
      "shop/web",
      `shop/web: marking manifest ${image.digest} `,
      `shop/web: marking blob ${config.digest}`,
      `manifest eligible for deletion: {shop/web ${old.digest} [latest next]}`,
      "",
      "2 blobs marked, 2 blobs and 1 manifests eligible for deletion",
      `blob eligible for deletion: ${first}`,
      `blob eligible for deletion: ${second}`,
      `shop/web: layer link eligible for deletion: ${lone.digest}`,
    ]);
    expect(output.deleted.toSorted()).toStrictEqual(
      [lone, old].map(({ digest }) => `Deleting blob: /${blobFolder(digest)}`).toSorted(),
    );
  });

  it("tells in a dry run what would go, and deletes nothing", async () => {
    const store = emptyStore();
    await store.image("shop/web", "untagged");
    const before = await store.keys();
    const output = new Lines();
    const collected = await collect(store.driver, { deleteUntagged: true, dryRun: true, output });
    expect(collected).toMatchObject({ manifests: 1, blobs: 2, layerLinks: 1 });
    expect(output.out.at(-4)).toBe("0 blobs marked, 2 blobs and 1 manifests eligible for deletion");
    expect(output.deleted).toStrictEqual([]);
    expect(await store.keys()).toStrictEqual(before);
  });

  it("deletes what leads to data before the data, so that a stop half-way leaves nothing dangling", async () => {
    const store = emptyStore();
    await store.tag("shop/web", "latest", await store.image("shop/web", "kept"));
    const untagged = await store.image("shop/web", "untagged", {
      layers: [await store.blob("shop/web", "x"), await store.blob("shop/web", "y")],
    });
    await store.image("shop/web", "signature", { subject: untagged });
    await store.put(tagIndexLink(NAME, LATEST, untagged.digest), untagged.digest);
    for (let deletions = 0; ; deletions += 1) {
      const copy = new PlantedStore(new InMemoryDriver());
      for (const key of await store.keys()) {
        const bytes = await Array.fromAsync(store.driver.read(key, { signal }));
        await copy.put(key, Buffer.concat(bytes));
      }
      const collecting = collect(failingAfter(copy.driver, deletions), { deleteUntagged: true });
      const failure = await collecting.then(
        () => undefined,
        (error: unknown) => error,
      );
      await expectSound(copy);
      if (failure === undefined) {
        expect(deletions).toBeGreaterThan(5);
        return;
      }
      expect(failure).toBeInstanceOf(SweepFailed);
    }
  });

  it("ends with the signal's reason once it aborts", async () => {
    const store = emptyStore();
    await store.image("shop/web", "one");
    const reason = new Error("interrupted");
    const collecting = collectGarbage({
      driver: store.driver,
      signal: AbortSignal.abort(reason),
      deleteUntagged: false,
      dryRun: false,
      output: new Lines(),
      stillAlone: alone,
    });
    await expect(collecting).rejects.toBe(reason);
  });
});

describe("collectGarbage() of untagged manifests keeps", () => {
  it("the children of a tagged index, also of one within another", async () => {
    const store = emptyStore();
    const amd = await store.image("shop/web", "amd64", {
      layers: [await store.blob("shop/web", "a")],
    });
    const arm = await store.image("shop/web", "arm64", {
      layers: [await store.blob("shop/web", "b")],
    });
    const inner = await store.index("shop/web", [arm], true);
    await store.tag("shop/web", "latest", await store.index("shop/web", [amd, inner]));
    const before = await store.keys();
    await store.image("shop/web", "untagged");
    expect(await collect(store.driver, { deleteUntagged: true })).toMatchObject({ manifests: 1 });
    expect(await store.keys()).toStrictEqual(before);
  });

  it("what refers to something kept, and what refers to that", async () => {
    const store = emptyStore();
    const child = await store.image("shop/web", "child");
    await store.tag("shop/web", "latest", await store.index("shop/web", [child]));
    const signature = await store.image("shop/web", "signature", { subject: child });
    await store.image("shop/web", "of the signature", { subject: signature });
    const before = await store.keys();
    const untagged = await store.image("shop/web", "untagged");
    await store.image("shop/web", "its signature", { subject: untagged });
    expect(await collect(store.driver, { deleteUntagged: true })).toMatchObject({ manifests: 2 });
    expect(await store.keys()).toStrictEqual(before);
    await expectSound(store);
  });

  it("referrers that the index does not name", async () => {
    const store = emptyStore();
    const subject = await store.image("shop/web", "subject");
    await store.tag("shop/web", "latest", subject);
    const signature = await store.image("shop/web", "signature", { subject });
    await store.driver.deleteTree(`${repositoryFolder(NAME)}/_barge`, { signal });
    await collect(store.driver, { deleteUntagged: true });
    expect(await store.has(revisionLink(NAME, signature.digest))).toBe(true);
  });

  it("blobs that an index names as its children", async () => {
    const store = emptyStore();
    const cache = await store.blob("shop/web", "a build cache");
    await store.tag("shop/web", "cache", await store.index("shop/web", [cache]));
    const before = await store.keys();
    await collect(store.driver, { deleteUntagged: true });
    expect(await store.keys()).toStrictEqual(before);
  });

  it("a manifest of schema 1 with all that its repository links", async () => {
    const store = emptyStore();
    await store.manifest("shop/web", { schemaVersion: 1, fsLayers: [] });
    await store.blob("shop/web", "a layer");
    await store.blobBySha512("shop/web", "another");
    const before = await store.keys();
    await collect(store.driver, { deleteUntagged: true });
    expect(await store.keys()).toStrictEqual(before);
  });
});

function failingAfter(driver: StorageDriver, deletions: number): StorageDriver {
  let left = deletions;
  return partlyReplaced(driver, {
    async deleteTree(prefix, options) {
      if (left === 0) throw new Error("input/output error");
      left -= 1;
      await driver.deleteTree(prefix, options);
    },
  });
}
