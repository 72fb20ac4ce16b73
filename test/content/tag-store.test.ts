import { expect, it } from "vitest";
import { ManifestUnknown } from "../../src/content/errors.ts";
import { tagFolder } from "../../src/content/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { calm } from "../contracts/storage-subject.ts";
import { describeContent } from "./content-subject.ts";
import { actor, APP, LAYER, OTHER, pushBlob, pushImage, pushManifest, tagged } from "./images.ts";

const LATEST = parseTag("latest");

describeContent("tags", (open) => {
  it("are listed in byte order, those of deleted manifests no more", async () => {
    const { content } = await open();
    for (const tag of ["b", "B", "a-b", "a.b", "a", "_", "10", "9"]) await pushImage(content, tag);
    const sorted = ["10", "9", "B", "_", "a", "a-b", "a.b", "b"];
    expect(await content.tags.list(APP, calm())).toEqual(sorted);
    expect(await content.tags.delete(APP, parseTag("a"), actor())).toBe(true);
    expect(await content.tags.delete(APP, parseTag("a"), actor())).toBe(false);
    expect(await content.tags.list(APP, calm())).not.toContain("a");
  });

  it("of a repository that nobody has pushed a manifest to are not there", async () => {
    const { content } = await open();
    await pushBlob(content, LAYER);
    expect(await content.tags.list(APP, calm())).toBeUndefined();
    expect(await content.tags.list(OTHER, calm())).toBeUndefined();
  });

  it("whose first push was cut off are removed by deleting them", async () => {
    const { content, driver } = await open();
    const bytes = await pushImage(content, "whole");
    const folder = tagFolder(APP, parseTag("cut"));
    const link = `${folder}/index/sha256/${digestOf(bytes).slice("sha256:".length)}/link`;
    await driver.write(link, Buffer.from(digestOf(bytes)), calm());
    expect(await content.tags.list(APP, calm())).toEqual(["cut", "whole"]);
    expect(await content.tags.delete(APP, parseTag("cut"), actor())).toBe(false);
    expect(await content.tags.list(APP, calm())).toEqual(["whole"]);
  });

  it("with an unreadable link are not there, and pushing heals them", async () => {
    const { content, driver } = await open();
    const bytes = await pushImage(content, "latest");
    await driver.write(`${tagFolder(APP, LATEST)}/current/link`, Buffer.alloc(71), calm());
    const getting = content.manifests.get(APP, tagged("latest"), calm());
    await expect(getting).rejects.toBeInstanceOf(ManifestUnknown);
    await pushManifest(content, bytes, { reference: "latest" });
    expect((await content.manifests.get(APP, tagged("latest"), calm())).bytes).toEqual(bytes);
  });
});
