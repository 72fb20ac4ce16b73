/** The list of tags, its pages, and pushing tags by query. */
import assert from "node:assert/strict";

import type { RegistryClient } from "../client.ts";
import { imageIndex, imageManifest, type ManifestDocument } from "../documents.ts";
import {
  expectContent,
  expectError,
  expectHeader,
  expectStatus,
  nextLinkOf,
} from "../expectations.ts";
import type { Repository, TagList } from "../repository.ts";
import { rowsOf, type Row, type RowBody } from "../row.ts";

/** One more than the greatest page of the reference registry. */
const MANY = 1001;
const TAGS_PER_PUSH = 10;

export const tagRows: readonly Row[] = rowsOf("tags", { ...listing(), ...paging(), ...refusing() });
export const tagParameterRows: readonly Row[] = rowsOf("tag parameter", parameters());

function listing(): Record<string, RowBody> {
  return {
    "the list names the repository and its tags in order": async ({ repository }) => {
      await repository.pushImage("b", "1.10", "a", "1.9", "a-b", "a.b", "z");
      const answer = await repository.listTags();
      expectStatus(answer, 200);
      assert.match(answer.header("content-type") ?? "", /^application\/json/);
      const tags = ["1.10", "1.9", "a", "a-b", "a.b", "b", "z"];
      assert.deepEqual(answer.json(), { name: repository.name, tags });
    },
    "upper and lower case have an order that stays": async ({ repository }) => {
      await repository.pushImage("b", "A", "a", "B");
      const tags = await repository.tags();
      const byBytes = ["A", "B", "a", "b"];
      assert.deepEqual([...tags].toSorted(), byBytes);
      const folded = tags.map((tag) => tag.toLowerCase()).join("");
      assert.ok(
        tags.join("") === byBytes.join("") || folded === "aabb",
        `odd order: ${tags.join(" ")}`,
      );
    },
    "a repository that was never pushed to answers 404 NAME_UNKNOWN": async ({
      repository,
      another,
    }) => {
      await repository.pushImage("latest");
      expectError(await another().listTags(), 404, "NAME_UNKNOWN");
    },
    "a manifest pushed by digest adds no tag": async ({ repository }) => {
      await repository.pushImage("latest");
      await repository.pushImage();
      assert.deepEqual(await repository.tags(), ["latest"]);
    },
    "HEAD answers 200": async ({ repository }) => {
      await repository.pushImage("latest");
      expectStatus(await repository.send("HEAD", "tags/list"), 200);
      assert.deepEqual(await repository.tags(), ["latest"]);
    },
    "without n the list is whole, whatever its length": async ({ repository }) => {
      const tags = await pushTags(repository, 150);
      const answer = await repository.listTags();
      assert.deepEqual((answer.json() as TagList).tags, tags);
      assert.equal(nextLinkOf(answer), undefined);
    },
  };
}

function paging(): Record<string, RowBody> {
  return {
    "n gives exactly n tags and a Link to the rest": async ({ repository }) => {
      await repository.pushImage("a", "b", "c", "d", "e");
      const answer = await repository.listTags("?n=2");
      expectStatus(answer, 200);
      assert.deepEqual((answer.json() as TagList).tags, ["a", "b"]);
      assert.ok(nextLinkOf(answer)?.startsWith(`/v2/${repository.name}/tags/list?`));
    },
    "the Links lead through all tags, each once": async ({ client, repository }) => {
      await repository.pushImage("a", "b", "c", "d", "e");
      assert.deepEqual(await tagsByLinks(client, repository, "?n=2"), ["a", "b", "c", "d", "e"]);
    },
    "n=0 gives an empty list without a Link": async ({ repository }) => {
      await repository.pushImage("a");
      assert.deepEqual(await repository.tags("?n=0"), []);
      assert.equal(nextLinkOf(await repository.listTags("?n=0")), undefined);
    },
    "n above the number of tags gives them all without a Link": async ({ repository }) => {
      await repository.pushImage("a", "b");
      const answer = await repository.listTags("?n=50");
      assert.deepEqual((answer.json() as TagList).tags, ["a", "b"]);
      assert.equal(nextLinkOf(answer), undefined);
    },
    "last begins behind that tag": async ({ repository }) => {
      await repository.pushImage("a", "b", "c", "d");
      assert.deepEqual(await repository.tags("?last=b"), ["c", "d"]);
      assert.deepEqual(await repository.tags("?last=b&n=1"), ["c"]);
    },
    "last need not be there": async ({ repository }) => {
      await repository.pushImage("a", "c", "d");
      assert.deepEqual(await repository.tags("?last=b"), ["c", "d"]);
      assert.deepEqual(await repository.tags("?last=zz"), []);
    },
    "n above the greatest page is cut to it, with a Link to the rest": async ({
      client,
      repository,
    }) => {
      const tags = await pushTags(repository, MANY);
      const answer = await repository.listTags("?n=100000");
      expectStatus(answer, 200);
      assert.ok((answer.json() as TagList).tags.length < MANY);
      assert.notEqual(nextLinkOf(answer), undefined);
      assert.deepEqual(await tagsByLinks(client, repository, "?n=100000"), tags);
    },
  };
}

