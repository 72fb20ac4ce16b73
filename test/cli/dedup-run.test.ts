import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { blobData, blobRecipe } from "../../src/content/layout.ts";
import { holdStore } from "../../src/storage/store-lock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { say } from "./configured-store.ts";
import { goCold, gzipLayers, largeDocument, openDedupStore } from "./dedup-store.ts";

const { signal } = new AbortController();

describe("barge dedup run", () => {
  it("makes blobs cold and says what that saved, also beside a running server", async () => {
    await using opened = await openDedupStore();
    const { config, store } = opened;
    const layers = gzipLayers();
    for (const layer of layers) await opened.push(layer);
    const document = await opened.push(largeDocument());
    const log = new RecordingLogger();
    await using _held = await holdStore({ driver: store.driver, role: "server", log, signal });
    const { code, stdout } = await say(["dedup", "run", config]);
    expect(stdout).toMatch(
      /^3 blobs indexed, 2 gone cold, 1 kept as they were \(1: it is a document\), \d+\.\d kB saved\n$/,
    );
    expect(code).toBe(0);
    expect(await store.has(blobData(document))).toBe(true);
    const dataKeys = await store.keys("docker/registry/v2/blobs");
    expect(dataKeys).toEqual([blobData(document)]);
  });

  it("tells bytes that are less by what packs and recipes take", async () => {
    await using opened = await openDedupStore();
    const layers = gzipLayers();
    const digests = await Promise.all(layers.map((layer) => opened.push(layer)));
    const { code, stdout } = await say(["dedup", "run", "--format", "json", opened.config]);
    expect(code).toBe(0);
    const tree = await opened.store.keys("barge");
    const kept = tree.filter((key) => /^barge\/(?:packs|recipes)\//.test(key));
    const sizes = await Promise.all(
      kept.map(async (key) => (await opened.store.driver.stat(key, { signal }))?.sizeBytes ?? 0),
    );
    const before = layers.reduce((sum, { length }) => sum + length, 0);
    expect(JSON.parse(stdout)).toEqual({
      indexed: digests.length,
      cold: digests.length,
      kept: [],
      failed: [],
      savedBytes: before - sizes.reduce((sum, size) => sum + size, 0),
    });
  });

  it("works at any hour, and takes --cold and --threads in place of the config's", async () => {
    await using opened = await openDedupStore();
    const now = new Date().getHours();
    const elsewhen = `${String((now + 12) % 24).padStart(2, "0")}:00-${String((now + 13) % 24).padStart(2, "0")}:00`;
    await opened.configure({ cold: "24h", hours: elsewhen });
    for (const layer of gzipLayers()) await opened.push(layer);
    expect(await goCold(opened)).toMatchObject({ indexed: 2, cold: 0 });
    const args = ["dedup", "run", "--cold", "0s", "--threads", "2", "--format", "json"];
    const { stdout } = await say([...args, opened.config]);
    expect(JSON.parse(stdout)).toMatchObject({ indexed: 0, cold: 2 });
  });

  it("makes no blob cold in the mode index", async () => {
    await using opened = await openDedupStore();
    await opened.configure({ mode: "index" });
    const [layer = Buffer.alloc(0)] = gzipLayers();
    const digest = await opened.push(layer);
    const { stdout, stderr } = await say(["dedup", "run", "--cold", "0s", opened.config]);
    expect(stdout).toMatch(/^1 blob indexed, 0 gone cold, 0 kept as they were, 0 B saved\n$/);
    expect(stderr).toContain("--cold is of no use");
    expect(await opened.store.has(blobData(digest))).toBe(true);
    expect(await opened.store.has(blobRecipe(digest))).toBe(true);
  });

  it("exits 1 and names the blob when its work has failed, and tries again when called again", async () => {
    await using opened = await openDedupStore();
    const [layer = Buffer.alloc(0)] = gzipLayers();
    const digest = await opened.push(layer);
    const wrong = Buffer.from(layer);
    wrong[5000] = (wrong[5000] ?? 0) ^ 1;
    await opened.store.put(blobData(digest), wrong);
    const failed = await say(["dedup", "run", opened.config]);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain(`failed: ${digest}: `);
    await opened.store.put(blobData(digest), layer);
    expect(await goCold(opened)).toMatchObject({ cold: 1, failed: [] });
  });

  it("exits 2 in the mode off, and for flags that make no sense", async () => {
    await using opened = await openDedupStore();
    const { config } = opened;
    for (const flags of [
      ["--cold", "5"],
      ["--cold", "-1s"],
      ["--threads", "0"],
      ["--threads", "65"],
    ]) {
      expect(await say(["dedup", "run", ...flags, config])).toMatchObject({ code: 2 });
    }
    await opened.configure({ mode: "off" });
    const { code, stderr } = await say(["dedup", "run", config]);
    expect(code).toBe(2);
    expect(stderr).toContain("barge.dedup.mode is off");
  });

  it("exits 1 while garbage is collected, and says who does", async () => {
    await using opened = await openDedupStore();
    const log = new RecordingLogger();
    const { driver } = opened.store;
    await using _held = await holdStore({ driver, role: "collector", log, signal });
    const { code, stderr } = await say(["dedup", "run", opened.config]);
    expect(code).toBe(1);
    expect(stderr).toContain(`(pid ${process.pid} on host `);
  });

  it("exits 130 when it is interrupted, and goes on when called again", async () => {
    await using opened = await openDedupStore();
    for (const layer of gzipLayers()) await opened.push(layer);
    const before = process.listenerCount("SIGINT");
    const saying = say(["dedup", "run", opened.config]);
    while (process.listenerCount("SIGINT") === before) await setImmediate();
    process.emit("SIGINT", "SIGINT");
    const { code, stdout, stderr } = await saying;
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr).toContain("barge: interrupted");
    expect(await goCold(opened)).toMatchObject({ cold: 2 });
  });
});
