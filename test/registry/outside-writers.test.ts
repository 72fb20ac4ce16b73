/** What other programs do to the files of a registry that answers from memory. */
import { mkdtempDisposable, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { blobData, layerLink, revisionLink, tagCurrentLink } from "../../src/content/layout.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";
import { type PushedImage, pushImage } from "../fixtures/pushing.ts";

const NAME = parseRepositoryName("team/app");

let resources: AsyncDisposableStack;
let files: FilesystemDriver;
let registry: InProcessRegistry;
let image: PushedImage;
let reads: number;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-answers-")));
  files = await FilesystemDriver.open({ rootDirectory: path, maxThreads: 25 });
  reads = 0;
  const read: StorageDriver["read"] = (key, options) => {
    reads += 1;
    return files.read(key, options);
  };
  const driver = {
    ...partlyReplaced(files, { read }),
    quickStat: (key: string) => files.quickStat(key),
  };
  registry = resources.use(await openRegistry({ driver }));
  image = await pushImage(registry.origin, NAME);
});
afterEach(() => resources.disposeAsync());

async function get(path: string, method = "GET"): Promise<readonly [number, string | undefined]> {
  const response = await fetch(new URL(`v2/${NAME}/${path}`, registry.origin), { method });
  await response.arrayBuffer();
  return [response.status, response.headers.get("docker-content-digest") ?? undefined];
}

/** Asks until the answer comes from memory. */
async function warm(path: string): Promise<void> {
  let before: number;
  do {
    before = reads;
    expect((await get(path))[0]).toBe(200);
  } while (reads !== before);
}

const LATEST = "manifests/latest";

it("a tag that another program moves is served as it is now", async () => {
  const other = await pushImage(registry.origin, NAME, { tag: "other" });
  const path = files.localPath(tagCurrentLink(NAME, parseTag("latest")));
  const moves: readonly ((digest: Digest) => Promise<void>)[] = [
    async (digest) => {
      await writeFile(`${path}.new`, digest);
      await rename(`${path}.new`, path);
    },
    (digest) => writeFile(path, digest),
  ];
  for (const move of moves) {
    for (const { digest } of [other, image]) {
      await warm(LATEST);
      await move(digest);
      expect(await get(LATEST)).toEqual([200, digest]);
      expect(await get(LATEST, "HEAD")).toEqual([200, digest]);
    }
  }
});

it("a manifest is not served once another program has unlinked it", async () => {
  const byDigest = `manifests/${image.digest}`;
  await warm(LATEST);
  await warm(byDigest);
  await rm(files.localPath(revisionLink(NAME, image.digest)));
  expect((await get(LATEST))[0]).toBe(404);
  expect((await get(byDigest, "HEAD"))[0]).toBe(404);
});

it("a manifest is not served once another program has damaged or removed it", async () => {
  const path = files.localPath(blobData(image.digest));
  await warm(LATEST);
  await writeFile(`${path}.new`, Buffer.alloc(image.bytes.byteLength));
  await rename(`${path}.new`, path);
  expect((await get(LATEST))[0]).toBe(500);
  await rm(path);
  expect((await get(LATEST))[0]).toBe(404);
  await writeFile(path, image.bytes);
  expect(await get(LATEST)).toEqual([200, image.digest]);
});

it("what another instance deletes and moves is seen at once", async () => {
  await using instance = await openRegistry({ driver: files });
  await warm(LATEST);
  const moved = await pushImage(instance.origin, NAME);
  expect(await get(LATEST)).toEqual([200, moved.digest]);
  await warm(LATEST);
  const url = new URL(`v2/${NAME}/manifests/${moved.digest}`, instance.origin);
  expect((await fetch(url, { method: "DELETE" })).status).toBe(202);
  expect((await get(LATEST))[0]).toBe(404);
});

it.each([
  ["unlinked", (digest: Digest) => layerLink(NAME, digest)],
  ["removed", (digest: Digest) => blobData(digest)],
])("a blob is not there once another program has %s it", async (_, keyOf) => {
  const path = `blobs/${image.layer.digest}`;
  for (let round = 0; round < 3; round += 1) expect((await get(path, "HEAD"))[0]).toBe(200);
  await rm(files.localPath(keyOf(image.layer.digest)));
  expect((await get(path, "HEAD"))[0]).toBe(404);
  expect((await get(path))[0]).toBe(404);
});
