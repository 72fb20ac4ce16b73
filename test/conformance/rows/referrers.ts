/** The referrers API of the distribution spec 1.1. */
import assert from "node:assert/strict";

import {
  absentDigest,
  blobOf,
  descriptorOf,
  EXAMPLE_ARTIFACT_A,
  EXAMPLE_ARTIFACT_B,
  imageIndex,
  imageManifest,
  OCI_EMPTY,
  OCI_IMAGE,
  OCI_INDEX,
  type Descriptor,
  type ManifestDocument,
} from "../documents.ts";
import {
  expectContent,
  expectError,
  expectHeader,
  expectReferrers,
  expectStatus,
  nextLinkOf,
} from "../expectations.ts";
import type { Repository } from "../repository.ts";
import { rowsOf, type Row, type RowBody } from "../row.ts";

export const referrerRows: readonly Row[] = rowsOf("referrers", {
  ...empty(),
  ...fields(),
  ...filters(),
  ...changes(),
});

function empty(): Record<string, RowBody> {
  return {
    "a digest that nothing refers to answers 200 with an empty index": async ({ repository }) => {
      await repository.pushImage("latest");
      assert.deepEqual(expectReferrers(await repository.listReferrers(absentDigest())), []);
    },
    "a repository that is not there answers 200 with an empty index": async ({ repository }) => {
      assert.deepEqual(expectReferrers(await repository.listReferrers(absentDigest())), []);
    },
    "a sha512 digest answers 200 with an empty index": async ({ repository }) => {
      assert.deepEqual(expectReferrers(await repository.listReferrers(absentDigest("sha512"))), []);
    },
    "a malformed digest answers 400": async ({ repository }) => {
      expectError(await repository.listReferrers("sha256:bad"), 400, "DIGEST_INVALID");
    },
    "a push without a subject has no OCI-Subject": async ({ repository }) => {
      const answer = await repository.putManifest(imageManifest(await repository.pushImageBlobs()));
      expectStatus(answer, 201);
      assert.equal(answer.header("oci-subject"), undefined);
    },
  };
}

function fields(): Record<string, RowBody> {
  return {
    "an artifact stands with type, size, artifactType and annotations": async ({ repository }) => {
      const subject = await repository.pushImage("latest");
      const annotations = { "org.example.note": "hello" };
      const artifact = await attach(repository, subject, { annotations });
      const expected = descriptorOf(artifact, OCI_IMAGE, {
        artifactType: EXAMPLE_ARTIFACT_A,
        annotations,
      });
      assert.deepEqual(await referrersOf(repository, subject.digest), [expected]);
    },
    "an image without artifactType stands with its config's type": async ({ repository }) => {
      const subject = await repository.pushImage("latest");
      const { config, layers } = await repository.pushImageBlobs();
      const typed = { ...config, mediaType: EXAMPLE_ARTIFACT_B };
      const members = { subject: descriptorOf(subject, OCI_IMAGE) };
      await pushReferrer(repository, imageManifest({ config: typed, layers, members }));
      const [found] = await referrersOf(repository, subject.digest);
      assert.equal(found?.artifactType, EXAMPLE_ARTIFACT_B);
    },
    "an index stands with its artifactType": async ({ repository }) => {
      const subject = await repository.pushImage("latest");
      const members = {
        artifactType: EXAMPLE_ARTIFACT_A,
        subject: descriptorOf(subject, OCI_IMAGE),
      };
      const index = await pushReferrer(repository, imageIndex({ manifests: [], members }));
      const expected = descriptorOf(index, OCI_INDEX, { artifactType: EXAMPLE_ARTIFACT_A });
      assert.deepEqual(await referrersOf(repository, subject.digest), [expected]);
    },
    "an index without artifactType stands without": async ({ repository }) => {
      const subject = await repository.pushImage("latest");
      const members = { subject: descriptorOf(subject, OCI_IMAGE) };
      const index = await pushReferrer(repository, imageIndex({ manifests: [], members }));
      assert.deepEqual(await referrersOf(repository, subject.digest), [
        descriptorOf(index, OCI_INDEX),
      ]);
    },
    "an index may be the subject": async ({ repository }) => {
      const image = await repository.pushImage();
      const subject = imageIndex({ manifests: [descriptorOf(image, OCI_IMAGE)] });
      await repository.pushManifest(subject, "multi");
      const artifact = await attach(repository, subject);
      assert.deepEqual(await digestsOf(repository, subject.digest), [artifact.digest]);
    },
    "a sha512 digest may be the subject": async ({ repository }) => {
      const subject = imageManifest(await repository.pushImageBlobs("sha512"));
      await repository.pushManifest(subject);
      const artifact = await attach(repository, subject);
      assert.deepEqual(await digestsOf(repository, subject.digest), [artifact.digest]);
    },
  };
}

