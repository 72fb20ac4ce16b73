/** The catalogue of repositories: an addition of the reference registry that tools rely on. */
import assert from "node:assert/strict";

import type { Answer, RegistryClient } from "../client.ts";
import { expectError, expectStatus, nextLinkOf } from "../expectations.ts";
import type { Repository } from "../repository.ts";
import { rowsOf, type Row, type RowContext } from "../row.ts";

const MAX_PAGES = 10_000;

export const catalogRows: readonly Row[] = rowsOf("catalog", {
  "lists a repository after its first push, once": async ({ client, repository }) => {
    await repository.pushImage("latest");
    const names = await catalogByLinks(client, "?n=1000");
    assert.equal(names.filter((name) => name === repository.name).length, 1);
  },
  "lists nothing for a repository that was only asked for": async ({ client, repository }) => {
    await repository.listTags();
    const names = await catalogByLinks(client, "?n=1000");
    assert.ok(!names.includes(repository.name));
  },
  "n gives exactly n repositories and a Link": async (context) => {
    await pushTwo(context);
    const answer = await context.client.send("GET", "/v2/_catalog?n=1");
    assert.equal(namesOf(answer).length, 1);
    assert.match(nextLinkOf(answer) ?? "", /^\/v2\/_catalog\?/);
  },
  "last begins behind that repository": async (context) => {
    const [first, second] = await pushTwo(context);
    const target = `/v2/_catalog?last=${encodeURIComponent(first.name)}&n=1`;
    assert.deepEqual(namesOf(await context.client.send("GET", target)), [second.name]);
  },
  "the Links lead through all, each once": async (context) => {
    const two = await pushTwo(context);
    const start = encodeURIComponent(two[0].name.slice(0, -"/a".length));
    const names = await catalogByLinks(context.client, `?n=25&last=${start}`);
    for (const { name } of two) assert.ok(names.includes(name));
    assert.equal(new Set(names).size, names.length);
  },
  "n=0 gives an empty list": async ({ client, repository }) => {
    await repository.pushImage("latest");
    assert.deepEqual(namesOf(await client.send("GET", "/v2/_catalog?n=0")), []);
  },
  "n above the greatest page is cut to it": async ({ client, repository }) => {
    await repository.pushImage("latest");
    assert.ok(namesOf(await client.send("GET", "/v2/_catalog?n=100000")).length > 0);
  },
  "n that is negative or no number answers 400 PAGINATION_NUMBER_INVALID": async ({ client }) => {
    for (const n of ["-1", "many"]) {
      const answer = await client.send("GET", `/v2/_catalog?n=${n}`);
      expectError(answer, 400, "PAGINATION_NUMBER_INVALID");
    }
  },
  "HEAD answers 200": async ({ client }) => {
    expectStatus(await client.send("HEAD", "/v2/_catalog"), 200);
    namesOf(await client.send("GET", "/v2/_catalog"));
  },
});

/** Two repositories that follow one another in any order of names. */
async function pushTwo({ another }: RowContext): Promise<readonly [Repository, Repository]> {
  const base = another();
  const [first, second] = [base.below("a"), base.below("b")];
  await first.pushImage("latest");
  await second.pushImage("latest");
  return [first, second];
}

function namesOf(answer: Answer): readonly string[] {
  expectStatus(answer, 200);
  assert.match(answer.header("content-type") ?? "", /^application\/json/);
  const { repositories } = answer.json() as { repositories: readonly string[] };
  assert.ok(Array.isArray(repositories), "repositories is a list");
  return repositories;
}

async function catalogByLinks(client: RegistryClient, query: string): Promise<string[]> {
  const names: string[] = [];
  let target: string | undefined = `/v2/_catalog${query}`;
  for (let pages = 0; target !== undefined; pages += 1) {
    assert.ok(pages < MAX_PAGES, "the Links run in a circle");
    const answer = await client.send("GET", target);
    names.push(...namesOf(answer));
    target = nextLinkOf(answer);
  }
  return names;
}
