import { access, rm, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { blobData, tagCurrentLink, uploadStartedAt } from "../../src/content/layout.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { holdStore } from "../../src/storage/store-lock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { repo, uploadId } from "../gc/planted-store.ts";
import { openConfiguredStore, say } from "./configured-store.ts";

const UPLOAD = "0b8f9a52-7c1e-4a6b-9f3d-2f1e8d7c6b5a";

describe("barge check", () => {
  it("exits 0 and says so when all is as it should be, also while a server holds the store", async () => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    await store.tag("shop/web", "latest", await store.image("shop/web", "one"));
    const { signal } = new AbortController();
    const log = new RecordingLogger();
    await using _held = await holdStore({ driver: store.driver, role: "server", log, signal });
    const { code, stdout } = await say(["check", config]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^looked at 1 repositories, 1 manifests, 1 tags, 2 blobs \(\d+ bytes\): all is as it should be\n$/,
    );
  });

  it("exits 1 and tells each violation and what may be in progress", async () => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    const image = await store.image("shop/web", "one");
    await store.tag("shop/web", "latest", image);
    await store.put(tagCurrentLink(repo("shop/web"), parseTag("latest")), "");
    await store.put(uploadStartedAt(repo("shop/web"), uploadId(UPLOAD)), "never");
    const { code, stdout } = await say(["check", config]);
    expect(code).toBe(1);
    expect(stdout).toContain("unreadable-link: docker/registry/v2/repositories/shop/web/");
    expect(stdout).toMatch(/dangling-upload: .* \(may be in progress\)\n/);
    expect(stdout).toMatch(/: 2 violations\n$/);
  });

  it("prints one document of the promised shape with --format json", async () => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    const layer = await store.blob("shop/web", "a layer");
    await store.remove(blobData(layer.digest));
    await store.manifest("shop/web", { schemaVersion: 1 });
    const { code, stdout } = await say(["check", "--format", "json", config]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toStrictEqual({
      violations: [
        { kind: "dangling-layer-link", where: expect.any(String), detail: expect.any(String) },
      ],
      notes: [{ kind: "schema-1-manifest", where: expect.any(String), detail: expect.any(String) }],
      checked: expect.objectContaining({ repositories: 1, manifests: 1, blobs: 1, tags: 0 }),
    });
  });

  it("exits 0 and notes it when a manifest was pushed with a wrong size", async () => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    const layer = await store.blob("shop/web", "a layer");
    await store.image("shop/web", "one", { layers: [{ ...layer, size: 9 }] });
    const { code, stdout } = await say(["check", config]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^note: wrong-size: .*: the manifest says that layers\[0\] has 9 bytes, but /m,
    );
    expect(stdout).toMatch(/: all is as it should be\n$/);
  });

  it("reads all bytes only with --deep", async () => {
    await using opened = await openConfiguredStore();
    const { config, store } = opened;
    const layer = await store.blob("shop/web", "a layer");
    await store.put(blobData(layer.digest), "a Layer");
    expect(await say(["check", config])).toMatchObject({ code: 0 });
    const { code, stdout } = await say(["check", "--deep", config]);
    expect(code).toBe(1);
    expect(stdout).toContain("wrong-bytes: ");
  });

  it("exits 1 for a store that is not there, and does not make it", async () => {
    await using opened = await openConfiguredStore();
    const { config, root } = opened;
    await rm(root, { recursive: true });
    const { code, stderr } = await say(["check", config]);
    expect(code).toBe(1);
    expect(stderr).toContain(`there is no store at ${root}`);
    await expect(access(root)).rejects.toThrow("ENOENT");
  });

  it("exits 2 for a config that cannot be used", async () => {
    await using opened = await openConfiguredStore();
    const { config } = opened;
    await writeFile(config, "version: 0.1\nstorage: nowhere\n");
    expect(await say(["check", config])).toMatchObject({ code: 2 });
  });
});
