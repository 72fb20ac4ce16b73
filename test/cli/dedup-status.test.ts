import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blobRecipe } from "../../src/content/layout.ts";
import { statusText } from "../../src/cli/dedup-status.ts";
import { say } from "./configured-store.ts";
import { damagePacks, goCold, gzipLayers, largeDocument, openDedupStore } from "./dedup-store.ts";

interface Status {
  readonly blobs: Readonly<Record<string, number>>;
  readonly bytes: Readonly<Record<"gzip" | "raw" | "packs" | "recipes" | "index", number>>;
  readonly backlog: { readonly blobs: number; readonly bytes: number };
}

async function statusOf(config: string): Promise<Status> {
  const { code, stdout } = await say(["dedup", "status", "--format", "json", config]);
  expect(code).toBe(0);
  return JSON.parse(stdout) as Status;
}

describe("barge dedup status", () => {
  it("counts blobs before and after they went cold, from the store itself", async () => {
    await using opened = await openDedupStore();
    const layers = gzipLayers();
    for (const layer of layers) await opened.push(layer);
    const document = largeDocument();
    await opened.push(document);
    await opened.push(Buffer.from("a config"));
    const layersBytes = layers.reduce((sum, { length }) => sum + length, 0);
    const wholeBytes = layersBytes + document.length + 8;
    const tree = await opened.store.keys();
    expect(await statusOf(opened.config)).toEqual({
      blobs: { raw: 4, indexed: 0, cold: 0, quarantined: 0 },
      bytes: { gzip: wholeBytes, raw: wholeBytes, packs: 0, recipes: 0, index: 0 },
      backlog: { blobs: 3, bytes: layersBytes + document.length },
      kept: [{ reason: "smaller than 64 KiB", blobs: 1, bytes: 8 }],
    });
    expect(await opened.store.keys()).toEqual(tree);
    await goCold(opened);
    const after = await statusOf(opened.config);
    expect(after).toMatchObject({
      blobs: { raw: 1, indexed: 1, cold: 2, quarantined: 0 },
      bytes: { gzip: wholeBytes, raw: document.length + 8 },
      backlog: { blobs: 0, bytes: 0 },
      kept: expect.arrayContaining([
        { reason: "it is a document", blobs: 1, bytes: document.length },
      ]) as unknown,
    });
    expect(after.bytes.packs).toBeGreaterThan(0);
    expect(after.bytes.packs + after.bytes.recipes).toBeLessThan(layersBytes);
    expect(after.bytes.index).toBeGreaterThan(0);
  });

  it("counts blobs that were set aside, and goes on where recipes or its own notes are damaged", async () => {
    await using opened = await openDedupStore();
    const [first, second] = await Promise.all(gzipLayers().map((layer) => opened.push(layer)));
    if (first === undefined || second === undefined) throw new Error("there are two");
    await goCold(opened);
    await damagePacks(opened);
    expect(await say(["dedup", "verify", opened.config])).toMatchObject({ code: 1 });
    expect((await statusOf(opened.config)).blobs).toMatchObject({ cold: 0, quarantined: 2 });
    await writeFile(join(opened.root, "barge/state/blobs.sqlite"), "no database");
    await opened.store.put(blobRecipe(first), "no recipe");
    const { code, stdout, stderr } = await say(["dedup", "status", opened.config]);
    expect(code).toBe(0);
    expect(stdout).toContain("2 blobs are absent until pushed again");
    expect(stderr).toContain(`warning: the recipe of ${first} is damaged`);
    expect(stderr).not.toContain(second);
  });

  it("exits 1 for a store that is not there", async () => {
    await using opened = await openDedupStore();
    await rm(opened.root, { recursive: true });
    expect(await say(["dedup", "status", opened.config])).toMatchObject({ code: 1 });
  });
});

describe("statusText()", () => {
  const survey = {
    blobs: { raw: 1, indexed: 2, cold: 3, quarantined: 0 },
    bytes: { gzip: 1000, raw: 300, packs: 90, recipes: 6 },
    indexBytes: 4,
    backlog: { blobs: 1, bytes: 100 },
    kept: new Map([
      ["it is small", { blobs: 1, bytes: 1 }],
      ["it would take more room", { blobs: 2, bytes: 200 }],
    ]),
  };

  it("says in plain words what is saved, what is to do and why blobs keep their data", () => {
    const text = statusText(survey, "barge.dedup.mode is at-rest");
    expect(text).toContain(
      "Blobs of 1.0 kB take 400 B with all that belongs to them (index: 4 B): 60.0 % less.",
    );
    expect(text).toContain("To do: 1 blob (100 B); `barge dedup run` does it now.");
    expect(text).toMatch(/2 blobs +200 B +it would take more room\n1 blob +1 B +it is small\n/);
    expect(text).not.toContain("absent");
  });

  it("says what recipes take where nothing is saved, and when there is nothing at all", () => {
    const { bytes } = survey;
    const more = { ...survey, bytes: { ...bytes, raw: 1000, packs: 0 }, kept: new Map() };
    expect(statusText(more, "")).toContain("1.0 % more.");
    const nothing = { ...more, bytes: { gzip: 0, raw: 0, packs: 0, recipes: 0 } };
    expect(statusText(nothing, "")).toContain("There are no blobs.");
  });
});
