/** What another replica does to a store of which every look costs a round trip, as with S3. */
import { beforeEach, describe, expect, it } from "vitest";
import { type ContentStore, createContentStore } from "../../src/content/content-store.ts";
import { ManifestIncomplete, ManifestUnknown } from "../../src/content/errors.ts";
import { RECENT_MS } from "../../src/content/recent-links.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { parseTag, type Reference } from "../../src/oci/reference.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { createInMemoryStore } from "../../storage-drivers/inmemory/inmemory-store.ts";
import { calm } from "../contracts/storage-subject.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { INLINE_HASHING } from "../fakes/inline-hashing.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import {
  actor,
  APP,
  describeBytes,
  imageIndex,
  imageManifest,
  pushImage,
  pushManifest,
  tagged,
} from "./images.ts";

describe("on a store where every look costs a round trip", () => {
  const clock = new FakeClock();
  let content: ContentStore;
  let replica: ContentStore;
  let reads: string[];

  beforeEach(async () => {
    const store = createInMemoryStore();
    reads = [];
    const open = (): Promise<ContentStore> => {
      const inner = new InMemoryDriver(store);
      const driver = partlyReplaced(inner, {
        read: (key, options) => {
          reads.push(key);
          return inner.read(key, options);
        },
      });
      return createContentStore({
        driver,
        log: new RecordingLogger(),
        validation: { disabled: false, urls: undefined, indexes: "all" },
        tagConcurrency: 4,
        hashing: INLINE_HASHING,
        hashStaged: () => Promise.reject(new Error("nothing here has to be hashed again")),
        clock,
      });
    };
    [content, replica] = [await open(), await open()];
  });

  async function get(reference: Reference): Promise<Digest> {
    return (await content.manifests.get(APP, reference, calm())).digest;
  }

  it("a tag that a replica moves or deletes is served as it is now", async () => {
    const one = digestOf(await pushImage(content, "latest"));
    const other = imageManifest({ members: { annotations: { is: "other" } } });
    const { digest: two } = await pushManifest(content, other, { reference: "other" });
    expect([await get(tagged("latest")), await get(tagged("latest"))]).toEqual([one, one]);
    await replica.tags.set(APP, { tag: parseTag("latest"), to: two }, actor());
    expect(await get(tagged("latest"))).toBe(two);
    await replica.tags.delete(APP, parseTag("latest"), actor());
    await expect(get(tagged("latest"))).rejects.toBeInstanceOf(ManifestUnknown);
  });

  it("a manifest that a replica deletes is served for five seconds at most", async () => {
    const digest = digestOf(await pushImage(content, "latest"));
    const byDigest: Reference = { kind: "digest", digest };
    await get(byDigest);
    await replica.manifests.delete(APP, digest, actor());
    await clock.advance(RECENT_MS - 1);
    expect(await get(byDigest)).toBe(digest);
    await clock.advance(1);
    await expect(get(byDigest)).rejects.toBeInstanceOf(ManifestUnknown);
  });

  it("a manifest that is deleted here is unknown at once", async () => {
    const digest = digestOf(await pushImage(content, "latest"));
    const byDigest: Reference = { kind: "digest", digest };
    await get(byDigest);
    await content.manifests.delete(APP, digest, actor());
    await expect(get(byDigest)).rejects.toBeInstanceOf(ManifestUnknown);
  });

  it("an index is not let in because of a child that a replica has deleted", async () => {
    const bytes = await pushImage(content, "latest");
    const digest = digestOf(bytes);
    await get({ kind: "digest", digest });
    await replica.manifests.delete(APP, digest, actor());
    const index = imageIndex([describeBytes(bytes, OCI_MANIFEST)]);
    const pushing = pushManifest(content, index, { reference: "index" });
    await expect(pushing).rejects.toBeInstanceOf(ManifestIncomplete);
  });

  it("nothing is read for a manifest by digest within five seconds, and the tag alone by tag", async () => {
    const digest = digestOf(await pushImage(content, "latest"));
    await get({ kind: "digest", digest });
    reads = [];
    await get({ kind: "digest", digest });
    expect(reads).toEqual([]);
    await get(tagged("latest"));
    expect(reads).toHaveLength(1);
  });
});
