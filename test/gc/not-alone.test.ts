import { describe, expect, it } from "vitest";
import { NotAlone, SweepFailed } from "../../src/gc/errors.ts";
import { StoreInUse, thisHolder } from "../../src/storage/store-holder.ts";
import type { PlantedStore } from "./planted-store.ts";
import { collect, emptyStore, expectSound, Lines } from "./run-collection.ts";

/** Says `yes` so many times, and then that a server is there. */
function aloneFor(times: number): () => Promise<void> {
  let asked = 0;
  return async () => {
    asked += 1;
    if (asked > times) throw new StoreInUse(thisHolder("server", new Date(0)), "collector");
  };
}

/** More than goes in one lot. */
async function plantGarbage(store: PlantedStore): Promise<readonly string[]> {
  await store.tag("shop/web", "latest", await store.image("shop/web", "one"));
  for (let nth = 0; nth < 250; nth += 1) await store.data(`garbage ${nth}`);
  return await store.keys();
}

describe("collectGarbage() beside a server that came back", () => {
  it("deletes nothing when the server is there after marking, and names it", async () => {
    const store = emptyStore();
    const before = await plantGarbage(store);
    const collecting = collect(store.driver, { stillAlone: aloneFor(0) });
    await expect(collecting).rejects.toThrow(NotAlone);
    await expect(collecting).rejects.toThrow(
      /^nothing was deleted: the store is in use by barge serve \(pid \d+ /,
    );
    expect(await store.keys()).toStrictEqual(before);
  });

  it("deletes nothing more once the server is there, and what is left is whole", async () => {
    const store = emptyStore();
    const before = await plantGarbage(store);
    const output = new Lines();
    const collecting = collect(store.driver, { output, stillAlone: aloneFor(2) });
    await expect(collecting).rejects.toThrow(SweepFailed);
    await expect(collecting).rejects.toThrow(
      /^deleting stopped half-way: the store is in use by barge serve/,
    );
    expect(await store.keys()).toHaveLength(before.length - 100);
    expect(output.deleted).toHaveLength(100);
    await expectSound(store);
  });

  it("asks nobody when nothing is to be deleted", async () => {
    const store = emptyStore();
    await plantGarbage(store);
    await collect(store.driver, { dryRun: true, stillAlone: aloneFor(0) });
  });
});
