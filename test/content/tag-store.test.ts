import { expect, it } from "vitest";
import { ManifestUnknown, TagExists } from "../../src/content/errors.ts";
import { tagFolder } from "../../src/content/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { parseReference, parseTag } from "../../src/oci/reference.ts";
import { calm } from "../contracts/storage-subject.ts";
import { describeContent } from "./content-subject.ts";
import {
  actor,
  APP,
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

describeContent("tags", (open) => {
  it("are listed in byte order, those of deleted manifests no more", async () => {
    const { content } = await open();
    for (const tag of ["b", "B", "a-b", "a.b", "a", "_", "10", "9"]) await pushImage(content, tag);
    const sorted = ["10", "9", "B", "_", "a", "a-b", "a.b", "b"];
    expect(await content.tags.list(APP, calm())).toEqual(sorted);
    const a = parseTag("a");
    const pointedTo = await content.tags.resolve(APP, a, calm());
    expect(await content.tags.delete(APP, a, actor())).toBe(pointedTo);
    expect(await content.tags.delete(APP, a, actor())).toBeUndefined();
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
    expect(await content.tags.delete(APP, parseTag("cut"), actor())).toBeUndefined();
    expect(await content.tags.list(APP, calm())).toEqual(["whole"]);
  });

  it("are moved by those who may overwrite, and by nobody else", async () => {
    const { content } = await open();
    const [first, second] = [await pushImage(content, "v1"), imageManifest(NEWER)];
    const creator = { ...actor(), mayOverwrite: false };
    const push = { reference: tagged("v1"), tags: [], contentType: undefined, bytes: second };
    await expect(content.manifests.put(APP, push, creator)).rejects.toThrow(TagExists);
    expect(await content.tags.resolve(APP, LATEST, calm())).toBeUndefined();
    expect(await content.tags.resolve(APP, parseTag("v1"), calm())).toBe(digestOf(first));
    // Nothing of what was refused is there.
    const byDigest = parseReference(digestOf(second));
    await expect(content.manifests.get(APP, byDigest, calm())).rejects.toThrow(ManifestUnknown);
    const pushed = await content.manifests.put(APP, push, actor());
    expect(pushed.tags).toEqual([{ tag: "v1", from: digestOf(first) }]);
  });

  it("that come to be while a push runs are not moved either", async () => {
    const { content } = await open();
    const bytes = [await pushImage(content, undefined), imageManifest(NEWER)];
    const creator = { ...actor(), mayOverwrite: false };
    const pushes = bytes.map((each) =>
      content.manifests.put(
        APP,
        { reference: tagged("raced"), tags: [], contentType: undefined, bytes: each },
        creator,
      ),
    );
    const outcomes = await Promise.allSettled(pushes);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const refused = outcomes.find((outcome) => outcome.status === "rejected");
    expect(refused?.reason).toBeInstanceOf(TagExists);
  });

  it("may be pushed again as they are by those who may not move them", async () => {
    const { content } = await open();
    const bytes = await pushImage(content, "same");
    const creator = { ...actor(), mayOverwrite: false };
    const push = { reference: tagged("same"), tags: [], contentType: undefined, bytes };
    const pushed = await content.manifests.put(APP, push, creator);
    expect(pushed.tags).toEqual([{ tag: "same", from: digestOf(bytes) }]);
  });

  it("of one push are all set or none, when one of them may not be moved", async () => {
    const { content } = await open();
    await pushImage(content, "taken");
    const bytes = imageManifest(NEWER);
    const push = {
      reference: parseReference(digestOf(bytes)),
      tags: [parseTag("new"), parseTag("taken")],
      contentType: undefined,
      bytes,
    };
    const creator = { ...actor(), mayOverwrite: false };
    await expect(content.manifests.put(APP, push, creator)).rejects.toThrow(TagExists);
    expect(await content.tags.resolve(APP, parseTag("new"), calm())).toBeUndefined();
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
