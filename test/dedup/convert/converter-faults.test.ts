import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { blobData } from "../../../src/content/layout.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import type { StorageDriver } from "../../../src/storage/storage-driver.ts";
import { InMemoryDriver } from "../../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm } from "../../contracts/storage-subject.ts";
import { FailNth, intercepted } from "../../fakes/failing-driver.ts";
import { partlyReplaced } from "../../fakes/partly-replaced-driver.ts";
import {
  type AtRest,
  damagePacks,
  openAtRest,
  plainBlob,
  plant,
  plantCold,
  pulled,
  PATIENTLY,
} from "../at-rest-store.ts";

const BLOB = plainBlob(20, 80_000);
const DIGEST = digestOf(BLOB);

describe("Converter, when the store fails", PATIENTLY, () => {
  let store: AtRest;
  beforeAll(async () => {
    store = await openAtRest();
  });
  afterAll(() => store[Symbol.asyncDispose]());
  beforeEach(renewed);

  async function renewed(): Promise<StorageDriver> {
    const driver = new InMemoryDriver();
    store.now.driver = driver;
    store.shop.notes.forget(DIGEST);
    await store.shop.index.refresh(calm());
    return driver;
  }

  async function convert(): Promise<string> {
    await store.converter.index(DIGEST, calm());
    return (await store.converter.cool(DIGEST, calm())).kind;
  }

  it.each(["before", "after"] as const)(
    "keeps a blob readable whichever call fails %s its effect, and ends cold another time",
    async (moment) => {
      const failed = new Set<string>();
      for (let nth = 1; ; nth += 1) {
        const driver = await renewed();
        await plant(driver, BLOB);
        const failing = new FailNth(nth);
        store.now.driver = intercepted(driver, { [moment]: failing.count });
        const first = await convert().catch(() => "failed");
        store.now.driver = driver;
        expect((await pulled(store, DIGEST)).equals(BLOB)).toBe(true);
        await convert();
        expect(await driver.stat(blobData(DIGEST), calm())).toBeUndefined();
        expect((await pulled(store, DIGEST)).equals(BLOB)).toBe(true);
        if (failing.failed === undefined) {
          expect(first).toBe("cold");
          break;
        }
        failed.add(failing.failed.action);
      }
      const met = ["stat", "read", "write", "list", "deleteTree", "staging.publish"];
      expect([...failed]).toEqual(expect.arrayContaining(met));
    },
  );

  it("keeps the data when a pack is damaged on its way into the store, and packs anew", async () => {
    const driver = await renewed();
    await plant(driver, BLOB);
    store.now.driver = partlyReplaced(driver, {
      staging: {
        ...intercepted(driver, {}).staging,
        append: (key, bytes, options) =>
          driver.staging.append(key, withOneBitWrong(bytes), options),
      },
    });
    await expect(convert()).rejects.toMatchObject({ kind: "BlobBroken" });
    expect((await pulled(store, DIGEST)).equals(BLOB)).toBe(true);
    store.now.driver = driver;
    expect(await convert()).toBe("cold");
    expect((await pulled(store, DIGEST)).equals(BLOB)).toBe(true);
  });

  it("keeps the data when packs are damaged before they are read back", async () => {
    const driver = await renewed();
    await plant(driver, BLOB);
    store.now.driver = intercepted(driver, {
      after: async ({ action }) => {
        if (action === "staging.publish") await damagePacks(driver);
      },
    });
    await expect(convert()).rejects.toMatchObject({ kind: "BlobBroken" });
    store.now.driver = driver;
    expect(await driver.stat(blobData(DIGEST), calm())).toBeDefined();
    expect(await convert()).toBe("cold");
    expect((await pulled(store, DIGEST)).equals(BLOB)).toBe(true);
  });

  it("keeps the data when another process has collected the chunks it has in common", async () => {
    const driver = await renewed();
    await plantCold(store, BLOB);
    await plant(driver, BLOB);
    await driver.deleteTree("barge/packs", calm());
    await expect(convert()).rejects.toMatchObject({ kind: "BlobBroken" });
    expect(await driver.stat(blobData(DIGEST), calm())).toBeDefined();
    expect(await convert()).toBe("cold");
    expect((await pulled(store, DIGEST)).equals(BLOB)).toBe(true);
  });

  it("keeps the data when a recipe that can be read is another blob's", async () => {
    const driver = await renewed();
    await plant(driver, BLOB);
    await store.converter.index(DIGEST, calm());
    const other = await plant(driver, plainBlob(21));
    await store.converter.index(other, calm());
    const stored = await store.shop.recipes.read(other, calm());
    await store.shop.recipes.write(DIGEST, stored?.stored ?? Buffer.of(), calm());
    await convert();
    expect((await pulled(store, DIGEST)).equals(BLOB)).toBe(true);
  });
});

async function* withOneBitWrong(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  for await (const piece of bytes) {
    const copy = piece.slice();
    const place = 100 - at;
    if (place >= 0 && place < copy.length) copy[place] = (copy[place] ?? 0) ^ 1;
    at += piece.length;
    yield copy;
  }
}
