import { describe, expect, it } from "vitest";
import { checkStore } from "../../src/content/check/check-store.ts";
import type { ContentStore } from "../../src/content/content-store.ts";
import { UploadUnknown } from "../../src/content/errors.ts";
import type { Upload } from "../../src/content/upload-store.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { OCI_EMPTY, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { parseTag } from "../../src/oci/reference.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { createInMemoryStore } from "../../storage-drivers/inmemory/inmemory-store.ts";
import { calm, chunks } from "../contracts/storage-subject.ts";
import { FailNth, intercepted } from "../fakes/failing-driver.ts";
import { openContent } from "./content-subject.ts";
import {
  actor,
  APP,
  CONFIG,
  describeBytes,
  imageManifest,
  LAYER,
  OTHER,
  pushBlob,
  pushImage,
  pushManifest,
  tagged,
} from "./images.ts";

/** Something that a client does, and does again when it fails. */
interface Task {
  readonly name: string;
  readonly prepare: (content: ContentStore) => Promise<void>;
  readonly attempt: (content: ContentStore) => Promise<unknown>;
  /** What must be so in the end. */
  readonly expectDone: (content: ContentStore) => Promise<void>;
}

const IMAGE = imageManifest();
const NEWER = imageManifest({ members: { annotations: { version: "2" } } });
const SIGNATURE = imageManifest({
  layers: [],
  members: {
    config: describeBytes(Buffer.from("{}"), OCI_EMPTY),
    subject: describeBytes(IMAGE, OCI_MANIFEST),
  },
});

async function expectBlob(content: ContentStore): Promise<void> {
  const blob = await content.blobs.find(APP, digestOf(LAYER), calm());
  expect(blob).toMatchObject({ sizeBytes: LAYER.byteLength });
}

async function expectTag(content: ContentStore, bytes: Buffer): Promise<void> {
  const stored = await content.manifests.get(APP, tagged("latest"), calm());
  expect(stored.bytes).toEqual(bytes);
}

/** Resumes as a careful client does: asks how far the upload is, sends the rest, commits. */
function resumingPush(): Task["attempt"] {
  let upload: Upload | undefined;
  return async ({ uploads }) => {
    upload ??= await uploads.start(APP, calm());
    try {
      const { sizeBytes } = await uploads.status(upload, calm());
      const bytes = chunks(LAYER.subarray(sizeBytes));
      await uploads.append(upload, { bytes, startBytes: sizeBytes }, calm());
    } catch (error) {
      if (error instanceof UploadUnknown) upload = undefined;
      throw error;
    }
    await uploads.commit(upload, { chunk: undefined, digest: digestOf(LAYER) }, calm());
  };
}

/** Sends the very same commit again, body and all, as a client's transport does by itself. */
function repeatingCommit(): Task["attempt"] {
  let upload: Upload | undefined;
  return async ({ uploads }) => {
    upload ??= await uploads.start(APP, calm());
    const digest = digestOf(LAYER);
    if ((await uploads.status(upload, calm()).catch(unknownAsDone))?.sizeBytes === 0) {
      await uploads.append(upload, { bytes: chunks(LAYER), startBytes: 0 }, calm());
    }
    await uploads.commit(upload, { chunk: undefined, digest }, calm());
  };
}

function unknownAsDone(error: unknown): undefined {
  if (!(error instanceof UploadUnknown)) throw error;
}

