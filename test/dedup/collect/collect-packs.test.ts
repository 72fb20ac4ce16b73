import { describe, expect, it } from "vitest";
import {
  blobFolder,
  blobRecipe,
  incomingData,
  incomingStartedAt,
  packKey,
  QUARANTINED_FRAMES,
  quarantinedFrame,
  quarantinedRecipe,
} from "../../../src/content/layout.ts";
import { collectPacks } from "../../../src/dedup/collect/collect-packs.ts";
import { PacksKept, PackSweepFailed } from "../../../src/dedup/collect/errors.ts";
import { calm } from "../../contracts/storage-subject.ts";
import { alone, Lines } from "../../gc/run-collection.ts";
import { collectAll, deepCheck, fileOf, idsOf, packedStore, quickFaults } from "./packed-store.ts";

const [A, B, C, D, E, F] = [1, 2, 3, 4, 5, 6].map((seed) => fileOf(seed)) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];
const NEVER = new Set<never>();

describe("collectGarbage() and collectPacks()", () => {
  it("delete a cold blob that no manifest needs, with its link, recipe and pack", async () => {
    const store = packedStore();
    await store.tag("web", "latest", await store.image("web", "kept"));
    const before = await store.keys();
    const layer = await store.cold("web", [A, B]);
    await store.image("web", "old", { layers: [layer] });
    const pack = await store.pack([{ files: [A, B] }]);
    const output = new Lines();
    const collected = await collectAll(store.driver, { output });
    expect(collected.gone).toContain(layer.digest);
    expect(collected).toMatchObject({ blobs: 3, packs: { deleted: 1, rewritten: 0 } });
    expect(collected.packs.freedBytes).toBeGreaterThan(4000);
    expect(output.out).toContain(`blob eligible for deletion: ${layer.digest}`);
    expect(output.out).toContain(`pack eligible for deletion: ${pack}`);
    expect(output.deleted).toContain(`Deleting blob: /${blobFolder(layer.digest)}`);
    expect(await store.keys()).toStrictEqual(before);
  });

  it("move what another blob needs to a new pack, and change nothing the second time", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    const old = await store.cold("web", [A, B, C]);
    await store.image("web", "old", { layers: [old] });
    const pack = await store.pack([{ files: [A, B, C] }]);
    const output = new Lines();
    const { packs } = await collectAll(store.driver, { output });
    expect(packs).toMatchObject({ deleted: 0, rewritten: 1 });
    expect(packs.freedBytes).toBeGreaterThan(3000);
    expect(output.out).toContain(`pack to be written anew: ${pack}`);
    expect(await store.chunks()).toStrictEqual(idsOf(A));
    expect(await store.packs()).not.toContain(pack);
    expect(await quickFaults(store.driver)).toStrictEqual([]);
    const after = await store.keys();
    const again = new Lines();
    expect((await collectAll(store.driver, { output: again })).packs).toStrictEqual({
      deleted: 0,
      rewritten: 0,
      freedBytes: 0,
    });
    expect(await store.keys()).toStrictEqual(after);
    expect(again.out.join("\n")).not.toContain("pack");
  });

  it("delete the recipe of a blob that has its data before the data", async () => {
    const store = packedStore();
    const layer = await store.cold("web", [A]);
    await store.data("of nobody");
    const { blobs } = await collectAll(store.driver);
    expect(blobs).toBe(2);
    expect(await store.has(blobRecipe(layer.digest))).toBe(false);
    expect(await store.keys()).toStrictEqual([]);
  });

  it("leave alone a pack of which half is needed", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A, B]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    await store.pack([{ files: [A, B, C] }]);
    const before = await store.keys();
    expect((await collectAll(store.driver)).packs).toMatchObject({ deleted: 0, rewritten: 0 });
    expect(await store.keys()).toStrictEqual(before);
  });

  it("tell in a dry run what would go and how much it is, and change nothing", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    const old = await store.cold("web", [B, C]);
    await store.image("web", "old", { layers: [old] });
    await store.pack([{ files: [A, B, C] }]);
    await store.pack([{ files: [D] }]);
    await store.put(incomingStartedAt("x"), "2026-01-01T00:00:00Z");
    const before = await store.keys();
    const { packs } = await collectAll(store.driver, { dryRun: true });
    expect(packs).toMatchObject({ deleted: 1, rewritten: 1 });
    expect(packs.freedBytes).toBeGreaterThan(6000);
    expect(packs.freedBytes).toBeLessThan(6600);
    expect(await store.keys()).toStrictEqual(before);
  });

  it("gather what is needed of several packs in one, each chunk once", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A, B]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    await store.pack([{ files: [A, C, D] }]);
    await store.pack([{ files: [B, A, C, D, E, F] }]);
    expect((await collectAll(store.driver)).packs).toMatchObject({ rewritten: 2 });
    expect(await store.packs()).toHaveLength(1);
    expect(await store.chunks()).toStrictEqual(idsOf(A, B));
    expect(await quickFaults(store.driver)).toStrictEqual([]);
  });

  it("do not move what another pack has, as after a stop between the new pack and the old one's end", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    await store.pack([{ files: [A, B, C] }]);
    const copy = await store.pack([{ files: [A] }]);
    await collectAll(store.driver);
    expect(await store.packs()).toStrictEqual([copy]);
    expect(await quickFaults(store.driver)).toStrictEqual([]);
  });

  it("move it nevertheless when it is damaged there", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    await store.pack([{ files: [A, B, C] }]);
    const copy = await store.pack([{ files: [A] }]);
    await store.damage(packKey(copy), 100);
    await collectAll(store.driver);
    expect(await store.packs()).toHaveLength(2);
    const { violations } = await deepCheck(store.driver);
    expect(violations.map(({ kind }) => kind)).toStrictEqual(["damaged-pack"]);
  });

  it("keep a pack whose needed chunk is damaged, and warn", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    const pack = await store.pack([{ files: [A, B, C] }]);
    await store.damage(packKey(pack), 100);
    const before = await store.keys();
    const output = new Lines();
    expect((await collectAll(store.driver, { output })).packs).toMatchObject({ rewritten: 0 });
    expect(output.warnings).toStrictEqual([
      expect.stringMatching(new RegExp(`^the pack /${packKey(pack)} stays as it is, for a chunk`)),
    ]);
    expect(await store.keys()).toStrictEqual(before);
  });

  it("leave alone a pack that cannot be read, and warn", async () => {
    const store = packedStore();
    const pack = await store.pack([{ files: [A] }]);
    await store.put(packKey(pack), "BARGEPK1 and nothing more");
    const output = new Lines();
    await collectAll(store.driver, { output });
    expect(output.warnings).toHaveLength(1);
    expect(await store.packs()).toStrictEqual([pack]);
  });

  it("touch no pack when a recipe is damaged, and say which and what to do", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    await store.pack([{ files: [B] }]);
    await store.damage(blobRecipe(kept.digest), 30);
    const before = await store.keys();
    const failure = await collectAll(store.driver).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PacksKept);
    expect((failure as Error).message).toMatch(
      new RegExp(`recipe ${blobRecipe(kept.digest)} .* push an image that has the blob`),
    );
    expect(await store.keys()).toStrictEqual(before);
    await store.put(quarantinedRecipe(kept.digest), "no recipe");
    await store.remove(blobRecipe(kept.digest));
    await expect(collectAll(store.driver)).rejects.toThrow(PacksKept);
  });

  it("keep the chunks of a recipe in quarantine, which goes with its manifest", async () => {
    const store = packedStore();
    const layer = await store.cold("web", [A]);
    const image = await store.image("web", "one", { layers: [layer] });
    await store.tag("web", "latest", image);
    await store.setAside(layer);
    const pack = await store.pack([{ files: [A] }]);
    await collectAll(store.driver);
    expect(await store.packs()).toStrictEqual([pack]);
    await store.driver.deleteTree("docker", calm());
    await collectAll(store.driver);
    expect(await store.keys()).toStrictEqual([]);
  });

  it("do not count frames that are marked as damaged, and delete marks of packs that are gone", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    const damaged = await store.pack([{ files: [A] }]);
    const good = await store.pack([{ files: [A] }]);
    await store.put(quarantinedFrame(damaged, 8), "{}");
    await store.put(quarantinedFrame("f".repeat(32), 8), "{}");
    await collectAll(store.driver);
    expect(await store.packs()).toStrictEqual([good]);
    expect(await store.keys(QUARANTINED_FRAMES)).toStrictEqual([]);
  });

  it("remove what was coming in when its process was killed", async () => {
    const store = packedStore();
    const id = "0b8f9a52-7c1e-4a6b-9f3d-2f1e8d7c6b5a";
    await store.put(incomingStartedAt(id), "2026-01-01T00:00:00Z");
    await store.driver.staging.create(incomingData(id), calm());
    await collectAll(store.driver);
    expect(await store.keys()).toStrictEqual([]);
    expect(await store.driver.staging.stat(incomingData(id), calm())).toBeUndefined();
  });

  it("stop before the next change once they are not alone any more", async () => {
    const store = packedStore();
    await store.pack([{ files: [A] }]);
    await store.pack([{ files: [B] }]);
    let asked = 0;
    const stillAlone = async (): Promise<void> => {
      asked += 1;
      if (asked > 2) throw new Error("a server has begun");
    };
    const output = new Lines();
    const options = { ...calm(), driver: store.driver, gone: NEVER, dryRun: false, output };
    await expect(collectPacks({ ...options, stillAlone })).rejects.toThrow(PackSweepFailed);
    expect(await store.packs()).toHaveLength(1);
    await collectPacks({ ...options, stillAlone: alone });
    expect(await store.packs()).toHaveLength(0);
  });
});

