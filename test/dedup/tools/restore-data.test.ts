import { expect, it } from "vitest";
import { blobData, PACKS, RECIPES } from "../../../src/content/layout.ts";
import { restoreData, type RestoreDataOptions } from "../../../src/dedup/tools/restore-data.ts";
import { missingBytes } from "../../../src/dedup/tools/restore-room.ts";
import { calm } from "../../contracts/storage-subject.ts";
import {
  type AtRest,
  gzipLayer,
  keysBelow,
  openAtRest,
  plainBlob,
  plantCold,
} from "../at-rest-store.ts";

function optionsFor(
  { driver, shop, healing }: AtRest,
  some: Partial<RestoreDataOptions> = {},
): RestoreDataOptions {
  return {
    ...calm(),
    driver,
    recipes: shop.recipes,
    maker: shop.maker,
    healing,
    stillAlone: () => Promise.resolve(),
    freeBytes: () => Promise.resolve(undefined),
    diskFloorBytes: 0,
    watch: () => () => undefined,
    ...some,
  };
}

async function plantTwo(store: AtRest): Promise<readonly string[]> {
  const blobs = [plainBlob(1), plainBlob(2)];
  const digests = [];
  for (const blob of blobs) digests.push(await plantCold(store, blob));
  return digests.map((digest) => blobData(digest)).toSorted();
}

it("restoreData() that is stopped keeps what it made, and goes on with the rest", async () => {
  await using store = await openAtRest();
  const data = await plantTwo(store);
  const kept = await keysBelow(store.driver, "barge");
  const stop = new AbortController();
  const reason = new Error("enough");
  const watch = (totalBytes: number) => (bytes: number) => {
    // More than the first of two, which are of the same size.
    watched += bytes;
    if (watched > totalBytes / 2) stop.abort(reason);
  };
  let watched = 0;
  const stopped = restoreData(optionsFor(store, { watch, signal: stop.signal }));
  await expect(stopped).rejects.toBe(reason);
  expect(await keysBelow(store.driver, "docker")).toEqual(data.slice(0, 1));
  expect(await keysBelow(store.driver, "barge")).toEqual(kept);
  expect(await restoreData(optionsFor(store))).toMatchObject({ restored: 1, isPlain: true });
  expect(await keysBelow(store.driver, "")).toEqual(data);
});

it("restoreData() deletes nothing when it is not alone any more, and then what is left", async () => {
  await using store = await openAtRest();
  const data = await plantTwo(store);
  const packs = await keysBelow(store.driver, PACKS);
  const intruder = new Error("somebody is there");
  const never = restoreData(optionsFor(store, { stillAlone: () => Promise.reject(intruder) }));
  await expect(never).rejects.toBe(intruder);
  expect(await keysBelow(store.driver, PACKS)).toEqual(packs);
  let asked = 0;
  const stillAlone = async (): Promise<void> => {
    asked += 1;
    if (asked > 1) throw intruder;
  };
  await expect(restoreData(optionsFor(store, { stillAlone }))).rejects.toBe(intruder);
  expect(await keysBelow(store.driver, RECIPES)).toEqual([]);
  expect(await keysBelow(store.driver, PACKS)).toEqual(packs);
  expect(await restoreData(optionsFor(store))).toMatchObject({ restored: 0, isPlain: true });
  expect(await keysBelow(store.driver, "")).toEqual(data);
});

it("restoreData() keeps recipes and packs when a blob goes cold before they are deleted", async () => {
  await using store = await openAtRest();
  const digest = await plantCold(store, gzipLayer(1));
  const maker: RestoreDataOptions["maker"] = {
    whole: async function* whole(blob, options) {
      yield* store.shop.maker.whole(blob, options);
    },
  };
  const healing = { heal: () => Promise.resolve() };
  const { recipes } = store.shop;
  // Its data goes away again as soon as it is asked for what was set aside.
  const sly = Object.create(recipes, {
    listQuarantined: {
      value: async function* none() {
        await store.driver.delete(blobData(digest), calm());
        yield* [];
      },
    },
    list: { value: recipes.list.bind(recipes) },
    blobBytes: { value: recipes.blobBytes.bind(recipes) },
  }) as typeof recipes;
  const restored = await restoreData(optionsFor(store, { maker, healing, recipes: sly }));
  expect(restored.isPlain).toBe(false);
  expect(await keysBelow(store.driver, PACKS)).not.toEqual([]);
  expect(await restoreData(optionsFor(store))).toMatchObject({ restored: 1, isPlain: true });
});

it.each([
  [100, 1000, 500, 0],
  [100, 599, 500, 1],
  [100, 600, 500, 0],
  [0, 10, 500, 0],
  [100, undefined, 500, 0],
])("missingBytes() for %d bytes with %s free and %d to stay is %d", async (...figures) => {
  const [needed, free, diskFloorBytes, missing] = figures;
  const freeBytes = (): Promise<number | undefined> => Promise.resolve(free);
  expect(await missingBytes(needed, { freeBytes, diskFloorBytes })).toBe(missing);
});