function filters(): Record<string, RowBody> {
  return {
    "without a filter all five are listed, and no filter is named": async ({ repository }) => {
      const { subject, digests } = await attachFive(repository);
      const answer = await repository.listReferrers(subject.digest);
      const found = expectReferrers(answer).map(({ digest }) => digest);
      assert.deepEqual(found.toSorted(), digests.toSorted());
      assert.equal(answer.header("oci-filters-applied"), undefined);
    },
    "the filter artifactType lists two of five and says so": async ({ repository }) => {
      const { subject } = await attachFive(repository);
      const answer = await repository.listReferrers(
        subject.digest,
        `?artifactType=${EXAMPLE_ARTIFACT_B}`,
      );
      const found = expectReferrers(answer);
      assert.deepEqual(
        found.map(({ artifactType }) => artifactType),
        [EXAMPLE_ARTIFACT_B, EXAMPLE_ARTIFACT_B],
      );
      expectHeader(answer, "oci-filters-applied", "artifactType");
    },
    "a filter that nothing matches gives an empty index and says so": async ({ repository }) => {
      const { subject } = await attachFive(repository);
      const answer = await repository.listReferrers(
        subject.digest,
        "?artifactType=application/none",
      );
      assert.deepEqual(expectReferrers(answer), []);
      expectHeader(answer, "oci-filters-applied", "artifactType");
    },
    "a percent-encoded filter with a plus sign matches": async ({ repository }) => {
      const subject = await repository.pushImage("latest");
      const artifactType = "application/vnd.example.thing+json";
      const artifact = await attach(repository, subject, { artifactType });
      const query = `?artifactType=${encodeURIComponent(artifactType)}`;
      const found = expectReferrers(await repository.listReferrers(subject.digest, query));
      assert.deepEqual(
        found.map(({ digest }) => digest),
        [artifact.digest],
      );
    },
    "Links lead through all of a long list": async ({ client, repository }) => {
      const subject = await repository.pushImage("latest");
      const digests: string[] = [];
      for (let at = 0; at < 40; at += 1) {
        const annotations = { at: String(at) };
        digests.push((await attach(repository, subject, { annotations })).digest);
      }
      const found: string[] = [];
      let target: string | undefined = `/v2/${repository.name}/referrers/${subject.digest}`;
      while (target !== undefined && found.length <= digests.length) {
        const answer = await client.send("GET", target);
        found.push(...expectReferrers(answer).map(({ digest }) => digest));
        target = nextLinkOf(answer);
      }
      assert.deepEqual(found.toSorted(), digests.toSorted());
    },
  };
}

