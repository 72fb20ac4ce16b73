/** Manifests that a registry must take and give back as they are. */
import assert from "node:assert/strict";

import {
  absentDigest,
  descriptorOf,
  DOCKER_CONFIG,
  DOCKER_IMAGE,
  DOCKER_LAYER,
  DOCKER_LIST,
  documentOf,
  imageIndex,
  imageManifest,
  newBlob,
  OCI_IMAGE,
  OCI_INDEX,
  type ManifestDocument,
} from "../documents.ts";
import {
  expectContent,
  expectHeader,
  expectNoBody,
  expectStatus,
  locationOf,
} from "../expectations.ts";
import type { Repository } from "../repository.ts";
import { rowsOf, type Row, type RowBody } from "../row.ts";

const LIMIT_BYTES = 4 * 1024 * 1024;

export const manifestRows: readonly Row[] = rowsOf("manifests", {
  ...pushing(),
  ...reading(),
  ...exactBytes(),
  ...dockerTypes(),
});

function pushing(): Record<string, RowBody> {
  return {
    "PUT by tag answers 201 with the digest and a Location by digest": async ({ repository }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      const answer = await repository.putManifest(image, "latest");
      expectStatus(answer, 201);
      expectNoBody(answer);
      expectHeader(answer, "docker-content-digest", image.digest);
      const { pathname } = locationOf(answer);
      assert.equal(
        decodeURIComponent(pathname),
        `/v2/${repository.name}/manifests/${image.digest}`,
      );
    },
    "PUT by digest answers 201 and the Location leads to the manifest": async ({
      client,
      repository,
    }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      const answer = await repository.putManifest(image);
      expectStatus(answer, 201);
      expectHeader(answer, "docker-content-digest", image.digest);
      const headers = { accept: OCI_IMAGE };
      expectContent(await client.send("GET", locationOf(answer), { headers }), image, OCI_IMAGE);
    },
    "PUT of what is there already answers 201 again": async ({ repository }) => {
      const image = await repository.pushImage("latest");
      expectStatus(await repository.putManifest(image, "latest"), 201);
      expectStatus(await repository.putManifest(image), 201);
      expectContent(await repository.getManifest("latest"), image);
    },
    "PUT moves a tag, and the old manifest stays by its digest": async ({ repository }) => {
      const [first, second] = [
        await repository.pushImage("latest"),
        await repository.pushImage("latest"),
      ];
      expectContent(await repository.getManifest("latest"), second);
      expectContent(await repository.getManifest(first.digest), first);
    },
    "Content-Type parameters are dropped": async ({ repository }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      const headers = { "content-type": `${OCI_IMAGE}; charset=utf-8` };
      expectStatus(await repository.putManifest(image, "latest", headers), 201);
      expectContent(await repository.getManifest("latest"), image, OCI_IMAGE);
    },
    "a manifest sent without a length is taken": async ({ repository }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      const parts = { headers: { "content-type": OCI_IMAGE }, body: [image.bytes] };
      expectStatus(await repository.send("PUT", "manifests/latest", parts), 201);
      expectContent(await repository.getManifest("latest"), image);
    },
    "a tag of 128 characters is taken": async ({ repository }) => {
      const tag = `${"a".repeat(126)}.Z`;
      const image = await repository.pushImage(tag);
      expectContent(await repository.getManifest(tag), image);
      assert.deepEqual(await repository.tags(), [tag]);
    },
    "a manifest of exactly 4 MiB is taken": async ({ repository }) => {
      const parts = await repository.pushImageBlobs();
      const empty = imageManifest({ ...parts, members: { annotations: { fill: "" } } });
      const fill = "x".repeat(LIMIT_BYTES - empty.bytes.byteLength);
      const image = imageManifest({ ...parts, members: { annotations: { fill } } });
      assert.equal(image.bytes.byteLength, LIMIT_BYTES);
      expectStatus(await repository.putManifest(image, "large"), 201);
      expectContent(await repository.getManifest("large"), image);
    },
    "an index may name manifests that are not there": async ({ repository }) => {
      const image = await repository.pushImage();
      const absent = { mediaType: OCI_IMAGE, digest: absentDigest(), size: 1024 };
      const index = imageIndex({ manifests: [descriptorOf(image, OCI_IMAGE), absent] });
      expectStatus(await repository.putManifest(index, "sparse"), 201);
      expectContent(await repository.getManifest("sparse"), index, OCI_INDEX);
    },
  };
}