function refusing(): Record<string, RowBody> {
  return {
    "n that is negative answers 400 PAGINATION_NUMBER_INVALID": async ({ repository }) => {
      await repository.pushImage("a");
      expectError(await repository.listTags("?n=-1"), 400, "PAGINATION_NUMBER_INVALID");
    },
    "n that is no number answers 400 PAGINATION_NUMBER_INVALID": async ({ repository }) => {
      await repository.pushImage("a");
      expectError(await repository.listTags("?n=many"), 400, "PAGINATION_NUMBER_INVALID");
    },
    "n far beyond any page answers 200": async ({ repository }) => {
      await repository.pushImage("a");
      assert.deepEqual(await repository.tags("?n=2147483647"), ["a"]);
    },
  };
}

function parameters(): Record<string, RowBody> {
  return {
    "PUT by digest with a tag sets it and says so": async ({ repository }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      const answer = await repository.putManifest(image, `${image.digest}?tag=one`);
      expectStatus(answer, 201);
      assert.deepEqual(acceptedTags(answer.header("oci-tag")), ["one"]);
      expectContent(await repository.getManifest("one"), image);
    },
    "PUT by digest with ten tags sets them all": async ({ repository }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      const tags = numberedTags(10);
      const answer = await repository.putManifest(image, `${image.digest}?${queryOf(tags)}`);
      expectStatus(answer, 201);
      assert.deepEqual(acceptedTags(answer.header("oci-tag")), tags);
      for (const tag of tags) expectContent(await repository.headManifest(tag), image);
      assert.deepEqual(await repository.tags(), tags);
    },
    "PUT by a sha512 digest with a tag serves it by that digest": async ({ repository }) => {
      const image = imageManifest(await repository.pushImageBlobs("sha512"));
      const answer = await repository.putManifest(image, `${image.digest}?tag=one`);
      expectStatus(answer, 201);
      expectHeader(answer, "docker-content-digest", image.digest);
      assert.deepEqual(acceptedTags(answer.header("oci-tag")), ["one"]);
      expectContent(await repository.getManifest("one"), image);
      expectContent(await repository.getManifest(image.digest), image);
    },
    "PUT by digest without tags says nothing of tags": async ({ repository }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      const answer = await repository.putManifest(image);
      expectStatus(answer, 201);
      assert.equal(answer.header("oci-tag"), undefined);
    },
    "a tag that is there moves": async ({ repository }) => {
      await repository.pushImage("one");
      const image = imageManifest(await repository.pushImageBlobs());
      expectStatus(await repository.putManifest(image, `${image.digest}?tag=one`), 201);
      expectContent(await repository.getManifest("one"), image);
    },
    "a refused manifest sets no tag": async ({ repository }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      const spoiled = { ...image, bytes: Buffer.concat([image.bytes, Buffer.from(" ")]) };
      const answer = await repository.putManifest(spoiled, `${image.digest}?tag=one`);
      expectError(answer, 400, "DIGEST_INVALID");
      expectStatus(await repository.getManifest("one"), 404);
    },
    "a tag that is none is not accepted": async ({ repository }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      const answer = await repository.putManifest(image, `${image.digest}?tag=good&tag=..%2Fbad`);
      if (answer.status === 201) assert.deepEqual(acceptedTags(answer.header("oci-tag")), ["good"]);
      else expectError(answer, 400, "TAG_INVALID", "MANIFEST_INVALID", "NAME_INVALID");
    },
  };
}

function acceptedTags(header: string | undefined): string[] {
  return (header ?? "").split(",").map((tag) => tag.trim());
}

function numberedTags(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `t${String(at).padStart(4, "0")}`);
}

function queryOf(tags: readonly string[]): string {
  return tags.map((tag) => `tag=${tag}`).join("&");
}

/** Pushes one small index by many tags, in tens where the registry takes them, else one by one. */
async function pushTags(repository: Repository, count: number): Promise<readonly string[]> {
  const tags = numberedTags(count);
  const index = imageIndex({
    manifests: [],
    members: { annotations: { unique: repository.name } },
  });
  for (let at = 0; at < tags.length; at += TAGS_PER_PUSH) {
    await pushSomeTags(repository, index, tags.slice(at, at + TAGS_PER_PUSH));
  }
  return tags;
}

async function pushSomeTags(
  repository: Repository,
  index: ManifestDocument,
  tags: readonly string[],
): Promise<void> {
  const answer = await repository.putManifest(index, `${index.digest}?${queryOf(tags)}`);
  expectStatus(answer, 201);
  if (answer.header("oci-tag") === undefined) await repository.pushManifest(index, ...tags);
}

async function tagsByLinks(
  client: RegistryClient,
  repository: Repository,
  query: string,
): Promise<string[]> {
  const tags: string[] = [];
  let target: string | undefined = `/v2/${repository.name}/tags/list${query}`;
  for (let pages = 0; target !== undefined; pages += 1) {
    assert.ok(pages < MANY, "the Links run in a circle");
    const answer = await client.send("GET", target);
    expectStatus(answer, 200);
    tags.push(...(answer.json() as TagList).tags);
    target = nextLinkOf(answer);
  }
  return tags;
}
