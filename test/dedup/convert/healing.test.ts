import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ColdReader } from "../../../src/dedup/cold/cold-reader.ts";
import { BlobUnknown, StoredBytesDamaged } from "../../../src/content/errors.ts";
import { blobData, blobRecipe, PACKS, quarantinedRecipe } from "../../../src/content/layout.ts";
import { createLinks } from "../../../src/content/links.ts";
import { createPresence } from "../../../src/content/presence.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { InMemoryDriver } from "../../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm, collect } from "../../contracts/storage-subject.ts";
import {
  type AtRest,
  damagePacks,
  HOUR_MS,
  keysBelow,
  openAtRest,
  plainBlob,
  plant,
  plantCold,
  pulled,
  PATIENTLY,
} from "../at-rest-store.ts";

describe("a cold blob that cannot be made again", PATIENTLY, () => {
  const blob = plainBlob(30);
  /** Has all chunks of the other, and more. */
  const larger = Buffer.concat([blob.subarray(0, -1024), plainBlob(31)]);
  let store: AtRest;
  let digest: Digest;

  beforeAll(async () => {
    store = await openAtRest();
  });
  afterAll(() => store[Symbol.asyncDispose]());
  beforeEach(async () => {
    Object.assign(store.now, { driver: new InMemoryDriver(), aheadMs: 2 * HOUR_MS });
    await store.shop.index.refresh(calm());
    digest = await plantCold(store, blob);
  });

  function reader({ mayWrite = true } = {}): ColdReader {
    const { driver, shop, log } = store;
    return new ColdReader({
      driver,
      recipes: shop.recipes,
      tools: async () => shop,
      onUse: () => undefined,
      mayWrite,
      log,
      stopping: calm().signal,
    });
  }

  async function isThere(): Promise<boolean> {
    const { driver, log } = store;
    const links = createLinks({ driver, log, clock: systemClock });
    const presence = createPresence({ driver, links, cold: reader() });
    return (await presence.confirmData(digest, calm())) !== undefined;
  }

  /** Damages its packs and reads it, as a client does, who never gets all of it. */
  async function breakIt(): Promise<void> {
    await damagePacks(store.driver);
    await expect(collect(reader().read(digest, calm()))).rejects.toThrow(StoredBytesDamaged);
  }

  it("is there until it is read, and absent from then on, with its recipe set aside", async () => {
    expect(await isThere()).toBe(true);
    await breakIt();
    expect(await isThere()).toBe(false);
    await expect(collect(reader().read(digest, calm()))).rejects.toThrow(BlobUnknown);
    expect(await keysBelow(store.driver, "barge/recipes")).toEqual([]);
    expect(await keysBelow(store.driver, "barge/quarantine/recipes")).toEqual([
      quarantinedRecipe(digest),
    ]);
    expect(await keysBelow(store.driver, "barge/quarantine/frames")).toHaveLength(1);
    expect((await store.healing.wanted(calm())).length).toBeGreaterThan(0);
  });

  it("comes back when it is pushed again, and goes cold again", async () => {
    await breakIt();
    await plant(store.driver, blob);
    expect(await isThere()).toBe(true);
    expect((await store.converter.index(digest, calm())).kind).toBe("indexed");
    expect(await keysBelow(store.driver, "barge/quarantine/recipes")).toEqual([]);
    expect((await store.converter.cool(digest, calm())).kind).toBe("cold");
    expect((await collect(reader().read(digest, calm()))).equals(blob)).toBe(true);
  });

  it("comes back when a blob is pushed that has its chunks", async () => {
    await breakIt();
    const other = await plant(store.driver, larger);
    expect((await store.converter.index(other, calm())).kind).toBe("indexed");
    expect(await isThere()).toBe(true);
    expect(await keysBelow(store.driver, "barge/quarantine/recipes")).toEqual([]);
    expect((await collect(reader().read(digest, calm()))).equals(blob)).toBe(true);
    expect(await store.healing.wanted(calm())).toEqual([]);
  });

  it("stays absent when a blob is pushed that has none of its chunks", async () => {
    await breakIt();
    const other = await plant(store.driver, plainBlob(32));
    const packs = await keysBelow(store.driver, PACKS);
    await store.converter.index(other, calm());
    expect(await isThere()).toBe(false);
    expect(await keysBelow(store.driver, PACKS)).toEqual(packs);
  });

  it("comes back when what it lacks is in packs, whoever put it there", async () => {
    const { recipes } = store.shop;
    await recipes.quarantine(digest, calm());
    expect(await isThere()).toBe(false);
    await store.converter.index(await plant(store.driver, plainBlob(33)), calm());
    expect(await isThere()).toBe(true);
    expect((await pulled(store, digest)).equals(blob)).toBe(true);
  });

  it("stays absent when it lacks nothing and is broken for another reason", async () => {
    const { recipes } = store.shop;
    const other = await plantCold(store, larger);
    const wrong = await recipes.read(other, calm());
    await store.driver.write(quarantinedRecipe(digest), wrong?.stored ?? Buffer.of(), calm());
    await recipes.delete(digest, calm());
    const { driver } = store.now;
    for (let round = 0; round < 2; round += 1) {
      await store.healing.heal(calm());
      expect(await isThere()).toBe(false);
      expect(await keysBelow(driver, "barge/quarantine/recipes")).toHaveLength(1);
    }
    expect(await driver.stat(blobRecipe(digest), calm())).toBeUndefined();
    expect((await pulled(store, other)).equals(larger)).toBe(true);
  });

  it("is not set aside in a store that is read alone", async () => {
    await damagePacks(store.driver);
    const { shop } = store;
    await using readOnly = await openAtRest({ driver: store.now.driver, mayWrite: false });
    const reading = new ColdReader({
      driver: readOnly.driver,
      recipes: shop.recipes,
      tools: async () => readOnly.shop,
      onUse: () => undefined,
      mayWrite: false,
      log: store.log,
      stopping: calm().signal,
    });
    const keys = await keysBelow(store.driver, "");
    await expect(collect(reading.read(digest, calm()))).rejects.toThrow(StoredBytesDamaged);
    await reading.ended();
    expect(await keysBelow(store.driver, "")).toEqual(keys);
    expect(await store.driver.stat(blobData(digest), calm())).toBeUndefined();
  });
});
