import fc from "fast-check";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkStore } from "../../src/content/check/check-store.ts";
import { digestOf } from "../../src/oci/digest.ts";
import type { Reference } from "../../src/oci/reference.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm } from "../contracts/storage-subject.ts";
import { openContent } from "./content-subject.ts";
import {
  BLOBS,
  IMAGES,
  newModel,
  type Real,
  type StoreModel,
  storeCommands,
  TAGS,
} from "./store-commands.ts";
import { byDigest, tagged } from "./images.ts";

/** Everything that a client could see is as the model says. */
async function expectAgreement(model: StoreModel, { content }: Real): Promise<void> {
  for (const [name, { blobs, manifests, tags }] of model) {
    const bytesOf = async (reference: Reference): Promise<Buffer | undefined> =>
      (await content.manifests.get(name, reference, calm()).catch(() => undefined))?.bytes;
    for (const blob of BLOBS) {
      const found = await content.blobs.find(name, digestOf(blob), calm());
      expect(found?.sizeBytes).toBe(blobs.has(digestOf(blob)) ? blob.byteLength : undefined);
    }
    for (const image of IMAGES) {
      const isThere = manifests.has(digestOf(image));
      expect(await bytesOf(byDigest(digestOf(image)))).toEqual(isThere ? image : undefined);
    }
    for (const tag of TAGS) {
      const bytes = await bytesOf(tagged(tag));
      expect(bytes && digestOf(bytes)).toBe(tags.get(tag));
    }
    const listed = await content.tags.list(name, calm());
    expect(listed ?? []).toEqual(TAGS.filter((tag) => tags.has(tag)));
  }
}

/** How often a tag moved, as the model saw it, is how often its history tells of. */
async function expectHistory(model: StoreModel, { content }: Real): Promise<void> {
  for (const [name, known] of model) {
    for (const tag of TAGS) {
      const moves = await Array.fromAsync(content.history.read(name, tag, calm()));
      const told = moves.map(({ to }) => to);
      expect(told).toEqual(known.moves.filter((move) => move.tag === tag).map(({ to }) => to));
    }
  }
}

/** A client may delete a blob that a manifest needs; then, and only then, the manifest is incomplete. */
async function expectWhole(model: StoreModel, driver: StorageDriver): Promise<void> {
  const { violations } = await checkStore({ driver, deep: true, ...calm() });
  const unexpected = violations.filter(({ kind }) => kind !== "incomplete-manifest");
  expect(unexpected).toEqual([]);
  const broken = [...model.values()].flatMap(({ blobs, manifests }) =>
    [...manifests.values()].filter((needs) => needs.some((digest) => !blobs.has(digest))),
  );
  const places = violations.filter(({ kind }) => kind === "incomplete-manifest");
  expect(new Set(places.map(({ where }) => where)).size).toBe(broken.length);
}

async function runAgainst(
  openDriver: () => Promise<StorageDriver>,
  commands: Iterable<fc.AsyncCommand<StoreModel, Real>>,
): Promise<void> {
  const { content, driver } = await openContent(openDriver);
  const model = newModel();
  await fc.asyncModelRun(() => ({ model, real: { content } }), commands);
  await expectAgreement(model, { content });
  await expectHistory(model, { content });
  await expectWhole(model, driver);
}

describe("any order of requests leaves what a simple model says, and a whole store", () => {
  it("in memory", async () => {
    const property = fc.asyncProperty(storeCommands({ maxCommands: 40 }), async (commands) => {
      await runAgainst(async () => new InMemoryDriver(), commands);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it("on the filesystem", async () => {
    const property = fc.asyncProperty(storeCommands({ maxCommands: 25 }), async (commands) => {
      await using folder = await mkdtempDisposable(join(tmpdir(), "barge-model-"));
      const settings = { rootDirectory: folder.path, maxThreads: 25 };
      await runAgainst(() => FilesystemDriver.open(settings), commands);
    });
    await fc.assert(property, { numRuns: 10 });
  });
});
