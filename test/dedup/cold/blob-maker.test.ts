import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PlainChunker } from "../../../src/chunks/plain/plain-chunker.ts";
import { encodeBlobRecipe } from "../../../src/chunks/recipe/blob-recipe.ts";
import { packKey, PACKS } from "../../../src/content/layout.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { InMemoryDriver } from "../../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm, collect } from "../../contracts/storage-subject.ts";
import { intercepted } from "../../fakes/failing-driver.ts";
import {
  type AtRest,
  failureOf,
  gzipLayer,
  keysBelow,
  openAtRest,
  plainBlob,
  plant,
  plantCold,
  PATIENTLY,
} from "../at-rest-store.ts";

const NAME = "ab".repeat(16);

describe("BlobMaker", PATIENTLY, () => {
  let store: AtRest;
  beforeAll(async () => {
    store = await openAtRest({ idleThreads: 2 });
  });
  afterAll(() => store[Symbol.asyncDispose]());
  beforeEach(async () => {
    store.now.driver = new InMemoryDriver();
    await store.shop.index.refresh(calm());
  });

  /** As it comes, counted. */
  async function made(
    digest: Digest,
  ): Promise<{ readonly bytes: number; readonly error: unknown }> {
    let bytes = 0;
    const error = await failureOf(
      (async () => {
        const options = { ...calm(), isProof: true };
        for await (const piece of store.shop.maker.whole(digest, options)) bytes += piece.length;
      })(),
    );
    return { bytes, error };
  }

  it("makes a blob of packs that another process has stored since", async () => {
    const blob = plainBlob(60);
    const digest = await plantCold(store, blob);
    for (const { name } of store.shop.index.chunks.packs) store.shop.index.chunks.removePack(name);
    expect((await collect(store.shop.maker.whole(digest, calm()))).equals(blob)).toBe(true);
  });

  it("goes on with other packs when one goes away while it is made", async () => {
    const blob = Buffer.concat([plainBlob(61, 2_000_000), plainBlob(62, 2_000_000)]);
    const digest = await plantCold(store, blob);
    const { driver } = store.now;
    const [old = ""] = await keysBelow(driver, PACKS);
    let reads = 0;
    store.now.driver = intercepted(driver, {
      before: async ({ action, key }) => {
        if (action !== "read" || key !== old) return;
        reads += 1;
        if (reads !== 2) return;
        await driver.write(packKey(NAME), await collect(driver.read(old, calm())), calm());
        await driver.delete(old, calm());
      },
    });
    const whole = await collect(store.shop.maker.whole(digest, { ...calm(), isProof: true }));
    expect(whole.equals(blob)).toBe(true);
    expect(reads).toBeGreaterThanOrEqual(2);
    expect(await keysBelow(driver, PACKS)).toEqual([packKey(NAME)]);
  });

  it("never gives the last bytes of what has another digest", async () => {
    const blob = plainBlob(63);
    const digest = await plantCold(store, blob);
    const other = Buffer.from(blob);
    other.fill("x", 600, 700);
    await plantCold(store, other);
    const chunked = chunkedOf(other);
    const wrong = { digest, blobBytes: blob.length, stream: undefined, ...chunked };
    await store.shop.recipes.write(digest, encodeBlobRecipe(wrong), calm());
    const { bytes, error } = await made(digest);
    expect(error).toMatchObject({ kind: "BlobBroken", reason: expect.stringContaining("digest") });
    expect(bytes).toBeLessThan(blob.length);
  });

  it.each([-1000, 1000])("breaks at a recipe that is off by %d bytes", async (difference) => {
    const blob = plainBlob(64);
    const digest = await plantCold(store, blob);
    const chunked = chunkedOf(blob);
    const wrong = { digest, blobBytes: blob.length + difference, stream: undefined, ...chunked };
    await store.shop.recipes.write(digest, encodeBlobRecipe(wrong), calm());
    const { bytes, error } = await made(digest);
    expect(error).toMatchObject({ kind: "BlobBroken" });
    expect(bytes).toBeLessThan(blob.length);
    const span = { startBytes: blob.length - 10, endBytes: blob.length + 10 };
    const stretch = await failureOf(collect(store.shop.maker.stretch(digest, span, calm())));
    expect(stretch).toMatchObject({ kind: "BlobBroken" });
  });

  it("fails without a recipe, and for what may pass as the store does", async () => {
    const digest = await plantCold(store, plainBlob(65));
    const { driver } = store.now;
    store.now.driver = intercepted(driver, {
      before: ({ action, key }) => {
        if (action === "read" && key.startsWith(PACKS)) throw new Error("the disk is busy");
      },
    });
    expect((await made(digest)).error).toMatchObject({ kind: "StorageUnavailable" });
    store.now.driver = driver;
    expect((await made(digest)).error).toBeUndefined();
    await store.shop.recipes.delete(digest, calm());
    expect((await made(digest)).error).toMatchObject({ kind: "NoRecipe" });
  });

  it("leaves its thread to the next blob", async () => {
    const digest = await plantCold(store, gzipLayer(66));
    const { idlePool, idleMaker } = store.shop;
    const before = idlePool.tryBorrow();
    before?.[Symbol.dispose]();
    await collect(idleMaker.whole(digest, calm()));
    using after = idlePool.tryBorrow();
    expect(after?.worker).toBe(before?.worker);
    expect(after?.worker.hasEnded).toBe(false);
  });

  it("makes blobs right that two threads have converted at a time, with chunks in common", async () => {
    const common = plainBlob(67, 400_000);
    const blobs = [1, 2, 3, 4].map((seed) => Buffer.concat([plainBlob(seed, 70_000), common]));
    const digests = await Promise.all(blobs.map((blob) => plant(store.driver, blob)));
    await Promise.all(digests.map((digest) => store.converter.index(digest, calm())));
    await Promise.all(digests.map((digest) => store.converter.cool(digest, calm())));
    expect(await keysBelow(store.driver, "docker")).toEqual([]);
    for (const [index, digest] of digests.entries()) {
      const whole = await collect(store.shop.maker.whole(digest, { ...calm(), isProof: true }));
      expect(whole.equals(blobs[index] ?? Buffer.of())).toBe(true);
    }
  });

  it("makes blobs right that two processes have converted at a time", async () => {
    const blob = plainBlob(68, 300_000);
    const larger = Buffer.concat([blob, plainBlob(69)]);
    await using other = await openAtRest({ driver: store.now.driver });
    const digests = [await plant(store.driver, blob), await plant(store.driver, larger)];
    const convert = async ({ converter }: AtRest): Promise<void> => {
      for (const digest of digests) {
        await failureOf(converter.index(digest, calm()));
        await failureOf(converter.cool(digest, calm()));
      }
    };
    await Promise.all([convert(store), convert(other)]);
    for (const { shop } of [store, other]) {
      const [small, large] = await Promise.all(
        digests.map((digest) => collect(shop.maker.whole(digest, { ...calm(), isProof: true }))),
      );
      expect(small?.equals(blob)).toBe(true);
      expect(large?.equals(larger)).toBe(true);
    }
    expect(await keysBelow(store.driver, "docker")).toEqual([]);
  });
});

function chunkedOf(blob: Buffer): ReturnType<PlainChunker["end"]> {
  const chunker = new PlainChunker(() => undefined);
  chunker.write(blob);
  return chunker.end();
}
