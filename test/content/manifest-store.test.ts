import { expect, it } from "vitest";
import { DigestMismatch, ManifestIncomplete, ManifestUnknown } from "../../src/content/errors.ts";
import { blobData, revisionLink } from "../../src/content/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { ManifestInvalid } from "../../src/oci/manifest.ts";
import { OCI_LAYER_GZIP, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { calm, collect } from "../contracts/storage-subject.ts";
import { describeContent } from "./content-subject.ts";
import {
  APP,
  byDigest,
  CONFIG,
  type Described,
  describeBytes,
  imageIndex,
  imageManifest,
  LAYER,
  OTHER,
  pushBlob,
  pushImage,
  pushManifest,
  tagged,
} from "./images.ts";

const LATEST = parseTag("latest");
const NEWER = { members: { annotations: { version: "2" } } };

describeContent("a pushed manifest", (open) => {
  it("is kept byte for byte, blanks and unknown members too", async () => {
    const { content } = await open();
    await pushBlob(content, CONFIG);
    await pushBlob(content, LAYER);
    const document: unknown = JSON.parse(imageManifest().toString());
    const bytes = Buffer.from(
      `  ${JSON.stringify({ ...(document as object), x: [1.0] }, null, 7)}\n`,
    );
    await pushManifest(content, bytes, { reference: "latest" });
    const stored = await content.manifests.get(APP, tagged("latest"), calm());
    expect(stored).toEqual({ digest: digestOf(bytes), mediaType: OCI_MANIFEST, bytes });
  });

  it("is found by its digest and by its tag, in its repository only", async () => {
    const { content } = await open();
    const bytes = await pushImage(content, "latest");
    const digest = digestOf(bytes);
    for (const reference of [byDigest(digest), tagged("latest")]) {
      expect((await content.manifests.get(APP, reference, calm())).bytes).toEqual(bytes);
      const elsewhere = content.manifests.get(OTHER, reference, calm());
      await expect(elsewhere).rejects.toBeInstanceOf(ManifestUnknown);
    }
  });

  it("is not found on the blob side, and a blob not on the manifest side", async () => {
    const { content } = await open();
    const bytes = await pushImage(content, "latest");
    expect(await content.blobs.find(APP, digestOf(bytes), calm())).toBeUndefined();
    const layer = content.manifests.get(APP, byDigest(digestOf(LAYER)), calm());
    await expect(layer).rejects.toBeInstanceOf(ManifestUnknown);
  });

  it("by sha512 is found by both digests, and lies under its sha256", async () => {
    const { content, driver } = await open();
    await pushImage(content, undefined);
    const bytes = imageManifest(NEWER);
    const [sha256, sha512] = [digestOf(bytes), digestOf(bytes, "sha512")];
    const pushed = await pushManifest(content, bytes, { reference: sha512 });
    expect(pushed.digest).toBe(sha512);
    for (const digest of [sha256, sha512]) {
      const stored = await content.manifests.get(APP, byDigest(digest), calm());
      expect(stored).toMatchObject({ digest, bytes });
      const link = await collect(driver.read(revisionLink(APP, digest), calm()));
      expect(link.toString()).toBe(sha256);
    }
    expect(await driver.stat(blobData(sha256), calm())).toBeDefined();
    expect(await driver.stat(blobData(sha512), calm())).toBeUndefined();
  });

  it("by digest takes further tags along, each once", async () => {
    const { content } = await open();
    await pushImage(content, undefined);
    const bytes = imageManifest(NEWER);
    const tags = [parseTag("b"), LATEST, parseTag("b")];
    const sha512 = digestOf(bytes, "sha512");
    const pushed = await pushManifest(content, bytes, { reference: sha512, tags });
    expect(pushed.tags).toEqual([
      { tag: "b", from: undefined },
      { tag: "latest", from: undefined },
    ]);
    for (const tag of tags) expect(await content.tags.resolve(APP, tag, calm())).toBe(sha512);
    expect(await content.manifests.get(APP, tagged("b"), calm())).toMatchObject({ bytes });
  });

  it("by a digest that is not its own is refused, and nothing is kept", async () => {
    const { content, driver } = await open();
    await pushImage(content, undefined);
    const bytes = imageManifest(NEWER);
    const reference = digestOf(Buffer.from("another"));
    const pushing = pushManifest(content, bytes, { reference, tags: [LATEST] });
    await expect(pushing).rejects.toBeInstanceOf(DigestMismatch);
    expect(await driver.stat(blobData(digestOf(bytes)), calm())).toBeUndefined();
    expect(await content.tags.resolve(APP, LATEST, calm())).toBeUndefined();
  });

  it("that is no manifest is refused, and nothing is kept", async () => {
    const { content, driver } = await open();
    const bytes = Buffer.from(`{"schemaVersion": 1}`);
    await expect(pushManifest(content, bytes, { reference: "latest" })).rejects.toBeInstanceOf(
      ManifestInvalid,
    );
    expect(await driver.stat(blobData(digestOf(bytes)), calm())).toBeUndefined();
  });

  it("is seen at once by another process", async () => {
    const { content, reopen } = await open();
    const other = await reopen();
    const bytes = await pushImage(content, "latest");
    const stored = await other.content.manifests.get(APP, tagged("latest"), calm());
    expect(stored.bytes).toEqual(bytes);
  });
});

describeContent("an incomplete manifest", (open) => {
  it("lists every missing digest once", async () => {
    const { content } = await open();
    await pushBlob(content, CONFIG);
    const layers = ["here", "gone", "lost", "gone"].map((text) => Buffer.from(text));
    await pushBlob(content, "here");
    const pushing = pushManifest(content, imageManifest({ layers }), { reference: "latest" });
    await expect(pushing).rejects.toBeInstanceOf(ManifestIncomplete);
    const missing = ["gone", "lost"].map((text) => digestOf(Buffer.from(text)));
    await expect(pushing).rejects.toMatchObject({ missing });
    expect(await content.tags.resolve(APP, LATEST, calm())).toBeUndefined();
  });

  it("is one whose blobs another repository holds", async () => {
    const { content } = await open();
    await pushImage(content, undefined, { repository: OTHER });
    const missing = [digestOf(CONFIG), digestOf(LAYER)];
    await expect(pushManifest(content, imageManifest())).rejects.toMatchObject({ missing });
  });

  it("is one whose blob has a link but no data", async () => {
    const { content, driver } = await open();
    await pushBlob(content, CONFIG);
    await pushBlob(content, LAYER);
    await driver.delete(blobData(digestOf(LAYER)), calm());
    const missing = [digestOf(LAYER)];
    await expect(pushManifest(content, imageManifest())).rejects.toMatchObject({ missing });
  });

  it("is not one whose layers clients fetch from elsewhere", async () => {
    const { content } = await open();
    await pushBlob(content, CONFIG);
    const foreign = {
      ...describeBytes(LAYER, "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
      urls: ["https://layers.example.com/1"],
    };
    const bytes = imageManifest({ members: { layers: [foreign] } });
    await pushManifest(content, bytes, { reference: "latest" });
    expect(await content.tags.resolve(APP, LATEST, calm())).toBe(digestOf(bytes));
  });

  it("is not one whose blobs are known by their sha512 only", async () => {
    const { content } = await open();
    await pushBlob(content, CONFIG);
    const digest = await pushBlob(content, LAYER, { algorithm: "sha512" });
    const layer = { mediaType: OCI_LAYER_GZIP, digest, size: LAYER.byteLength };
    const bytes = imageManifest({ members: { layers: [layer] } });
    expect((await pushManifest(content, bytes)).digest).toBe(digestOf(bytes));
  });
});

describeContent("an index", (open) => {
  const ALL = { disabled: false, urls: undefined, indexes: "all" } as const;

  it("may have a child that is a manifest, and one that is a blob", async () => {
    const { content } = await open(ALL);
    const image = await pushImage(content, undefined);
    await pushBlob(content, "an artifact");
    const children = [
      describeBytes(image, OCI_MANIFEST),
      describeBytes(Buffer.from("an artifact"), "application/octet-stream"),
    ];
    const bytes = imageIndex(children);
    expect((await pushManifest(content, bytes)).digest).toBe(digestOf(bytes));
  });

  it("may lack its children, unless the registry demands them", async () => {
    const { content, reopen } = await open();
    const child = describeBytes(imageManifest(), OCI_MANIFEST);
    const bytes = imageIndex([child]);
    const strict = await reopen(ALL);
    const missing = [child.digest];
    await expect(pushManifest(strict.content, bytes)).rejects.toMatchObject({ missing });
    expect((await pushManifest(content, bytes)).digest).toBe(digestOf(bytes));
  });

  it("must have the children of the platforms that the registry demands", async () => {
    const { content } = await open({
      ...ALL,
      indexes: [{ os: "linux", architecture: "amd64" }],
    });
    const on = (architecture: string): Described => ({
      ...describeBytes(Buffer.from(architecture), OCI_MANIFEST),
      platform: { os: "linux", architecture },
    });
    const needed = on("amd64");
    const bytes = imageIndex([needed, on("arm64")]);
    await expect(pushManifest(content, bytes)).rejects.toMatchObject({ missing: [needed.digest] });
  });

  it("may be empty", async () => {
    const { content } = await open(ALL);
    expect((await pushManifest(content, imageIndex([]))).manifest.manifests).toEqual([]);
  });
});

describeContent("the rules for the urls of layers", (open) => {
  const layer = (url: string): Buffer =>
    imageManifest({
      members: { layers: [{ ...describeBytes(LAYER, OCI_LAYER_GZIP), urls: [url] }] },
    });

  it.each(["ftp://example.com/x", "https://example.com/x#part", "nonsense"])(
    "refuse %s",
    async (url) => {
      const { content } = await open();
      await pushImage(content, undefined);
      await expect(pushManifest(content, layer(url))).rejects.toMatchObject({
        kind: "ManifestRefused",
      });
    },
  );

  it("let in what is allowed and not denied", async () => {
    const { content } = await open({
      disabled: false,
      urls: { allow: ["^https://good\\."], deny: ["/secret/"] },
      indexes: undefined,
    });
    await pushImage(content, undefined);
    for (const url of ["https://bad.example.com/x", "https://good.example.com/secret/x"]) {
      await expect(pushManifest(content, layer(url))).rejects.toMatchObject({
        kind: "ManifestRefused",
      });
    }
    const good = layer("https://good.example.com/x");
    expect((await pushManifest(content, good)).digest).toBe(digestOf(good));
  });
});