function changes(): Record<string, RowBody> {
  return {
    "a subject that was never pushed has its referrers": async ({ repository }) => {
      const subject = { ...blobOf(repository.name), mediaType: OCI_IMAGE };
      const artifact = await attach(repository, subject);
      assert.deepEqual(await digestsOf(repository, subject.digest), [artifact.digest]);
    },
    "a subject that is pushed later has its referrers": async ({ repository }) => {
      const subject = imageManifest(await repository.pushImageBlobs());
      const artifact = await attach(repository, subject);
      await repository.pushManifest(subject, "latest");
      assert.deepEqual(await digestsOf(repository, subject.digest), [artifact.digest]);
    },
    "a referrer pushed by tag and by digest is listed once": async ({ repository }) => {
      const subject = await repository.pushImage("latest");
      const artifact = await attach(repository, subject);
      await repository.pushManifest(artifact, "signature");
      await repository.pushManifest(artifact);
      assert.deepEqual(await digestsOf(repository, subject.digest), [artifact.digest]);
    },
    "a deleted referrer leaves the list at once": async ({ repository }) => {
      const subject = await repository.pushImage("latest");
      const kept = await attach(repository, subject, { annotations: { kept: "yes" } });
      const gone = await attach(repository, subject);
      expectStatus(await repository.send("DELETE", `manifests/${gone.digest}`), 202);
      assert.deepEqual(await digestsOf(repository, subject.digest), [kept.digest]);
    },
    "deleting a referrer's tag leaves it in the list": async ({ repository }) => {
      const subject = await repository.pushImage("latest");
      const artifact = await attach(repository, subject);
      await repository.pushManifest(artifact, "signature");
      expectStatus(await repository.send("DELETE", "manifests/signature"), 202);
      assert.deepEqual(await digestsOf(repository, subject.digest), [artifact.digest]);
    },
    "after the subject is deleted the list still answers 200": async ({ repository }) => {
      const subject = await repository.pushImage("latest");
      await attach(repository, subject);
      expectStatus(await repository.send("DELETE", `manifests/${subject.digest}`), 202);
      assert.ok((await referrersOf(repository, subject.digest)).length <= 1);
    },
    "referrers of one repository are not those of another": async ({ repository, another }) => {
      const subject = await repository.pushImage("latest");
      const artifact = await attach(repository, subject);
      const other = another();
      await other.pushImage("latest");
      assert.deepEqual(await referrersOf(other, subject.digest), []);
      assert.deepEqual(await digestsOf(repository, subject.digest), [artifact.digest]);
    },
    "a referrer may itself be a subject": async ({ repository }) => {
      const subject = await repository.pushImage("latest");
      const statement = await attach(repository, subject);
      const signature = await attach(repository, statement);
      assert.deepEqual(await digestsOf(repository, subject.digest), [statement.digest]);
      assert.deepEqual(await digestsOf(repository, statement.digest), [signature.digest]);
    },
    "what a fallback tag names is listed, and once": async ({ repository }) => {
      const subject = await repository.pushImage("latest");
      const artifact = await attach(repository, subject);
      const manifests = [descriptorOf(artifact, OCI_IMAGE, { artifactType: EXAMPLE_ARTIFACT_A })];
      const fallback = imageIndex({ manifests });
      await repository.pushManifest(fallback, subject.digest.replace(":", "-"));
      assert.deepEqual(await digestsOf(repository, subject.digest), [artifact.digest]);
      expectContent(await repository.getManifest(subject.digest.replace(":", "-")), fallback);
    },
  };
}

/** Pushes an artifact of {@link EXAMPLE_ARTIFACT_A}, or of what `members` say, that refers to the subject. */
async function attach(
  repository: Repository,
  subject: ManifestDocument,
  members: Readonly<Record<string, unknown>> = {},
): Promise<ManifestDocument> {
  const content = await repository.pushBlob(blobOf("{}"));
  const config = descriptorOf(content, OCI_EMPTY);
  const reference = descriptorOf(subject, subject.mediaType);
  const all = { artifactType: EXAMPLE_ARTIFACT_A, subject: reference, ...members };
  return pushReferrer(repository, imageManifest({ config, layers: [config], members: all }));
}

async function pushReferrer(
  repository: Repository,
  document: ManifestDocument,
): Promise<ManifestDocument> {
  const answer = await repository.putManifest(document);
  expectStatus(answer, 201);
  expectHeader(answer, "oci-subject", document.subject ?? "");
  return document;
}

/** Three artifacts of type A and two of type B, images and an index. */
async function attachFive(
  repository: Repository,
): Promise<{ subject: ManifestDocument; digests: string[] }> {
  const subject = await repository.pushImage("latest");
  const reference = descriptorOf(subject, OCI_IMAGE);
  const members = { artifactType: EXAMPLE_ARTIFACT_B, subject: reference };
  const documents = [
    await attach(repository, subject),
    await attach(repository, subject, { annotations: { nth: "second" } }),
    await attach(repository, subject, { annotations: { nth: "third" } }),
    await attach(repository, subject, { artifactType: EXAMPLE_ARTIFACT_B }),
    await pushReferrer(repository, imageIndex({ manifests: [], members })),
  ];
  return { subject, digests: documents.map(({ digest }) => digest) };
}

async function referrersOf(repository: Repository, digest: string): Promise<readonly Descriptor[]> {
  return expectReferrers(await repository.listReferrers(digest));
}

async function digestsOf(repository: Repository, digest: string): Promise<string[]> {
  return (await referrersOf(repository, digest)).map((referrer) => referrer.digest);
}
