/** What a whole server writes down of who did what. */
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { auditEvents } from "../../src/app/audit-trail.ts";
import { createEventBus } from "../../src/events/bus.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { blobPulled, tagDeleted } from "../fakes/registry-events.ts";
import { openServed, type ServedRegistry } from "../fixtures/in-process-registry.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const SECRET = "secret-of-the-robot";
const BLOB = "{}";

let resources: AsyncDisposableStack;
let path: string;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-audit-"))).path;
  path = join(folder, "audit.jsonl");
});
afterEach(() => resources.disposeAsync());

async function open(pulls = false): Promise<ServedRegistry> {
  const barge = {
    auth: { robots: { owner: { secret: SECRET }, creator: { secret: SECRET } } },
    access: [
      { subject: "robot:owner", repositories: "**", actions: "all" },
      { subject: "robot:creator", repositories: "**", actions: ["pull", "push"] },
    ],
    audit: { path, pulls },
  };
  return resources.use(await openServed({ barge }));
}

/** `who METHOD path` below `/v2/`. @returns the status. */
async function ask(server: ServedRegistry, asked: string, body?: string): Promise<number> {
  const [who, method = "", target = ""] = asked.split(" ");
  const basic = Buffer.from(`robot+${who}:${SECRET}`).toString("base64");
  const response = await fetch(new URL(`/v2/${target}`, server.address), {
    method,
    headers: { authorization: `Basic ${basic}`, "content-type": MANIFEST },
    ...(body !== undefined && { body }),
  });
  await response.arrayBuffer();
  return response.status;
}

function manifestOf(version: string): string {
  const config = { mediaType: "application/json", digest: digestOf(Buffer.from(BLOB)), size: 2 };
  const annotations = { version };
  return JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [], annotations });
}

async function written(): Promise<readonly object[]> {
  const lines = (await readFile(path, "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as object);
}

const [first, second] = [manifestOf("1"), manifestOf("2")];
const [before, after] = [first, second].map((text) => digestOf(Buffer.from(text)));

it("every change has its line, a tag with what it pointed to and points to now", async () => {
  const server = await open();
  const blob = digestOf(Buffer.from(BLOB));
  expect(await ask(server, `owner POST a/blobs/uploads/?digest=${blob}`, BLOB)).toBe(201);
  expect(await ask(server, "owner PUT a/manifests/v1", first)).toBe(201);
  expect(await ask(server, "owner PUT a/manifests/v1", first)).toBe(201);
  expect(await ask(server, "creator PUT a/manifests/v1", second)).toBe(403);
  expect(await ask(server, "owner PUT a/manifests/v1", second)).toBe(201);
  expect(await ask(server, "owner GET a/manifests/v1")).toBe(200);
  expect(await ask(server, "owner DELETE a/manifests/v1")).toBe(202);
  expect(await ask(server, `owner DELETE a/manifests/${before}`)).toBe(202);
  const owner = { actor: "robot+owner", identity: "robot", address: "127.0.0.1", repository: "a" };
  expect(await written()).toMatchObject([
    { ...owner, action: "push", reference: blob, outcome: "done" },
    { ...owner, action: "push", reference: "v1", after: before },
    { ...owner, action: "push", reference: "v1", before, after: before },
    { actor: "robot+creator", action: "denied", reference: "v1", outcome: "refused" },
    { ...owner, action: "overwrite", reference: "v1", before, after },
    { ...owner, action: "untag", reference: "v1", before: after },
    { ...owner, action: "delete", reference: before },
  ]);
});

it("pulls have one where they are wanted", async () => {
  const server = await open(true);
  const blob = digestOf(Buffer.from(BLOB));
  await ask(server, `owner POST a/blobs/uploads/?digest=${blob}`, BLOB);
  await ask(server, "owner PUT a/manifests/v1", first);
  await ask(server, "creator GET a/manifests/v1");
  const [pull, ...more] = (await written()).slice(2);
  expect(pull).toMatchObject({
    actor: "robot+creator",
    action: "pull",
    reference: "v1",
    after: before,
  });
  expect(more).toEqual([]);
});

it("pulls that somebody else wants to hear of have none where they are not wanted", () => {
  const events = createEventBus({ log: new RecordingLogger() });
  const actions: string[] = [];
  events.subscribe(() => undefined);
  auditEvents(events, { record: ({ action }) => actions.push(action) }, { pulls: false });
  events.publish(blobPulled("1"));
  events.publish(tagDeleted("2"));
  expect(actions).toEqual(["untag"]);
});
