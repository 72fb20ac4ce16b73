import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { checkStore } from "../../src/content/check/check-store.ts";
import {
  blobData,
  layerLink,
  referrerEntry,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
} from "../../src/content/layout.ts";
import { collectGarbage } from "../../src/gc/collect.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { type Planted, PlantedStore, repo } from "./planted-store.ts";
import { alone } from "./run-collection.ts";

const signal = new AbortController().signal;
const REPOSITORIES = ["a", "a/b", "c"] as const;
const TAGS = ["x", "y"] as const;

/** Numbers point to what was planted before, whatever of it there is. */
interface ImagePlan {
  readonly kind: "image";
  readonly repository: number;
  readonly layers: readonly number[];
  readonly subject: number | undefined;
}

interface IndexPlan {
  readonly kind: "index";
  readonly repository: number;
  readonly children: readonly number[];
}

interface StorePlan {
  readonly manifests: readonly (ImagePlan | IndexPlan)[];
  readonly tags: readonly { readonly tag: number; readonly manifest: number }[];
  readonly strayBlobs: readonly { readonly repository: number; readonly blob: number }[];
  readonly deleteUntagged: boolean;
}

const number = fc.nat(11);
const repository = fc.nat(REPOSITORIES.length - 1);

const storePlan: fc.Arbitrary<StorePlan> = fc.record({
  manifests: fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant("image" as const),
        repository,
        layers: fc.array(number, { maxLength: 3 }),
        subject: fc.option(number, { nil: undefined }),
      }),
      fc.record({
        kind: fc.constant("index" as const),
        repository,
        children: fc.array(number, { maxLength: 3 }),
      }),
    ),
    { maxLength: 12 },
  ),
  tags: fc.array(fc.record({ tag: fc.nat(TAGS.length - 1), manifest: number }), { maxLength: 8 }),
  strayBlobs: fc.array(fc.record({ repository, blob: number }), { maxLength: 4 }),
  deleteUntagged: fc.boolean(),
});

/** What the test itself knows of a manifest that it planted. */
interface Known {
  readonly repository: string;
  readonly digest: Digest;
  readonly blobs: readonly Digest[];
  readonly children: readonly Digest[];
  readonly subject: Digest | undefined;
}

interface Model {
  readonly manifests: Known[];
  /** Pointing to now. */
  readonly tags: Map<string, { readonly repository: string; readonly tag: string; digest: Digest }>;
  readonly tagIndex: { readonly repository: string; readonly tag: string; digest: Digest }[];
  readonly layers: { readonly repository: string; readonly digest: Digest }[];
}

async function plant(plan: StorePlan, store: PlantedStore): Promise<Model> {
  const model: Model = { manifests: [], tags: new Map(), tagIndex: [], layers: [] };
  const planted: Planted[] = [];
  for (const [order, part] of plan.manifests.entries()) {
    const planting = { model, store, planted, order };
    planted.push(
      part.kind === "image" ? await plantImage(part, planting) : await plantIndex(part, planting),
    );
  }
  for (const { tag: at, manifest } of plan.tags) {
    const known = model.manifests[manifest];
    if (known === undefined) continue;
    const entry = { repository: known.repository, tag: TAGS[at] ?? "x", digest: known.digest };
    await store.tag(entry.repository, entry.tag, entry);
    model.tags.set(`${entry.repository}:${entry.tag}`, entry);
    model.tagIndex.push(entry);
  }
  for (const { repository: at, blob } of plan.strayBlobs) {
    await plantBlob({ model, store }, REPOSITORIES[at] ?? "a", `layer ${blob}`);
  }
  return model;
}

interface Planting {
  readonly model: Model;
  readonly store: PlantedStore;
  /** Those before this one. */
  readonly planted: readonly Planted[];
  readonly order: number;
}

async function plantBlob(
  { model, store }: Pick<Planting, "model" | "store">,
  name: string,
  content: string,
): Promise<Planted> {
  const stored = await store.blob(name, content);
  model.layers.push({ repository: name, digest: stored.digest });
  return stored;
}

