import { describe, expect, it } from "vitest";
import { blobData, layerLink, revisionLink, tagCurrentLink } from "../../src/content/layout.ts";
import type { ContentStore } from "../../src/content/content-store.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { openContent } from "../content/content-subject.ts";
import { type PlantedStore, repo } from "./planted-store.ts";
import { collect, emptyStore } from "./run-collection.ts";

const NAME = repo("shop/web");
const LATEST = parseTag("latest");
const call = { signal: new AbortController().signal, actor: "test" };

/** Something that stands in the way of a collection. */
interface Obstacle {
  /** What the message advises. */
  readonly advice: string;
  /** Does so. */
  readonly follow: (content: ContentStore) => Promise<unknown>;
}

const OBSTACLES: readonly (readonly [string, (store: PlantedStore) => Promise<Obstacle>])[] = [
  [
    "a tag's link is of no use",
    async (store) => {
      await store.tag("shop/web", "latest", await store.image("shop/web", "one"));
      await store.put(tagCurrentLink(NAME, LATEST), "");
      return {
        advice: "push or delete the tag shop/web:latest",
        follow: (content) => content.tags.delete(NAME, LATEST, call),
      };
    },
  ],
  [
    "a manifest is damaged",
    async (store) => {
      const { digest } = await store.image("shop/web", "one");
      await store.put(blobData(digest), "{}");
      return {
        advice: `push the image again, or delete shop/web@${digest}`,
        follow: (content) => content.manifests.delete(NAME, digest, call),
      };
    },
  ],
  [
    "a manifest cannot be understood",
    async (store) => {
      const { digest } = await store.manifest("shop/web", { schemaVersion: 2, layers: 7 });
      return {
        advice: `delete shop/web@${digest}`,
        follow: (content) => content.manifests.delete(NAME, digest, call),
      };
    },
  ],
  ...["", digestOf(Buffer.from("another"))].map(
    (held) =>
      [
        `a revision's link holds ${JSON.stringify(held)}`,
        async (store: PlantedStore) => {
          const image = await store.image("shop/web", "one");
          const chunks = await Array.fromAsync(store.driver.read(blobData(image.digest), call));
          await store.put(revisionLink(NAME, image.digest), held);
          const reference = { kind: "digest", digest: image.digest } as const;
          const push = {
            reference,
            tags: [],
            contentType: image.mediaType,
            bytes: Buffer.concat(chunks),
          };
          return {
            advice: `push the image shop/web@${image.digest} again`,
            follow: (content: ContentStore) =>
              content.manifests.put(NAME, push, { ...call, mayOverwrite: true }),
          };
        },
      ] as const,
  ),
  [
    "the link of a sha512 layer is of no use",
    async (store) => {
      const layer = await store.blobBySha512("shop/web", "a layer");
      await store.image("shop/web", "one", { layers: [layer] });
      await store.put(layerLink(NAME, layer.digest), "");
      return {
        advice: `push what needs ${layer.digest} to shop/web again`,
        follow: () => store.blobBySha512("shop/web", "a layer"),
      };
    },
  ],
];

describe("collectGarbage() that stopped at marking", () => {
  it.each(OBSTACLES)("says what to do, and that mends it: %s", async (_, plant) => {
    const store = emptyStore();
    const { advice, follow } = await plant(store);
    await expect(collect(store.driver, { deleteUntagged: true })).rejects.toThrow(
      `; ${advice}, then run it again`,
    );
    const { content } = await openContent(() => Promise.resolve(store.driver));
    await follow(content);
    await collect(store.driver, { deleteUntagged: true });
  });

  it("says what to do about a store that cannot be read", async () => {
    const store = emptyStore();
    const driver = partlyReplaced(store.driver, {
      list: () => {
        throw new Error("EACCES");
      },
    });
    await expect(collect(driver)).rejects.toThrow(
      "nothing was deleted: the store cannot be read: EACCES; see to it that all of it can be read, then run it again",
    );
  });

  it("says what to do about a folder whose name means nothing", async () => {
    const store = emptyStore();
    const folder = "docker/registry/v2/repositories/a/_manifests/revisions/sha384/abc";
    await store.put(`${folder}/link`, "");
    await expect(collect(store.driver, { deleteUntagged: true })).rejects.toThrow(
      `the name of ${folder} means nothing here; find out what made it and move it out of the store, then run it again`,
    );
  });
});
