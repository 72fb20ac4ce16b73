/** Every kind of content, pushed, listed, asked for, pulled, referred to and deleted. */
import assert from "node:assert/strict";

import {
  artifactIndex,
  customFields,
  dataField,
  DataSetBuilder,
  imageUncompressed,
  indexWithSubject,
  largeManifest,
  missingSubject,
  multiPlatform,
  nonDistributableLayers,
  type DataSet,
} from "../data-sets.ts";
import {
  absentDigest,
  descriptorOf,
  EXAMPLE_ARTIFACT_A,
  EXAMPLE_ARTIFACT_B,
  imageIndex,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_IMAGE,
  type ManifestDocument,
} from "../documents.ts";
import {
  expectContent,
  expectHeader,
  expectReferrers,
  expectStatus,
  locationOf,
} from "../expectations.ts";
import { UPLOAD_STYLES, type Repository } from "../repository.ts";
import { rowsOf, type Row, type RowBody, type RowContext } from "../row.ts";

const DATA_SETS: Readonly<Record<string, () => DataSet>> = {
  image: () => {
    const set = new DataSetBuilder();
    return set.tag(set.image(), "image").build();
  },
  "image-uncompressed": imageUncompressed,
  "large-manifest": largeManifest,
  index: () => {
    const set = new DataSetBuilder();
    return set.tag(multiPlatform(set), "index").build();
  },
  "nested-index": () => {
    const set = new DataSetBuilder();
    return set.tag(set.index([multiPlatform(set), multiPlatform(set)]), "index-of-index").build();
  },
  "empty-index": () => {
    const set = new DataSetBuilder();
    return set.tag(set.index([]), "index").build();
  },
  artifact: () => {
    const set = new DataSetBuilder();
    return set.tag(set.artifact(EXAMPLE_ARTIFACT_A), "artifact").build();
  },
  "artifact-index": artifactIndex,
  "artifact-without-layers": () => {
    const set = new DataSetBuilder();
    const layers = [set.blob("{}", OCI_EMPTY)];
    return set.tag(set.artifact(EXAMPLE_ARTIFACT_A, { layers }), "artifact").build();
  },
  "artifacts-with-subject": artifactsWithSubject,
  "index-with-subject": indexWithSubject,
  "missing-subject": missingSubject,
  "data-field": dataField,
  "non-distributable-layers": nonDistributableLayers,
  "custom-fields": customFields,
  "no-layers": () => {
    const set = new DataSetBuilder();
    return set.tag(set.manifest({ config: set.config(), layers: [] }), "no-layers").build();
  },
  sparse: () => {
    const set = new DataSetBuilder();
    const absent = {
      ...imageIndex({ manifests: [] }),
      digest: absentDigest(),
      mediaType: OCI_IMAGE,
    };
    return set.tag(set.index([set.image(), absent]), "sparse").build();
  },
  sha512: () => {
    const set = new DataSetBuilder("sha512");
    multiPlatform(set);
    return set.build();
  },
  "tag-param-sha256": () => taggedByQuery(new DataSetBuilder()),
  "tag-param-sha512": () => taggedByQuery(new DataSetBuilder("sha512")),
};

function artifactsWithSubject(): DataSet {
  const set = new DataSetBuilder();
  const image = set.image();
  const subject = descriptorOf(image, OCI_IMAGE);
  const untyped = set.image({ subject });
  const annotations = { "org.example.note": "hello" };
  const first = set.artifact(EXAMPLE_ARTIFACT_A, { annotations, subject });
  const second = set.artifact(EXAMPLE_ARTIFACT_B, { annotations, subject });
  set.tag(image, "image").tag(first, "tagged-artifact1").tag(second, "tagged-artifact2");
  set.refers(untyped, OCI_CONFIG).refers(first, EXAMPLE_ARTIFACT_A);
  return set.refers(second, EXAMPLE_ARTIFACT_B).build();
}

function taggedByQuery(set: DataSetBuilder): DataSet {
  const index = multiPlatform(set);
  set.tag(index, "tag-param");
  const { manifests } = set.build();
  manifests.forEach((manifest, at) => set.tag(manifest, `tag-param-${at}`));
  return set.build({ pushesTagsByQuery: true });
}

export const dataSetRows: readonly Row[] = Object.entries(DATA_SETS).flatMap(([name, make]) =>
  rowsOf(`data set ${name}`, { ...pushedAndRead(make), ...referredTo(make), ...deleted(make) }),
);

