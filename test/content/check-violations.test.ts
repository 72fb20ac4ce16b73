import { describe, expect, it } from "vitest";
import {
  blobData,
  layerLink,
  referrerEntry,
  repositoryFolder,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
  uploadFolder,
} from "../../src/content/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { repo, uploadId } from "../gc/planted-store.ts";
import { check, emptyStore, found } from "./run-check.ts";

const NAME = repo("shop/web");
const LATEST = parseTag("latest");
const UPLOAD = "0b8f9a52-7c1e-4a6b-9f3d-2f1e8d7c6b5a";
const ABSENT = digestOf(Buffer.from("never stored"));

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

  it("wrong-bytes: a blob that is shorter than a manifest says, also when not all bytes are read", async () => {
    const store = emptyStore();
    const layer = await store.blob("shop/web", "a layer");
    await store.image("shop/web", "one", { layers: [layer] });
    await store.put(blobData(layer.digest), "a lay");
    expect(await found(store)).toStrictEqual([`wrong-bytes ${blobData(layer.digest)}`]);
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
