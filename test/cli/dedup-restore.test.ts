import { access } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { blobData, layerLink } from "../../src/content/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { holdStore } from "../../src/storage/store-lock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { plainLayer } from "../fixtures/plain-layer.ts";
import { repo } from "../gc/planted-store.ts";
import { say } from "./configured-store.ts";
import {
  coldStores,
  damagePacks,
  type DedupStore,
  goCold,
  gzipLayers,
  largeDocument,
  openDedupStore,
  treeOf,
} from "./dedup-store.ts";

const { signal } = new AbortController();
const PLAIN = { dryRun: false, missingBytes: 0, broken: [], isPlain: true };

const stores = coldStores();
afterAll(() => stores[Symbol.asyncDispose]());

/** But those that Barge may lose. */
async function keysOf({ store }: DedupStore): Promise<readonly string[]> {
  return (await store.keys()).filter((key) => !key.startsWith("barge/state/"));
}

describe("barge dedup restore", () => {
  it("leaves the very tree that was there before blobs went cold", async () => {
    await using opened = await openDedupStore();
    const { store, config } = opened;
    await store.tag("shop/web", "latest", await store.image("shop/web", "one"));
    const blobs = [...gzipLayers(), plainLayer({ seed: 3, sizeBytes: 200_000 }), largeDocument()];
    for (const blob of blobs) await opened.push(blob);
    const before = await treeOf(opened);
    expect(await goCold(opened)).toMatchObject({ cold: 3 });
    expect(await treeOf(opened)).not.toEqual(before);
    const { code, stdout, stderr } = await say(["dedup", "restore", "--format", "json", config]);
    expect(code).toBe(0);
    const bytes = blobs.slice(0, 3).reduce((sum, { length }) => sum + length, 0);
    expect(JSON.parse(stdout)).toEqual({ ...PLAIN, restored: 3, bytes });
    expect(stderr).toContain("barge.dedup.mode is at-rest: to keep the store as it is now");
    expect(await treeOf(opened)).toEqual(before);
    for (const name of ["chunks.sqlite", "blobs.sqlite", "spool"]) {
      await expect(access(join(opened.root, "barge/state", name))).rejects.toThrow("ENOENT");
    }
  });

  it("goes on where it was cut short, also while it deleted, and may be called when all is done", async () => {
    await using opened = await stores.open();
    const { store, config } = opened;
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = gzipLayers();
    // One was back, and another one half in.
    await store.put(blobData(digestOf(first)), first);
    await store.put("barge/incoming/_uploads/0b8f9a52-7c1e-4a6b-9f3d-2f1e8d7c6b5a/startedat", "x");
    const again = await say(["dedup", "restore", "--format", "json", config]);
    expect(JSON.parse(again.stdout)).toEqual({ ...PLAIN, restored: 1, bytes: second.length });
    const layers = [first, second];
    const plain = [
      ...layers.map((layer) => blobData(digestOf(layer))),
      ...layers.map((layer) => layerLink(repo("shop/web"), digestOf(layer))),
    ].toSorted();
    expect(await keysOf(opened)).toEqual(plain);
    await store.put("barge/packs/00/00000000000000000000000000000000", "left over");
    const { code, stdout } = await say(["dedup", "restore", "--format", "json", config]);
    expect({ code, ...JSON.parse(stdout) }).toEqual({ code: 0, ...PLAIN, restored: 0, bytes: 0 });
    expect(await keysOf(opened)).toEqual(plain);
  });

  it("keeps recipes and packs while a blob cannot be made, until it is pushed again", async () => {
    await using opened = await openDedupStore();
    const { store, config } = opened;
    const [layer = Buffer.alloc(0)] = gzipLayers();
    const other = plainLayer({ seed: 3, sizeBytes: 200_000 });
    const digest = await opened.push(layer);
    await goCold(opened);
    await damagePacks(opened);
    await opened.push(other);
    await goCold(opened);
    const kept = (await store.keys("barge")).filter((key) => /\/(?:packs|recipes)\//.test(key));
    const { code, stdout } = await say(["dedup", "restore", config]);
    expect(code).toBe(1);
    expect(stdout).toContain(`broken: ${digest}: `);
    expect(stdout).toContain("1 blob brought back (");
    expect(stdout).toContain("1 blob cannot be made again, so all recipes and packs stay");
    expect(await store.keys("barge")).toEqual(expect.arrayContaining(kept));
    expect(await store.has(blobData(digestOf(other)))).toBe(true);
    await opened.push(layer);
    expect(await say(["dedup", "restore", config])).toMatchObject({ code: 0 });
    expect(await keysOf(opened)).toEqual(
      [
        ...[layer, other].map((blob) => blobData(digestOf(blob))),
        ...[layer, other].map((blob) => layerLink(repo("shop/web"), digestOf(blob))),
      ].toSorted(),
    );
  });

  it("names blobs that were set aside, and keeps what there is of them", async () => {
    await using opened = await stores.open();
    const { config } = opened;
    const [layer = Buffer.alloc(0)] = gzipLayers();
    const digest = digestOf(layer);
    await damagePacks(opened);
    await say(["dedup", "verify", config]);
    const before = await keysOf(opened);
    const dry = await say(["dedup", "restore", "--dry-run", config]);
    expect(dry).toMatchObject({ code: 1 });
    expect(dry.stdout).toContain(`broken: ${digest}: it was set aside`);
    const { code, stdout } = await say(["dedup", "restore", config]);
    expect(code).toBe(1);
    expect(stdout).toContain(`broken: ${digest}: it was set aside`);
    expect(await keysOf(opened)).toEqual(before);
  });

  it("writes nothing when the disk is too small, and says how much is missing", async () => {
    await using opened = await stores.open();
    const { config } = opened;
    const before = await treeOf(opened);
    await opened.configure({ diskFloor: "8000TiB" });
    const { code, stderr } = await say(["dedup", "restore", config]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/nothing was restored: .* \d{9,} MB more must be free/);
    const dry = await say(["dedup", "restore", "--dry-run", config]);
    expect(dry.code).toBe(1);
    expect(dry.stdout).toMatch(/too little free disk: \d+\.\d TB more must be free/);
    expect(await treeOf(opened)).toEqual(before);
  });

  it("only says what would be done with --dry-run, also beside a server", async () => {
    await using opened = await stores.open();
    const { store, config } = opened;
    const before = await treeOf(opened);
    const log = new RecordingLogger();
    await using _held = await holdStore({ driver: store.driver, role: "server", log, signal });
    const { code, stdout } = await say([
      "dedup",
      "restore",
      "--dry-run",
      "--format",
      "json",
      config,
    ]);
    const bytes = gzipLayers().reduce((sum, { length }) => sum + length, 0);
    expect({ code, ...JSON.parse(stdout) }).toEqual({
      ...PLAIN,
      code: 0,
      dryRun: true,
      restored: 2,
      bytes,
      isPlain: false,
    });
    expect(await treeOf(opened)).toEqual(before);
  });

  it("refuses while a server holds the store, and says who does", async () => {
    await using opened = await stores.open();
    const { store, config } = opened;
    const before = await treeOf(opened);
    const log = new RecordingLogger();
    await using _held = await holdStore({ driver: store.driver, role: "server", log, signal });
    const { code, stderr } = await say(["dedup", "restore", config]);
    expect(code).toBe(1);
    expect(stderr).toContain(`in use by barge serve (pid ${process.pid} on host `);
    expect(await treeOf(opened)).toEqual(before);
  });
});
