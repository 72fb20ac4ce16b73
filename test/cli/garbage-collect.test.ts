import { describe, expect, it } from "vitest";
import { holdStore } from "../../src/storage/store-lock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { openConfiguredStore, say } from "./configured-store.ts";
import { fileOf, idsOf, PackedStore } from "../dedup/collect/packed-store.ts";
import type { PlantedStore } from "../gc/planted-store.ts";

const { signal } = new AbortController();

/** @returns the keys without what can be deleted: data that nobody links, and an untagged image. */
async function plant(
  store: PlantedStore,
): Promise<{ readonly tagged: readonly string[]; readonly linked: readonly string[] }> {
  await store.tag("shop/web", "latest", await store.image("shop/web", "one"));
  const tagged = await store.keys("docker");
  await store.image("shop/web", "untagged");
  const linked = await store.keys("docker");
  await store.data("garbage");
  return { tagged, linked };
}

describe("barge garbage-collect", () => {
  it("deletes what no manifest needs, tells it on stdout and what it deletes on stderr", async () => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    const { linked } = await plant(store);
    const { code, stdout, stderr } = await say(["garbage-collect", config]);
    expect(code).toBe(0);
    expect(stdout.split("\n")).toContain(
      "4 blobs marked, 1 blobs and 0 manifests eligible for deletion",
    );
    expect(stdout).toMatch(/^blob eligible for deletion: sha256:[0-9a-f]{64}$/m);
    expect(stderr).toMatch(/^Deleting blob: \/docker\/registry\/v2\/blobs\/sha256\//m);
    expect(stderr).toMatch(/^deleted 1 blobs \(7 bytes\), 0 manifests, 0 layer links$/m);
    expect(await store.keys("docker")).toStrictEqual(linked);
  });

  it.each([["-m"], ["--delete-untagged"]])(
    "deletes untagged manifests with %s, also under the name of the reference's command",
    async (flag) => {
      await using opened = await openConfiguredStore();
      const { config, store } = opened;
      const { tagged } = await plant(store);
      const { code } = await say(["registry", "garbage-collect", flag, config]);
      expect(code).toBe(0);
      expect(await store.keys("docker")).toStrictEqual(tagged);
    },
  );

  it.each([["-d"], ["--dry-run"]])("deletes nothing with %s", async (flag) => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    await plant(store);
    const before = await store.keys("docker");
    const { code, stdout, stderr } = await say(["garbage-collect", flag, "-m", config]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^manifest eligible for deletion: \{shop\/web sha256:[0-9a-f]{64} \[latest\]\}$/m,
    );
    expect(stderr).toMatch(/^would delete 3 blobs/m);
    expect(await store.keys("docker")).toStrictEqual(before);
  });

  it.each([["-q"], ["--quiet"]])("prints nothing with %s", async (flag) => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    const { linked } = await plant(store);
    const said = await say(["garbage-collect", flag, config]);
    expect(said).toMatchObject({ code: 0, stdout: "" });
    expect(said.stderr).not.toContain("delet");
    expect(await store.keys("docker")).toStrictEqual(linked);
  });

  it("collects what stands for blobs without data, and check finds the rest sound", async () => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    const packed = new PackedStore(store.driver);
    const [a, b, c] = [fileOf(1), fileOf(2), fileOf(3)] as const;
    const kept = await packed.cold("shop/web", [a]);
    await store.tag("shop/web", "latest", await store.image("shop/web", "1", { layers: [kept] }));
    const { digest } = await packed.cold("shop/web", [a, b, c]);
    await packed.pack([{ files: [a, b, c] }]);
    const dry = await say(["garbage-collect", "--dry-run", config]);
    expect(dry.stdout).toContain("0 packs eligible for deletion, 1 packs to be written anew");
    expect(dry.stderr).toMatch(/^would delete 1 blobs .*, 1 layer links, 1 packs \(\d+ bytes\)$/m);
    const { code, stdout, stderr } = await say(["garbage-collect", config]);
    expect(code).toBe(0);
    expect(stdout).toContain(`blob eligible for deletion: ${digest}\n`);
    expect(stderr).toMatch(/^Deleting pack: \/barge\/packs\/00\/0{31}1$/m);
    expect(stderr).toMatch(/^deleted 1 blobs .*, 1 layer links, 1 packs \(\d+ bytes\)$/m);
    expect(await packed.chunks()).toStrictEqual(idsOf(a));
    expect(await say(["check", "--deep", config])).toMatchObject({ code: 0 });
  });

  it("refuses while a server holds the store, and says who does", async () => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    await plant(store);
    const before = await store.keys("docker");
    const log = new RecordingLogger();
    await using _held = await holdStore({ driver: store.driver, role: "server", log, signal });
    const { code, stderr } = await say(["garbage-collect", config]);
    expect(code).toBe(1);
    expect(stderr).toContain(`in use by barge serve (pid ${process.pid} on host `);
    expect(await store.keys("docker")).toStrictEqual(before);
  });

  it("exits 1, says why and deletes nothing when something cannot be understood", async () => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    await plant(store);
    const { digest } = await store.manifest("shop/web", { schemaVersion: 2, layers: "?" });
    const before = await store.keys("docker");
    const { code, stderr } = await say(["garbage-collect", "--quiet", config]);
    expect(code).toBe(1);
    expect(stderr).toContain(`barge: nothing was deleted: shop/web: ${digest} is no manifest: `);
    expect(await store.keys("docker")).toStrictEqual(before);
  });

  it("lets the store go when it is interrupted, exits 130 and deletes nothing more", async () => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    await plant(store);
    const before = await store.keys("docker");
    const { code, stderr } = await say(["garbage-collect", config], (text) => {
      if (text === "shop/web\n") process.emit("SIGTERM", "SIGTERM");
    });
    expect(code).toBe(130);
    expect(stderr).toContain("interrupted");
    expect(await store.keys("docker")).toStrictEqual(before);
    expect(await say(["garbage-collect", config])).toMatchObject({ code: 0 });
  });
});
