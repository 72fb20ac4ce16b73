import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { blobData, blobRecipe, INCOMING, PACKS } from "../../../src/content/layout.ts";
import { DiskFull, isLasting } from "../../../src/dedup/convert/converter.ts";
import { ThreadRefused } from "../../../src/dedup/threads/dedup-worker.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { InMemoryDriver } from "../../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm, pattern } from "../../contracts/storage-subject.ts";
import { intercepted } from "../../fakes/failing-driver.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import {
  type AtRest,
  damage,
  failureOf,
  gzipLayer,
  HOUR_MS,
  keysBelow,
  openAtRest,
  plainBlob,
  plant,
  plantCold,
  pulled,
  PATIENTLY,
} from "../at-rest-store.ts";

describe("Converter", PATIENTLY, () => {
  let store: AtRest;
  beforeAll(async () => {
    store = await openAtRest();
  });
  afterAll(() => store[Symbol.asyncDispose]());
  beforeEach(async () => {
    Object.assign(store.now, { driver: new InMemoryDriver(), aheadMs: 2 * HOUR_MS, hasRoom: true });
    await store.shop.index.refresh(calm());
  });

  async function recipeOf(digest: Digest): Promise<{ readonly hasStream: boolean } | undefined> {
    const found = await store.shop.recipes.read(digest, calm());
    return found && { hasStream: found.recipe.stream !== undefined };
  }

  describe("index()", () => {
    it.each([
      ["gzip of zlib", gzipLayer(1), true],
      ["plain tar", plainBlob(2), false],
      ["no tar", pattern(100_000), false],
      ["gzip of whom nobody knows", cutGzip(), false],
    ])("finds how a blob is made that is %s, and leaves its data", async (_, blob, hasStream) => {
      const digest = await plant(store.driver, blob);
      expect(await store.converter.index(digest, calm())).toEqual({ kind: "indexed" });
      expect(await recipeOf(digest)).toEqual({ hasStream });
      expect((await pulled(store, digest)).equals(blob)).toBe(true);
      expect(await keysBelow(store.driver, PACKS)).toEqual([]);
      const again = await store.converter.index(digest, calm());
      expect(again).toEqual({ kind: "as-it-was", reason: "it is indexed" });
    });

    it("leaves a small blob alone, and one that is gone", async () => {
      const digest = await plant(store.driver, pattern(65_535));
      expect((await store.converter.index(digest, calm())).kind).toBe("as-it-was");
      await store.driver.deleteTree("docker", calm());
      expect((await store.converter.index(digest, calm())).kind).toBe("as-it-was");
      expect(await keysBelow(store.driver, "")).toEqual([]);
    });

    it("fails for good for data that is another blob's, and notes nothing", async () => {
      const digest = await plant(store.driver, plainBlob(3));
      await plant(store.driver, plainBlob(4), digest);
      const error = await failureOf(store.converter.index(digest, calm()));
      expect(error).toMatchObject({ fault: { kind: "wrong-bytes" } });
      expect(isLasting(error)).toBe(true);
      expect(await recipeOf(digest)).toBeUndefined();
    });

    it("fails in a way that may pass for data that goes away meanwhile", async () => {
      const digest = await plant(store.driver, plainBlob(5));
      const { driver } = store.now;
      store.now.driver = intercepted(driver, {
        before: async ({ action, key }) => {
          if (action === "read" && key === blobData(digest)) await driver.delete(key, calm());
        },
      });
      const error = await failureOf(store.converter.index(digest, calm()));
      expect(error).toBeInstanceOf(ThreadRefused);
      expect(isLasting(error)).toBe(false);
    });

    it("makes a damaged recipe anew", async () => {
      const digest = await plant(store.driver, plainBlob(6));
      await store.converter.index(digest, calm());
      await damage(store.driver, [blobRecipe(digest)]);
      expect((await store.converter.index(digest, calm())).kind).toBe("indexed");
      expect(await recipeOf(digest)).toBeDefined();
    });

    it("tells how much it has read", async () => {
      const blob = plainBlob(7);
      const digest = await plant(store.driver, blob);
      let readBytes = 0;
      const onProgress = (bytes: number): void => void (readBytes += bytes);
      await store.converter.index(digest, { ...calm(), onProgress });
      expect(readBytes).toBe(blob.length);
    });
  });

  describe("cool()", () => {
    it.each([
      ["gzip", gzipLayer(10)],
      ["plain tar", plainBlob(11)],
      ["no tar", Buffer.from("no tar at all; ".repeat(10_000))],
    ])("gives up the data of a cold blob of %s, which is made again as it was", async (_, blob) => {
      const digest = await plantCold(store, blob);
      expect(await store.driver.stat(blobData(digest), calm())).toBeUndefined();
      expect((await pulled(store, digest)).equals(blob)).toBe(true);
      expect(await keysBelow(store.driver, INCOMING)).toEqual([]);
      for (const kind of ["index", "cool"] as const) {
        const before = await keysBelow(store.driver, "");
        expect((await store.converter[kind](digest, calm())).kind).toBe("as-it-was");
        expect(await keysBelow(store.driver, "")).toEqual(before);
      }
    });

    it("stores what two blobs have in common once", async () => {
      const blob = plainBlob(12, 200_000);
      const first = gzipSync(blob, { level: 9 });
      const digest = await plantCold(store, first);
      const packs = await keysBelow(store.driver, PACKS);
      expect(packs).toHaveLength(1);
      const otherDigest = await plantCold(store, blob);
      expect(await keysBelow(store.driver, PACKS)).toEqual(packs);
      expect((await pulled(store, otherDigest)).equals(blob)).toBe(true);
      expect((await pulled(store, digest)).equals(first)).toBe(true);
    });

    it("leaves a blob that is in use: pushed or read lately, or read while it was packed", async () => {
      const digest = await plant(store.driver, plainBlob(13));
      await store.converter.index(digest, calm());
      store.now.aheadMs = 0;
      expect(await store.converter.cool(digest, calm())).toMatchObject({ reason: "it is in use" });
      store.now.aheadMs = 2 * HOUR_MS;
      const used = (): void =>
        void store.now.usedAtMs.set(digest, Date.now() + store.now.aheadMs - 10);
      used();
      expect(await store.converter.cool(digest, calm())).toMatchObject({ reason: "it is in use" });
      expect(await keysBelow(store.driver, PACKS)).toEqual([]);
      store.now.usedAtMs.clear();
      const onProgress = used;
      const options = { ...calm(), onProgress };
      expect(await store.converter.cool(digest, options)).toMatchObject({ kind: "as-it-was" });
      expect(await store.driver.stat(blobData(digest), calm())).toBeDefined();
    });

    it("leaves a blob that is not indexed", async () => {
      const digest = await plant(store.driver, plainBlob(14));
      expect((await store.converter.cool(digest, calm())).kind).toBe("as-it-was");
      expect(await store.driver.stat(blobData(digest), calm())).toBeDefined();
    });

    it.each(["{", " \n {", "\t{", "\r\n{", "\uFEFF{"])(
      "leaves what may be a manifest, case %#",
      async (beginning) => {
        const blob = Buffer.from(`${beginning}"layers":[${"1,".repeat(40_000)}1]}`);
        const digest = await plant(store.driver, blob);
        await store.converter.index(digest, calm());
        const cooled = await store.converter.cool(digest, calm());
        expect(cooled).toEqual({ kind: "as-it-was", reason: "it is a document" });
        expect(await store.driver.stat(blobData(digest), calm())).toBeDefined();
      },
    );

    it("leaves a blob that would take more room, and nothing of its packs", async () => {
      const random = new SeededRandom(15);
      const noise = Buffer.from(Uint8Array.from({ length: 150_000 }, () => random.below(256)));
      const digest = await plant(store.driver, gzipSync(noise));
      await store.converter.index(digest, calm());
      const cooled = await store.converter.cool(digest, calm());
      expect(cooled).toEqual({ kind: "as-it-was", reason: "it would take more room" });
      expect(await keysBelow(store.driver, PACKS)).toEqual([]);
      expect(await keysBelow(store.driver, INCOMING)).toEqual([]);
    });

    it("fails when the disk is full, and packs nothing", async () => {
      const digest = await plant(store.driver, plainBlob(16));
      await store.converter.index(digest, calm());
      store.now.hasRoom = false;
      await expect(store.converter.cool(digest, calm())).rejects.toThrow(DiskFull);
      expect(await keysBelow(store.driver, PACKS)).toEqual([]);
    });

    it("fails for good for data that is no longer the blob, and packs nothing", async () => {
      const digest = await plant(store.driver, plainBlob(17));
      await store.converter.index(digest, calm());
      await damage(store.driver, [blobData(digest)]);
      const error = await failureOf(store.converter.cool(digest, calm()));
      expect(isLasting(error)).toBe(true);
      expect(await keysBelow(store.driver, PACKS)).toEqual([]);
      expect(await keysBelow(store.driver, INCOMING)).toEqual([]);
    });

    it("ends with the signal's reason, and begins anew another time", async () => {
      const blob = plainBlob(18);
      const digest = await plant(store.driver, blob);
      await store.converter.index(digest, calm());
      const stop = new AbortController();
      const reason = new Error("the hours are over");
      const { driver } = store.now;
      store.now.driver = intercepted(driver, {
        before: ({ action }) => {
          if (action === "staging.append") stop.abort(reason);
        },
      });
      await expect(store.converter.cool(digest, { signal: stop.signal })).rejects.toBe(reason);
      store.now.driver = driver;
      expect(await keysBelow(driver, PACKS)).toEqual([]);
      expect(await keysBelow(driver, INCOMING)).toEqual([]);
      expect((await store.converter.cool(digest, calm())).kind).toBe("cold");
      expect((await pulled(store, digest)).equals(blob)).toBe(true);
    });
  });
});

/** Ends in the middle of its stream, which is then no stream. */
function cutGzip(): Buffer {
  const blob = gzipLayer(8);
  return blob.subarray(0, blob.length - 1000);
}