const TASKS: readonly (() => Task)[] = [
  () => ({
    name: "pushing a blob anew",
    prepare: async () => undefined,
    attempt: (content) => pushBlob(content, LAYER),
    expectDone: expectBlob,
  }),
  () => ({
    name: "pushing a blob, going on with the upload",
    prepare: async () => undefined,
    attempt: resumingPush(),
    expectDone: expectBlob,
  }),
  () => ({
    name: "committing an upload, again and again",
    prepare: async () => undefined,
    attempt: repeatingCommit(),
    expectDone: expectBlob,
  }),
  () => ({
    name: "mounting a blob by its sha512",
    prepare: async (content) => {
      await pushBlob(content, LAYER, { repository: OTHER, algorithm: "sha512" });
    },
    attempt: ({ blobs }) =>
      blobs.mount({ digest: digestOf(LAYER, "sha512"), from: OTHER, to: APP }, calm()),
    expectDone: expectBlob,
  }),
  () => ({
    name: "pushing a manifest by a new tag",
    prepare: async (content) => {
      for (const bytes of [CONFIG, LAYER]) await pushBlob(content, bytes);
    },
    attempt: (content) => pushManifest(content, IMAGE, { reference: "latest" }),
    expectDone: (content) => expectTag(content, IMAGE),
  }),
  () => ({
    name: "moving a tag to a new manifest",
    prepare: async (content) => {
      await pushImage(content, "latest");
    },
    attempt: (content) => pushManifest(content, NEWER, { reference: "latest" }),
    expectDone: (content) => expectTag(content, NEWER),
  }),
  () => ({
    name: "pushing a referrer by its sha512",
    prepare: async (content) => {
      await pushImage(content, "latest");
      await pushBlob(content, "{}");
    },
    attempt: (content) =>
      pushManifest(content, SIGNATURE, { reference: digestOf(SIGNATURE, "sha512") }),
    expectDone: async ({ manifests }) => {
      const found = manifests.referrers(APP, digestOf(IMAGE), { ...calm(), after: "" });
      expect(await Array.fromAsync(found)).toHaveLength(1);
    },
  }),
  () => ({
    name: "deleting a manifest that has tags",
    prepare: async (content) => {
      await pushImage(content, "latest");
      await pushManifest(content, IMAGE, { reference: "other" });
      await pushManifest(content, NEWER, { reference: "newer" });
    },
    attempt: (content) => deletingOf(content, IMAGE),
    expectDone: async ({ tags }) => {
      expect(await tags.list(APP, calm())).toEqual(["newer"]);
    },
  }),
  () => ({
    name: "deleting a referrer",
    prepare: async (content) => {
      await pushImage(content, "latest");
      await pushBlob(content, "{}");
      await pushManifest(content, SIGNATURE, { reference: digestOf(SIGNATURE, "sha512") });
    },
    attempt: (content) => deletingOf(content, SIGNATURE),
    expectDone: async ({ manifests }) => {
      const found = manifests.referrers(APP, digestOf(IMAGE), { ...calm(), after: "" });
      expect(await Array.fromAsync(found)).toEqual([]);
    },
  }),
  () => ({
    name: "deleting a tag",
    prepare: async (content) => {
      await pushImage(content, "latest");
      await pushImage(content, "other");
    },
    attempt: ({ tags }) => tags.delete(APP, parseTag("latest"), actor()),
    expectDone: async ({ tags }) => {
      expect(await tags.list(APP, calm())).toEqual(["other"]);
    },
  }),
];

/** Deleting what is gone already is done. */
async function deletingOf({ manifests }: ContentStore, bytes: Buffer): Promise<void> {
  try {
    await manifests.delete(APP, digestOf(bytes), actor());
  } catch (error) {
    if (!(error instanceof Error && "kind" in error && error.kind === "ManifestUnknown")) {
      throw error;
    }
  }
}

async function expectConsistent(driver: StorageDriver): Promise<void> {
  const { violations } = await checkStore({ driver, deep: true, ...calm() });
  expect(violations).toEqual([]);
}

/** @returns whether there was such a call to fail. */
async function failOnce(
  { prepare, attempt, expectDone }: Task,
  failing: number,
  when: "before" | "after",
): Promise<boolean> {
  const store = createInMemoryStore();
  const plain = new InMemoryDriver(store);
  const { content: untroubled } = await openContent(async () => plain);
  await prepare(untroubled);
  const fault = new FailNth(failing);
  const driver = intercepted(new InMemoryDriver(store), { [when]: fault.count });
  const { content } = await openContent(async () => driver);
  const outcome = await attempt(content).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome !== undefined) expect(outcome).toMatchObject({ kind: "StorageUnavailable" });
  await expectConsistent(plain);
  // A client that was told of a failure comes again; not more than twice.
  if (outcome !== undefined) await attempt(content).catch(() => attempt(content));
  await expectDone(untroubled);
  await expectConsistent(plain);
  return fault.failed !== undefined;
}

describe.each(TASKS.map((createTask) => ({ createTask, name: createTask().name })))(
  "$name",
  ({ createTask }) => {
    it.each([
      ["is not carried out", "before"],
      ["is carried out, its answer lost", "after"],
    ] as const)(
      "leaves the store whole, and works the next time, when a call to the store %s",
      async (_, when) => {
        let calls = 1;
        while (await failOnce(createTask(), calls, when)) calls += 1;
        expect(calls).toBeGreaterThan(2);
      },
    );
  },
);
