import { afterAll, describe, expect, it } from "vitest";
import { blobData, blobRecipe, quarantinedRecipe } from "../../src/content/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { holdStore } from "../../src/storage/store-lock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { say } from "./configured-store.ts";
import { coldStores, damagePacks, gzipLayers } from "./dedup-store.ts";

const { signal } = new AbortController();

const stores = coldStores();
afterAll(() => stores[Symbol.asyncDispose]());

const digests = gzipLayers()
  .map((layer) => digestOf(layer))
  .toSorted();

describe("barge dedup verify", () => {
  it("makes each cold blob, also beside a running server, and leaves all as it is", async () => {
    await using opened = await stores.open();
    const { config, store } = opened;
    const before = await store.keys("barge/recipes");
    const log = new RecordingLogger();
    await using _held = await holdStore({ driver: store.driver, role: "server", log, signal });
    const { code, stdout } = await say(["dedup", "verify", "--format", "json", config]);
    expect(code).toBe(0);
    const bytes = gzipLayers().reduce((sum, { length }) => sum + length, 0);
    expect(JSON.parse(stdout)).toEqual({ verified: 2, broken: [], quarantined: [], bytes });
    expect(await store.keys("barge/recipes")).toEqual(before);
  });

  it("changes nothing with --dry-run, sets aside what is broken without it, and tells it again", async () => {
    await using opened = await stores.open();
    await damagePacks(opened);
    const { config, store } = opened;
    const before = await store.keys("barge");
    const dry = await say(["dedup", "verify", "--dry-run", config]);
    expect(dry.code).toBe(1);
    expect(dry.stdout).toContain("2 cannot: push images that have them again");
    expect(await store.keys("barge")).toEqual(before);
    const first = await say(["dedup", "verify", "--format", "json", config]);
    expect(first.code).toBe(1);
    expect(JSON.parse(first.stdout)).toEqual({
      verified: 0,
      broken: digests.map((digest) => ({ digest, reason: expect.any(String) as string })),
      quarantined: [],
      bytes: 0,
    });
    for (const digest of digests) {
      expect(await store.has(blobRecipe(digest))).toBe(false);
      expect(await store.has(quarantinedRecipe(digest))).toBe(true);
    }
    const second = await say(["dedup", "verify", "--format", "json", config]);
    expect(second.code).toBe(1);
    expect(JSON.parse(second.stdout)).toMatchObject({ broken: [], quarantined: digests });
  });

  it("finds blobs whose recipe is damaged, and not those whose data is there", async () => {
    await using opened = await stores.open();
    const [first, second] = digests;
    if (first === undefined || second === undefined) throw new Error("there are two");
    await opened.store.put(blobRecipe(first), "no recipe");
    await opened.store.put(blobRecipe(second), "no recipe");
    await opened.store.put(blobData(second), "data");
    const { code, stdout } = await say(["dedup", "verify", opened.config]);
    expect(code).toBe(1);
    expect(stdout).toContain(`broken: ${first}: `);
    expect(stdout).not.toContain(second);
  });
});
