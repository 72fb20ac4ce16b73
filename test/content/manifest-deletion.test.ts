import { expect, it } from "vitest";
import { ManifestUnknown, StoredBytesDamaged } from "../../src/content/errors.ts";
import { blobData, revisionLink } from "../../src/content/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { calm } from "../contracts/storage-subject.ts";
import { describeContent } from "./content-subject.ts";
import {
  actor,
  APP,
  byDigest,
  imageManifest,
  OTHER,
  pushImage,
  pushManifest,
  tagged,
} from "./images.ts";

const LATEST = parseTag("latest");
const NEWER = { members: { annotations: { version: "2" } } };

describeContent("deleting a manifest", (open) => {
  it("takes its tags along and leaves the others", async () => {
    const { content } = await open();
    const first = await pushImage(content, "a");
    await pushManifest(content, first, { reference: "b" });
    const second = imageManifest(NEWER);
    await pushManifest(content, second, { reference: "c" });
    const removed = await content.manifests.delete(APP, digestOf(first), actor());
    expect(removed.toSorted()).toEqual(["a", "b"]);
    expect(await content.tags.list(APP, calm())).toEqual(["c"]);
    const gone = content.manifests.get(APP, byDigest(digestOf(first)), calm());
    await expect(gone).rejects.toBeInstanceOf(ManifestUnknown);
    expect((await content.manifests.get(APP, tagged("c"), calm())).bytes).toEqual(second);
  });

  it.each(["sha256", "sha512"] as const)("by its %s ends all of its names", async (algorithm) => {
    const { content, driver } = await open();
    await pushImage(content, undefined);
    const bytes = imageManifest(NEWER);
    const [sha256, sha512] = [digestOf(bytes), digestOf(bytes, "sha512")];
    await pushManifest(content, bytes, { reference: sha512, tags: [LATEST] });
    await pushManifest(content, bytes, { reference: "other" });
    const removed = await content.manifests.delete(APP, digestOf(bytes, algorithm), actor());
    expect(removed.toSorted()).toEqual(["latest", "other"]);
    for (const digest of [sha256, sha512]) {
      expect(await driver.stat(revisionLink(APP, digest), calm())).toBeUndefined();
    }
    expect(await content.tags.list(APP, calm())).toEqual([]);
  });

  it("leaves it to other repositories", async () => {
    const { content } = await open();
    const bytes = await pushImage(content, "latest");
    await pushImage(content, "latest", { repository: OTHER });
    await content.manifests.delete(APP, digestOf(bytes), actor());
    expect((await content.manifests.get(OTHER, tagged("latest"), calm())).bytes).toEqual(bytes);
  });

  it("fails for one that the repository does not hold", async () => {
    const { content } = await open();
    const bytes = await pushImage(content, "latest", { repository: OTHER });
    const deleting = content.manifests.delete(APP, digestOf(bytes), actor());
    await expect(deleting).rejects.toBeInstanceOf(ManifestUnknown);
  });

  it("works for one whose data is gone", async () => {
    const { content, driver } = await open();
    const bytes = await pushImage(content, "latest");
    await driver.delete(blobData(digestOf(bytes)), calm());
    expect(await content.manifests.delete(APP, digestOf(bytes), actor())).toEqual(["latest"]);
    expect((await content.tags.list(APP, calm())) ?? []).toEqual([]);
  });
});

describeContent("a damaged manifest", (open) => {
  it("is not served, and the next push heals it", async () => {
    const { content, driver } = await open();
    const bytes = await pushImage(content, "latest");
    for (const damaged of [bytes.subarray(0, 20), Buffer.alloc(bytes.byteLength)]) {
      await driver.write(blobData(digestOf(bytes)), damaged, calm());
      const getting = content.manifests.get(APP, tagged("latest"), calm());
      await expect(getting).rejects.toBeInstanceOf(StoredBytesDamaged);
      await pushManifest(content, bytes, { reference: "latest" });
      expect((await content.manifests.get(APP, tagged("latest"), calm())).bytes).toEqual(bytes);
    }
  });

  it("that is an empty file, or has an empty link, is not there", async () => {
    const { content, driver } = await open();
    const bytes = await pushImage(content, "latest");
    for (const key of [blobData(digestOf(bytes)), revisionLink(APP, digestOf(bytes))]) {
      await driver.write(key, Buffer.alloc(0), calm());
      const getting = content.manifests.get(APP, tagged("latest"), calm());
      await expect(getting).rejects.toBeInstanceOf(ManifestUnknown);
      await pushManifest(content, bytes, { reference: "latest" });
    }
    expect((await content.manifests.get(APP, tagged("latest"), calm())).bytes).toEqual(bytes);
  });

  it("of schema 1, as very old stores hold it, is served as that", async () => {
    const { content, driver } = await open();
    const bytes = Buffer.from(`{"schemaVersion": 1, "fsLayers": []}`);
    await driver.write(blobData(digestOf(bytes)), bytes, calm());
    await driver.write(revisionLink(APP, digestOf(bytes)), Buffer.from(digestOf(bytes)), calm());
    const stored = await content.manifests.get(APP, byDigest(digestOf(bytes)), calm());
    expect(stored.mediaType).toBe("application/vnd.docker.distribution.manifest.v1+prettyjws");
    expect(await content.manifests.delete(APP, digestOf(bytes), actor())).toEqual([]);
  });
});