function pushedAndRead(make: () => DataSet): Record<string, RowBody> {
  return {
    "every push answers 201, and its Location has the very bytes": async (context) => {
      await pushSet(context, make());
    },
    "the tags are listed, and last begins behind a tag": async (context) => {
      const set = await pushSet(context, make());
      const tags = [...set.tags.keys()].toSorted();
      if (tags.length === 0) return expectNoTags(context.repository);
      assert.deepEqual(await context.repository.tags(), tags);
      assert.deepEqual(await context.repository.tags(`?last=${tags[0]}`), tags.slice(1));
      return undefined;
    },
    "HEAD tells type, length and digest": async (context) => {
      const set = await pushSet(context, make());
      for (const [reference, manifest] of referencesOf(set)) {
        expectContent(
          await context.repository.headManifest(reference),
          manifest,
          manifest.mediaType,
        );
      }
      for (const blob of set.blobs)
        expectContent(await context.repository.headBlob(blob.digest), blob);
    },
    "GET gives type, length, digest and bytes": async (context) => {
      const set = await pushSet(context, make());
      for (const [reference, manifest] of referencesOf(set)) {
        expectContent(
          await context.repository.getManifest(reference),
          manifest,
          manifest.mediaType,
        );
      }
      for (const blob of set.blobs)
        expectContent(await context.repository.getBlob(blob.digest), blob);
    },
  };
}

function referredTo(make: () => DataSet): Record<string, RowBody> {
  if (make().referrers.size === 0) return {};
  return {
    "the referrers are listed, also by type": async (context) => {
      const set = await pushSet(context, make());
      for (const [subject, expected] of set.referrers) {
        const found = expectReferrers(await context.repository.listReferrers(subject));
        assert.deepEqual(byDigest(found), byDigest(expected));
        const query = `?artifactType=${EXAMPLE_ARTIFACT_A}`;
        const answer = await context.repository.listReferrers(subject, query);
        expectHeader(answer, "oci-filters-applied", "artifactType");
        const ofType = expected.filter(({ artifactType }) => artifactType === EXAMPLE_ARTIFACT_A);
        assert.deepEqual(byDigest(expectReferrers(answer)), byDigest(ofType));
      }
    },
  };
}

function deleted(make: () => DataSet): Record<string, RowBody> {
  return {
    "tags, manifests and blobs are deleted, and gone at once": async (context) => {
      const { repository } = context;
      const set = await pushSet(context, make());
      for (const tag of set.tags.keys()) {
        expectStatus(await repository.send("DELETE", `manifests/${tag}`), 202);
        expectStatus(await repository.headManifest(tag), 404);
      }
      for (const { digest } of set.manifests.toReversed()) {
        expectStatus(await repository.send("DELETE", `manifests/${digest}`), 202);
        expectStatus(await repository.headManifest(digest), 404);
      }
      for (const digest of new Set(set.blobs.map((blob) => blob.digest))) {
        expectStatus(await repository.send("DELETE", `blobs/${digest}`), 202);
        expectStatus(await repository.headBlob(digest), 404);
      }
      for (const subject of set.referrers.keys()) {
        assert.deepEqual(expectReferrers(await repository.listReferrers(subject)), []);
      }
    },
  };
}

/** Pushes blobs in rotating styles, manifests by digest, then by tag unless the tags go in the query. */
async function pushSet(context: RowContext, set: DataSet): Promise<DataSet> {
  for (const [at, blob] of set.blobs.entries()) {
    await context.repository.pushBlob(blob, UPLOAD_STYLES[at % UPLOAD_STYLES.length]);
  }
  for (const manifest of set.manifests) {
    await pushAndCheck(context, manifest, `${manifest.digest}${tagQueryOf(set, manifest)}`);
  }
  if (set.pushesTagsByQuery) return set;
  for (const [tag, manifest] of set.tags) await pushAndCheck(context, manifest, tag);
  return set;
}

async function pushAndCheck(
  { client, repository }: RowContext,
  manifest: ManifestDocument,
  reference: string,
): Promise<void> {
  const answer = await repository.putManifest(manifest, reference);
  expectStatus(answer, 201);
  expectHeader(answer, "docker-content-digest", manifest.digest);
  if (manifest.subject !== undefined) expectHeader(answer, "oci-subject", manifest.subject);
  const headers = { accept: manifest.mediaType };
  expectContent(
    await client.send("GET", locationOf(answer), { headers }),
    manifest,
    manifest.mediaType,
  );
  const query = new URLSearchParams(reference.split("?")[1] ?? "");
  const accepted = (answer.header("oci-tag") ?? "").split(",").map((tag) => tag.trim());
  for (const tag of query.getAll("tag"))
    assert.ok(accepted.includes(tag), `${tag} is not in OCI-Tag`);
}

function tagQueryOf(set: DataSet, manifest: ManifestDocument): string {
  if (!set.pushesTagsByQuery) return "";
  const tags = [...set.tags]
    .filter(([, tagged]) => tagged === manifest)
    .map(([tag]) => `tag=${tag}`);
  return `?${tags.join("&")}`;
}

function referencesOf(set: DataSet): readonly (readonly [string, ManifestDocument])[] {
  return [...set.tags, ...set.manifests.map((manifest) => [manifest.digest, manifest] as const)];
}

async function expectNoTags(repository: Repository): Promise<void> {
  const answer = await repository.listTags();
  expectStatus(answer, 200, 404);
  if (answer.status === 200) assert.deepEqual(await repository.tags(), []);
}

function byDigest<T extends { readonly digest: string }>(descriptors: readonly T[]): T[] {
  return descriptors.toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
}
