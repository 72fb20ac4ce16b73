/** Names of repositories: what the grammar allows, and what must not get through. */
import { expectContent, expectError, expectStatus } from "../expectations.ts";
import assert from "node:assert/strict";

import { rowsOf, type Row, type RowBody, type RowContext } from "../row.ts";

const LONGEST = 255;

const GOOD = ["a.b", "a_b", "a__b", "a-b", "a---b", "1/2/3/4/5/6/7/8", "a.b_c__d-e/f"];

/** Names that contain the words of the routes. */
const ROUTE_WORDS = [
  "tags/list",
  "blobs/uploads",
  "manifests/latest",
  "referrers/x",
  "blobs",
  "manifests",
];

const BAD = [
  "Upper",
  "a..b",
  "a___b",
  "-a",
  "a-",
  ".a",
  "a//b",
  "_a",
  "a%0A",
  "a%00",
  "%2e%2e/%2e%2e",
  "%C3%A4",
];

export const nameRows: readonly Row[] = rowsOf("names", {
  ...Object.fromEntries(
    GOOD.map((name): [string, RowBody] => [
      `${name} is a name`,
      async (context) => expectUsable(context, name),
    ]),
  ),
  ...Object.fromEntries(
    ROUTE_WORDS.map((name): [string, RowBody] => [
      `a name that ends with ${name} is told from the route`,
      async (context) => expectUsable(context, name),
    ]),
  ),
  ...Object.fromEntries(
    BAD.map((name): [string, RowBody] => [
      `a name with ${name} is refused`,
      async (context) => expectRefused(context, name),
    ]),
  ),
  "a name of 255 characters is taken": async ({ repository }) => {
    const rest = LONGEST - repository.name.length - 1;
    const long = repository.below(
      `${"a".repeat(60)}/`
        .repeat(4)
        .slice(0, rest - 1)
        .concat("z"),
    );
    assert.equal(long.name.length, LONGEST);
    const image = await long.pushImage("latest");
    expectContent(await long.getManifest("latest"), image);
  },
  "a name of 300 characters answers 400 or 404 with an error in JSON": async ({ repository }) => {
    const long = repository.below(`${"a".repeat(60)}/`.repeat(5).concat("z"));
    expectError(await long.postUpload(), [400, 404], "NAME_INVALID");
    expectError(await long.getManifest("latest"), [400, 404], "NAME_INVALID");
  },
  "a name in upper case answers 400 or 404 with an error in JSON": async ({ client }) => {
    const answer = await client.send("POST", "/v2/UPPER/Case/blobs/uploads/");
    expectError(answer, [400, 404], "NAME_INVALID");
  },
  "a percent-encoded slash is a slash": async ({ client, repository }) => {
    const image = await repository.pushImage("latest");
    const encoded = repository.name.replaceAll("/", "%2F");
    const headers = { accept: image.mediaType };
    const answer = await client.send("GET", `/v2/${encoded}/manifests/latest`, { headers });
    expectContent(answer, image);
  },
});

async function expectUsable({ repository }: RowContext, suffix: string): Promise<void> {
  const named = repository.below(suffix);
  const image = await named.pushImage("latest");
  expectContent(await named.getManifest("latest"), image);
  expectContent(await named.getManifest(image.digest), image);
  assert.deepEqual(await named.tags(), ["latest"]);
}

/** The name itself is refused, not only unknown: nothing can be pushed to it. */
async function expectRefused({ repository }: RowContext, suffix: string): Promise<void> {
  const named = repository.below(suffix);
  expectStatus(await repository.postUpload(), 202);
  const refusals = [400, 404, 301, 308];
  expectStatus(await named.postUpload(), ...refusals);
  expectStatus(await named.listTags(), ...refusals);
}
