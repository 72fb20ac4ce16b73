/** The base of the API: the ping, paths and methods that are not there, and what every answer carries. */
import assert from "node:assert/strict";

import { expectHeader, expectNoBody, expectStatus } from "../expectations.ts";
import { rowsOf, type Row } from "../row.ts";

const VERSION_HEADER = "docker-distribution-api-version";

export const baseRows: readonly Row[] = rowsOf("base", {
  "GET /v2/ answers 200 with an empty JSON object": async ({ client }) => {
    const answer = await client.send("GET", "/v2/");
    expectStatus(answer, 200);
    assert.match(answer.header("content-type") ?? "", /^application\/json/);
    expectHeader(answer, "content-length", "2");
    assert.deepEqual(answer.json(), {});
  },
  "HEAD /v2/ answers 200": async ({ client }) => {
    expectStatus(await client.send("HEAD", "/v2/"), 200);
    const answer = await client.send("GET", "/v2/");
    assert.deepEqual(answer.json(), {});
  },
  "/v2 without its slash leads to the same answer": async ({ client }) => {
    const answer = await client.send("GET", "/v2", { followsRedirects: true });
    expectStatus(answer, 200);
    assert.deepEqual(answer.json(), {});
  },
  "the version header stands on good answers and on errors": async ({ client, repository }) => {
    expectHeader(await client.send("GET", "/v2/"), VERSION_HEADER, "registry/2.0");
    const missing = await repository.getManifest("missing");
    expectStatus(missing, 404);
    expectHeader(missing, VERSION_HEADER, "registry/2.0");
    const started = await repository.postUpload();
    expectStatus(started, 202);
    expectHeader(started, VERSION_HEADER, "registry/2.0");
  },
  "a path below /v2/ that is no route answers 404": async ({ client, repository }) => {
    expectStatus(await client.send("GET", "/v2/"), 200);
    expectStatus(await client.send("GET", `/v2/${repository.name}/nothing/here`), 404);
    expectStatus(await client.send("GET", `/v2/${repository.name}`), 404);
  },
  "the root path answers 200 to a load balancer": async ({ client }) => {
    expectStatus(await client.send("GET", "/"), 200);
    expectHeader(await client.send("GET", "/v2/"), VERSION_HEADER, "registry/2.0");
  },
  "a method that a route has not answers 405 with Allow": async ({ repository }) => {
    const onManifest = await repository.send("POST", "manifests/latest");
    expectStatus(onManifest, 405);
    assert.match(onManifest.header("allow") ?? "", /GET.*PUT/);
    const onTags = await repository.send("DELETE", "tags/list");
    expectStatus(onTags, 405);
    assert.match(onTags.header("allow") ?? "", /GET/);
  },
  "an empty answer to a push says Content-Length 0": async ({ repository }) => {
    const image = await repository.pushImage();
    const answer = await repository.putManifest(image, "again");
    expectStatus(answer, 201);
    expectNoBody(answer);
  },
  "tags of an unused repository answer 404, or 200 with an empty list": async ({ repository }) => {
    const answer = await repository.listTags();
    expectStatus(answer, 200, 404);
    if (answer.status === 200) assert.deepEqual(await repository.tags(), []);
    else assert.match(answer.body.toString(), /"NAME_UNKNOWN"/);
  },
});