async function plantImage(plan: ImagePlan, planting: Planting): Promise<Planted> {
  const { model, store, planted, order } = planting;
  const name = REPOSITORIES[plan.repository] ?? "a";
  const config = await plantBlob(planting, name, `config ${order}`);
  const layers: Planted[] = [];
  for (const at of plan.layers) layers.push(await plantBlob(planting, name, `layer ${at}`));
  const subject = plan.subject === undefined ? undefined : planted[plan.subject];
  const parts = { config, layers, ...(subject && { subject }) };
  const image = await store.image(name, String(order), parts);
  model.manifests.push({
    repository: name,
    digest: image.digest,
    blobs: [config, ...layers].map(({ digest }) => digest),
    children: [],
    subject: subject?.digest,
  });
  return image;
}

async function plantIndex(plan: IndexPlan, planting: Planting): Promise<Planted> {
  const { model, store, planted, order } = planting;
  const name = REPOSITORIES[plan.repository] ?? "a";
  const children = plan.children.flatMap((at) => planted[at] ?? []);
  const annotations = { order: String(order) };
  const index = await store.manifest(name, { schemaVersion: 2, manifests: children, annotations });
  const digests = children.map(({ digest }) => digest);
  model.manifests.push({
    repository: name,
    digest: index.digest,
    blobs: digests,
    children: digests,
    subject: undefined,
  });
  return index;
}

/** Straight from the rule, by trying until nothing changes. */
function reachable(model: Model, deleteUntagged: boolean): ReadonlySet<Known> {
  const tagged = [...model.tags.values()].map(
    ({ repository: name, digest }) => `${name} ${digest}`,
  );
  const isIn = (kept: ReadonlySet<Known>, name: string, digest: Digest | undefined): boolean =>
    [...kept].some((other) => other.repository === name && other.digest === digest);
  const kept = new Set(
    model.manifests.filter(
      ({ repository: name, digest }) => !deleteUntagged || tagged.includes(`${name} ${digest}`),
    ),
  );
  for (let before = -1; before !== kept.size;) {
    before = kept.size;
    for (const known of model.manifests) {
      const isChild = [...kept].some(
        (parent) =>
          parent.repository === known.repository && parent.children.includes(known.digest),
      );
      if (isChild || isIn(kept, known.repository, known.subject)) kept.add(known);
    }
  }
  return kept;
}

function expectedKeys(model: Model, kept: ReadonlySet<Known>): readonly string[] {
  const data = new Set([...kept].flatMap(({ digest, blobs }) => [digest, ...blobs]));
  const holds = (name: string, digest: Digest): boolean =>
    [...kept].some((known) => known.repository === name && known.digest === digest);
  const keys = new Set([
    ...[...kept].map(({ repository: name, digest }) => revisionLink(repo(name), digest)),
    ...[...kept].flatMap(({ repository: name, digest, subject }) =>
      subject === undefined ? [] : [referrerEntry(repo(name), subject, digest)],
    ),
    ...[...model.tags.values()].map(({ repository: name, tag }) =>
      tagCurrentLink(repo(name), parseTag(tag)),
    ),
    ...model.tagIndex
      .filter(({ repository: name, digest }) => holds(name, digest))
      .map(({ repository: name, tag, digest }) => tagIndexLink(repo(name), parseTag(tag), digest)),
    ...model.layers
      .filter(({ digest }) => data.has(digest))
      .map(({ repository: name, digest }) => layerLink(repo(name), digest)),
    ...[...data].map((digest) => blobData(digest)),
  ]);
  return [...keys].toSorted();
}

describe("collectGarbage()", () => {
  it("deletes nothing reachable and everything else, whatever was planted", async () => {
    await fc.assert(
      fc.asyncProperty(storePlan, async (plan) => {
        const store = new PlantedStore(new InMemoryDriver());
        const model = await plant(plan, store);
        const { deleteUntagged } = plan;
        const output = { line() {}, deleting() {}, warning() {} };
        const wishes = { deleteUntagged, dryRun: false, output, stillAlone: alone };
        const options = { driver: store.driver, signal, ...wishes };
        await collectGarbage(options);
        const expected = expectedKeys(model, reachable(model, deleteUntagged));
        expect(await store.keys()).toStrictEqual(expected);
        const { violations } = await checkStore({ driver: store.driver, signal, deep: true });
        expect(violations).toStrictEqual([]);
        expect(await collectGarbage(options)).toMatchObject({
          blobs: 0,
          manifests: 0,
          layerLinks: 0,
        });
      }),
      { numRuns: 300 },
    );
  });
});
