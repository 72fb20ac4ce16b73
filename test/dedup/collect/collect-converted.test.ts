import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { FilesystemDriver } from "../../../storage-drivers/filesystem/filesystem-driver.ts";
import { blobRecipe, layerLink } from "../../../src/content/layout.ts";
import { OCI_LAYER_GZIP } from "../../../src/oci/media-type.ts";
import { calm } from "../../contracts/storage-subject.ts";
import { repo } from "../../gc/planted-store.ts";
import { openAtRest, plainBlob, plantCold, pulled } from "../at-rest-store.ts";
import { collectAll, faults, PackedStore, tarOf } from "./packed-store.ts";

const TEXT_BYTES = 100_000;

it("of two images that share chunks, what is left of one comes back bit for bit when the other is gone", async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), "barge-collect-"));
  const driver = await FilesystemDriver.open({ rootDirectory: root.path, maxThreads: 25 });
  await using atRest = await openAtRest({ driver });
  const store = new PackedStore(driver);
  const texts = [1, 2, 3, 4, 5, 6, 7].map((seed) => plainBlob(seed, TEXT_BYTES));
  const old = gzipSync(tarOf(texts.slice(0, 6)));
  const kept = gzipSync(tarOf(texts.slice(5)));
  const digests = { old: await plantCold(atRest, old), kept: await plantCold(atRest, kept) };
  for (const digest of Object.values(digests)) {
    await store.put(layerLink(repo("web"), digest), digest);
    const layers = [{ mediaType: OCI_LAYER_GZIP, digest, size: 0 }];
    const image = await store.image("web", digest, { layers });
    if (digest === digests.kept) await store.tag("web", "latest", image);
  }
  const before = await store.packs();
  const { gone, packs } = await collectAll(driver);
  expect(gone).toContain(digests.old);
  expect(packs.rewritten).toBe(1);
  expect(packs.freedBytes).toBeGreaterThan(old.length / 3);
  expect(await faults(driver)).toStrictEqual([]);

  // A server that goes on with the index of before finds the packs of now.
  const { index } = atRest.shop;
  expect(index.chunks.packs.map(({ name }) => name)).toStrictEqual(before);
  expect((await pulled(atRest, digests.kept)).equals(kept)).toBe(true);
  await index.refresh(calm());
  expect(index.chunks.packs.map(({ name }) => name)).toStrictEqual(await store.packs());
  expect(await store.has(blobRecipe(digests.old))).toBe(false);

  const after = await store.keys("barge");
  expect((await collectAll(driver)).packs).toMatchObject({ deleted: 0, rewritten: 0 });
  expect(await store.keys("barge")).toStrictEqual(after);
});