function reading(): Record<string, RowBody> {
  return {
    "GET by tag and by digest answer bytes, type, length, digest and entity tag": async ({
      repository,
    }) => {
      const image = await repository.pushImage("latest");
      for (const reference of ["latest", image.digest]) {
        const answer = await repository.getManifest(reference);
        expectContent(answer, image, OCI_IMAGE);
        expectHeader(answer, "etag", `"${image.digest}"`);
      }
    },
    "HEAD by tag and by digest answer the headers of GET": async ({ repository }) => {
      const image = await repository.pushImage("latest");
      for (const reference of ["latest", image.digest]) {
        const answer = await repository.headManifest(reference);
        expectContent(answer, image, OCI_IMAGE);
        expectHeader(answer, "etag", `"${image.digest}"`);
      }
    },
    "an image is served by tag without an Accept header": async ({ repository }) => {
      const image = await repository.pushImage("latest");
      expectContent(await repository.getManifestPlainly("latest"), image, OCI_IMAGE);
    },
    "an image is served by digest without an Accept header": async ({ repository }) => {
      const image = await repository.pushImage("latest");
      expectContent(await repository.getManifestPlainly(image.digest), image, OCI_IMAGE);
    },
    "an image is served to Accept */*": async ({ repository }) => {
      const image = await repository.pushImage("latest");
      expectContent(await repository.getManifest("latest", { accept: "*/*" }), image, OCI_IMAGE);
    },
    "an index is served without an Accept header": async ({ repository }) => {
      const index = await pushIndex(repository);
      expectContent(await repository.getManifestPlainly(index.digest), index, OCI_INDEX);
      expectContent(await repository.getManifestPlainly("multi"), index, OCI_INDEX);
    },
    "Accept types in one line and in several are the same": async ({ repository }) => {
      const image = await repository.pushImage("latest");
      const inOne = await repository.getManifest("latest", {
        accept: `${OCI_INDEX}, ${OCI_IMAGE};q=0.5`,
      });
      expectContent(inOne, image, OCI_IMAGE);
      expectContent(
        await repository.getManifest("latest", { accept: [OCI_INDEX, OCI_IMAGE] }),
        image,
      );
    },
    "a manifest of one repository is unknown in another": async ({ repository, another }) => {
      const image = await repository.pushImage("latest");
      const other = another();
      await other.pushImage("other");
      expectContent(await repository.getManifest("latest"), image);
      expectStatus(await other.getManifest(image.digest), 404);
      expectStatus(await other.getManifest("latest"), 404);
    },
    "a manifest is no blob of its repository": async ({ repository }) => {
      const image = await repository.pushImage("latest");
      expectStatus(await repository.getBlob(image.digest), 404);
      expectContent(await repository.getManifest(image.digest), image);
    },
  };
}

function exactBytes(): Record<string, RowBody> {
  return {
    "blanks, order and unknown members of the document are kept to the byte": async ({
      repository,
    }) => {
      const { config, layers } = await repository.pushImageBlobs();
      const value = {
        unknown: { ä: [1.0, 2e3, null] },
        layers,
        config,
        mediaType: OCI_IMAGE,
        schemaVersion: 2,
      };
      const text = `\n ${JSON.stringify(value, undefined, 5)}\t\r\n`;
      const image = documentOf(OCI_IMAGE, value, { text });
      await repository.pushManifest(image, "odd");
      expectContent(await repository.getManifest("odd"), image, OCI_IMAGE);
      expectContent(await repository.getManifest(image.digest), image, OCI_IMAGE);
    },
    "an image without mediaType comes back as an OCI image": async ({ repository }) => {
      const parts = await repository.pushImageBlobs();
      const image = imageManifest({ ...parts, members: { mediaType: undefined } });
      await repository.pushManifest(image, "untyped");
      expectContent(await repository.getManifest("untyped"), image, OCI_IMAGE);
    },
    "an index without mediaType comes back as an OCI index": async ({ repository }) => {
      const image = await repository.pushImage();
      const manifests = [descriptorOf(image, OCI_IMAGE)];
      const index = imageIndex({ manifests, members: { mediaType: undefined } });
      await repository.pushManifest(index, "untyped");
      expectContent(await repository.getManifest("untyped"), index, OCI_INDEX);
    },
    "an empty index without mediaType comes back as an OCI index": async ({ repository }) => {
      const members = { mediaType: undefined, annotations: { unique: repository.name } };
      const index = imageIndex({ manifests: [], members });
      await repository.pushManifest(index, "untyped");
      expectContent(await repository.getManifest("untyped"), index, OCI_INDEX);
    },
  };
}

function dockerTypes(): Record<string, RowBody> {
  return {
    "a Docker image is kept under its type": async ({ repository }) => {
      const image = await pushDockerImage(repository);
      expectContent(await repository.getManifest("docker"), image, DOCKER_IMAGE);
      expectContent(await repository.getManifest(image.digest), image, DOCKER_IMAGE);
    },
    "a Docker image is served by tag without an Accept header": async ({ repository }) => {
      const image = await pushDockerImage(repository);
      expectContent(await repository.getManifestPlainly("docker"), image, DOCKER_IMAGE);
    },
    "a Docker manifest list is kept under its type": async ({ repository }) => {
      const image = await pushDockerImage(repository);
      const platform = { os: "linux", architecture: "amd64" };
      const manifests = [descriptorOf(image, DOCKER_IMAGE, { platform })];
      const value = { schemaVersion: 2, mediaType: DOCKER_LIST, manifests };
      const list = await repository.pushManifest(documentOf(DOCKER_LIST, value), "list");
      expectContent(await repository.getManifest("list"), list, DOCKER_LIST);
      expectContent(await repository.getManifestPlainly(list.digest), list, DOCKER_LIST);
    },
  };
}

async function pushIndex(repository: Repository): Promise<ManifestDocument> {
  const image = await repository.pushImage();
  const index = imageIndex({ manifests: [descriptorOf(image, OCI_IMAGE)] });
  return repository.pushManifest(index, "multi");
}

async function pushDockerImage(repository: Repository): Promise<ManifestDocument> {
  const config = descriptorOf(await repository.pushBlob(newBlob(90)), DOCKER_CONFIG);
  const layers = [descriptorOf(await repository.pushBlob(newBlob(200)), DOCKER_LAYER)];
  const value = { schemaVersion: 2, mediaType: DOCKER_IMAGE, config, layers };
  return repository.pushManifest(documentOf(DOCKER_IMAGE, value), "docker");
}
