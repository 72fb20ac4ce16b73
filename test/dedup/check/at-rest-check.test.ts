import { describe, expect, it } from "vitest";
import { encodeBlobRecipe } from "../../../src/chunks/recipe/blob-recipe.ts";
import {
  blobRecipe,
  layerLink,
  packKey,
  quarantinedFrame,
  quarantinedRecipe,
  revisionLink,
} from "../../../src/content/layout.ts";
import { RecipeStore } from "../../../src/dedup/store/recipe-store.ts";
import { calm } from "../../contracts/storage-subject.ts";
import { intercepted } from "../../fakes/failing-driver.ts";
import { partlyReplaced } from "../../fakes/partly-replaced-driver.ts";
import { repo } from "../../gc/planted-store.ts";
import { check, found } from "../../content/run-check.ts";
import { deepCheck, faults, fileOf, packedStore } from "../collect/packed-store.ts";

const A = fileOf(1);
const B = fileOf(2);

describe("checkStore() with AtRestCheck", () => {
  it("takes a cold blob for one that is there, makes it with deep, and writes nothing", async () => {
    const store = packedStore();
    const cold = await store.cold("web", [A]);
    const hot = await store.hot("web", [B]);
    const image = await store.image("web", "one", { layers: [cold, hot] });
    await store.tag("web", "latest", image);
    await store.pack([{ files: [A] }]);
    const changes: string[] = [];
    const driver = intercepted(store.driver, {
      before: ({ action }) => {
        if (!["read", "stat", "list", "staging.stat"].includes(action)) changes.push(action);
      },
    });
    for (const deep of [false, true]) {
      const report = await deepCheck(driver, deep);
      expect(report).toMatchObject({ violations: [], notes: [] });
      expect(report.checked).toMatchObject({ blobs: 3, coldBlobs: 1, recipes: 2, packs: 1 });
    }
    expect(changes).toStrictEqual([]);
    expect(await found(store)).toContain(
      `dangling-layer-link ${layerLink(repo("web"), cold.digest)}`,
    );
    expect((await check(store)).checked.coldBlobs).toBe(0);
  });

  it("notes that a manifest says another size of a cold blob", async () => {
    const store = packedStore();
    const cold = await store.cold("web", [A]);
    await store.image("web", "one", { layers: [{ ...cold, size: 1 }] });
    await store.pack([{ files: [A] }]);
    const { violations, notes } = await deepCheck(store.driver, false);
    expect(violations).toStrictEqual([]);
    expect(notes.map(({ kind }) => kind)).toStrictEqual(["wrong-size"]);
  });

  it("finds with deep a cold blob whose chunk no pack has", async () => {
    const store = packedStore();
    const cold = await store.cold("web", [A, B]);
    await store.pack([{ files: [A] }]);
    expect((await deepCheck(store.driver, false)).violations).toStrictEqual([]);
    expect(await faults(store.driver)).toStrictEqual([
      `unmakeable-blob ${blobRecipe(cold.digest)}`,
    ]);
  });

  it("finds with deep a cold blob that becomes another one", async () => {
    const store = packedStore();
    const cold = await store.cold("web", [A]);
    const other = await store.cold("web", [B]);
    const stored = await new RecipeStore(store.driver).read(other.digest, calm());
    if (stored === undefined) throw new TypeError("there is a recipe");
    const { digest } = cold;
    await store.put(blobRecipe(digest), encodeBlobRecipe({ ...stored.recipe, digest }));
    await store.pack([{ files: [A, B] }]);
    expect(await faults(store.driver)).toStrictEqual([`unmakeable-blob ${blobRecipe(digest)}`]);
  });

  it("finds damaged recipes, with what needs them where there is no data", async () => {
    const store = packedStore();
    const cold = await store.cold("web", [A]);
    const hot = await store.hot("web", [B]);
    const image = await store.image("web", "one", { layers: [cold, hot] });
    for (const { digest } of [cold, hot]) await store.damage(blobRecipe(digest), 20);
    const { violations } = await deepCheck(store.driver, false);
    const web = repo("web");
    const expected = [
      `dangling-layer-link ${layerLink(web, cold.digest)}`,
      `damaged-recipe ${blobRecipe(cold.digest)}`,
      `damaged-recipe ${blobRecipe(hot.digest)}`,
      `incomplete-manifest ${revisionLink(web, image.digest)}`,
    ];
    const told = violations.map(({ kind, where }) => `${kind} ${where}`);
    expect(told.toSorted()).toStrictEqual(expected.toSorted());
  });

  it("finds a pack that was cut short", async () => {
    const store = packedStore();
    const pack = await store.pack([{ files: [A] }]);
    await store.put(packKey(pack), "BARGEPK1 and nothing more than that");
    const { violations } = await deepCheck(store.driver, false);
    expect(violations.map(({ kind, where }) => `${kind} ${where}`)).toStrictEqual([
      `damaged-pack ${packKey(pack)}`,
    ]);
  });

  it("finds with deep a frame that is damaged, and what leans on it, unless they are marked", async () => {
    const store = packedStore();
    const base = await store.pack([{ files: [A] }]);
    const delta = await store.pack([{ files: [B], bases: [A], depth: 1 }]);
    expect(await faults(store.driver)).toStrictEqual([]);
    await store.damage(packKey(base), 100);
    expect((await deepCheck(store.driver, false)).violations).toStrictEqual([]);
    const both = [`damaged-pack ${packKey(base)}`, `damaged-pack ${packKey(delta)}`];
    expect(await faults(store.driver)).toStrictEqual(both);
    await store.put(quarantinedFrame(base, 8), "{}");
    expect(await faults(store.driver)).toStrictEqual(both.slice(1));
    await store.remove(packKey(base));
    expect(await faults(store.driver)).toStrictEqual(both.slice(1));
    await store.put(quarantinedFrame(delta, 8), "{}");
    expect(await faults(store.driver)).toStrictEqual([]);
  });

  it("finds with deep what leans on a pack that went away meanwhile", async () => {
    const store = packedStore();
    const base = await store.pack([{ files: [A] }]);
    const delta = await store.pack([{ files: [B], bases: [A], depth: 1 }]);
    let looks = 0;
    const driver = partlyReplaced(store.driver, {
      stat: async (key, options) => {
        if (key === packKey(base)) looks += 1;
        return key === packKey(base) && looks > 2 ? undefined : store.driver.stat(key, options);
      },
    });
    expect(await faults(driver)).toStrictEqual([`damaged-pack ${packKey(delta)}`]);
  });

  it("notes blobs in quarantine, and finds it when what was set aside is of no use", async () => {
    const store = packedStore();
    const cold = await store.cold("web", [A]);
    await store.setAside(cold);
    await store.remove(layerLink(repo("web"), cold.digest));
    const report = await deepCheck(store.driver, false);
    expect(report.violations).toStrictEqual([]);
    expect(report.notes).toMatchObject([
      { kind: "quarantined-blob", where: quarantinedRecipe(cold.digest) },
    ]);
    await store.damage(quarantinedRecipe(cold.digest), 20);
    expect(await faults(store.driver)).toStrictEqual([
      `damaged-recipe ${quarantinedRecipe(cold.digest)}`,
    ]);
  });
});