describe("collectPacks() and frames that lean on others", () => {
  it("keep what they lean on, over several steps, and move it without unpacking them", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    await store.pack([{ files: [C, D, E] }]);
    await store.pack([{ files: [B], bases: [C], depth: 1 }, { files: [D, E, F] }]);
    await store.pack([{ files: [A], bases: [B], depth: 2 }, { files: [D, E] }]);
    const { packs } = await collectAll(store.driver);
    expect(packs).toMatchObject({ deleted: 0, rewritten: 3 });
    expect(await store.chunks()).toStrictEqual(idsOf(A, B, C));
    expect(await quickFaults(store.driver)).toStrictEqual([]);
    const after = await store.keys();
    await collectAll(store.driver);
    expect(await store.keys()).toStrictEqual(after);
  });

  it("keep a base as shallow as it was, where a pack that stays has it deeper", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A, E, F]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    await store.pack([{ files: [B, C, D] }]);
    await store.pack([{ files: [A], bases: [B], depth: 1 }]);
    const chain = [
      { files: [E] },
      { files: [F], bases: [E], depth: 1 },
      { files: [B], bases: [F], depth: 2 },
    ];
    await store.pack(chain);
    expect((await collectAll(store.driver)).packs).toMatchObject({ rewritten: 1 });
    expect(await store.chunks()).toStrictEqual(idsOf(A, B, B, E, F));
    expect(await quickFaults(store.driver)).toStrictEqual([]);
  });

  it("keep a base as shallow as it was, where one that goes has it deeper", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A, E, F]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    await store.pack([{ files: [B], bases: [F], depth: 2 }, { files: [C, D] }]);
    await store.pack([{ files: [B, C, D] }]);
    await store.pack([{ files: [A], bases: [B], depth: 1 }]);
    await store.pack([{ files: [E] }, { files: [F], bases: [E], depth: 1 }]);
    expect((await collectAll(store.driver)).packs).toMatchObject({ rewritten: 2 });
    expect(await quickFaults(store.driver)).toStrictEqual([]);
  });

  it("let go of what only a frame leans on that nobody needs, and mark that frame", async () => {
    const store = packedStore();
    const kept = await store.cold("web", [A, D]);
    await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
    const base = await store.pack([{ files: [B] }]);
    const pack = await store.pack([{ files: [A, D] }, { files: [C], bases: [B], depth: 1 }]);
    await collectAll(store.driver);
    expect(await store.packs()).toStrictEqual([pack]);
    expect(await store.has(packKey(base))).toBe(false);
    expect(await store.keys(QUARANTINED_FRAMES)).toHaveLength(1);
    expect(await quickFaults(store.driver)).toStrictEqual([]);
    const after = await store.keys();
    await collectAll(store.driver);
    expect(await store.keys()).toStrictEqual(after);
  });
});
