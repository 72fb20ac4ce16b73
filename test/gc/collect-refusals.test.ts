import { describe, expect, it } from "vitest";
import {
  blobData,
  layerLink,
  repositoryFolder,
  revisionLink,
  tagCurrentLink,
} from "../../src/content/layout.ts";
import { MarkFailed } from "../../src/gc/errors.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { type PlantedStore, repo } from "./planted-store.ts";
import { collect, emptyStore, Lines } from "./run-collection.ts";

const NAME = repo("shop/web");
const LATEST = parseTag("latest");

describe("collectGarbage() deletes nothing when", () => {
  const spoil: readonly (readonly [string, (store: PlantedStore) => Promise<string>])[] = [
    [
      "a manifest cannot be understood",
      async (store) => (await store.manifest("shop/web", { schemaVersion: 2, layers: 7 })).digest,
    ],
    [
      "a manifest is damaged",
      async (store) => {
        const image = await store.image("shop/web", "damaged");
        const document = {
          schemaVersion: 2,
          config: { ...image, digest: digestOf(Buffer.from("x")) },
        };
        await store.put(blobData(image.digest), JSON.stringify(document));
        return image.digest;
      },
    ],
    [
      "a revision's link is empty",
      async (store) => {
        const link = revisionLink(NAME, (await store.image("shop/web", "one")).digest);
        await store.put(link, "");
        return link;
      },
    ],
    [
      "a revision's link holds another digest",
      async (store) => {
        const { digest } = await store.image("shop/web", "one");
        await store.put(revisionLink(NAME, digest), digestOf(Buffer.from("x")));
        return digest;
      },
    ],
    [
      "a tag's link is full of zero bytes",
      async (store) => {
        await store.tag("shop/web", "latest", await store.image("shop/web", "one"));
        await store.put(tagCurrentLink(NAME, LATEST), Buffer.alloc(71));
        return tagCurrentLink(NAME, LATEST);
      },
    ],
    [
      "the link of a sha512 layer is empty",
      async (store) => {
        const layer = await store.blobBySha512("shop/web", "a layer");
        await store.tag(
          "shop/web",
          "latest",
          await store.image("shop/web", "one", { layers: [layer] }),
        );
        await store.put(layerLink(NAME, layer.digest), "");
        return layerLink(NAME, layer.digest);
      },
    ],
    [
      "a revision has a name of another algorithm",
      async (store) => {
        const folder = `${repositoryFolder(NAME)}/_manifests/revisions/sha384/abc`;
        await store.put(`${folder}/link`, "sha384:abc");
        return folder;
      },
    ],
  ];

  it.each(spoil)("%s, and says which", async (_, plant) => {
    const store = emptyStore();
    const culprit = await plant(store);
    await store.image("a", "untagged");
    await store.data("garbage");
    const before = await store.keys();
    const collecting = collect(store.driver, { deleteUntagged: true });
    await expect(collecting).rejects.toThrow(MarkFailed);
    await expect(collecting).rejects.toThrow(culprit);
    expect(await store.keys()).toStrictEqual(before);
  });

  it.each(["_manifests/revisions/sha256", "_manifests/tags", "_layers/sha256"])(
    "%s cannot be listed",
    async (folder) => {
      const store = emptyStore();
      await store.tag("shop/web", "latest", await store.image("shop/web", "one"));
      await store.image("a", "untagged");
      await store.data("garbage");
      const before = await store.keys();
      const driver = partlyReplaced(store.driver, {
        async *list(prefix, options) {
          if (prefix === `${repositoryFolder(NAME)}/${folder}`) throw new Error("EIO");
          yield* store.driver.list(prefix, options);
        },
      });
      await expect(collect(driver, { deleteUntagged: true })).rejects.toThrow(MarkFailed);
      expect(await store.keys()).toStrictEqual(before);
    },
  );

  it("but a manifest whose data is gone is no obstacle", async () => {
    const store = emptyStore();
    const image = await store.image("shop/web", "gone");
    await store.tag("shop/web", "latest", image);
    await store.remove(blobData(image.digest));
    await store.data("garbage");
    const output = new Lines();
    expect(await collect(store.driver, { output })).toMatchObject({ blobs: 2 });
    expect(output.warnings).toStrictEqual([
      `shop/web: the data of manifest ${image.digest} is gone`,
    ]);
  });
});
