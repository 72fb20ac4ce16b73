/** Who gets what answer; the accounts and their rights are a table of the test's own. */
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { type Rights, TableAccess } from "../fakes/table-access.ts";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";

const ALL = ["pull", "push", "overwrite", "delete"] as const;
const TABLE: Readonly<Record<string, Rights>> = {
  "": { "public/app": ["pull"] },
  owner: { "public/app": ALL, "secret/app": ALL, "secret/two": ALL },
  reader: { "public/app": ["pull"] },
  creator: { "public/app": ["pull", "push"] },
  pusher: { "public/app": ["push"], "drop/box": ["push"] },
  deleter: { "public/app": ["pull", "delete"] },
};
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const BLOB = Buffer.from("a blob");
const UNKNOWN = digestOf(randomBytes(8));

let access: TableAccess;
let registry: InProcessRegistry;
let manifest: string;

beforeEach(async () => {
  access = new TableAccess(TABLE);
  registry = await openRegistry({ access });
  for (const name of ["public/app", "secret/app"]) {
    await expectStatus(
      201,
      "owner",
      "POST",
      `${name}/blobs/uploads/?digest=${digestOf(BLOB)}`,
      BLOB,
    );
    await expectStatus(201, "owner", "PUT", `${name}/manifests/v1`, manifestOf("v1"));
  }
  manifest = digestOf(Buffer.from(manifestOf("v1")));
  await expectStatus(201, "owner", "PUT", "secret/app/manifests/sig", manifestOf("sig", manifest));
});
afterEach(() => registry[Symbol.asyncDispose]());

function manifestOf(version: string, subject?: string): string {
  const descriptor = { mediaType: "application/octet-stream", digest: digestOf(BLOB), size: 6 };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor,
    layers: [],
    annotations: { version },
    ...(subject !== undefined && {
      subject: { mediaType: MANIFEST, digest: subject, size: 1 },
    }),
  });
}

interface Got {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Request = readonly [method: string, path: string, body?: string | Buffer];

/** What differs between any two answers is left out. */
async function ask(who: string, ...[method, path, body]: Request): Promise<Got> {
  const response = await fetch(new URL(`/v2/${path}`, registry.origin), {
    method,
    redirect: "manual",
    headers: {
      ...(who !== "" && { authorization: `Test ${who}` }),
      ...(typeof body === "string" && {
        "content-type": MANIFEST,
      }),
    },
    ...(body !== undefined && { body }),
  });
  const { date: _, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, text: await response.text(), headers };
}

async function expectStatus(status: number, who: string, ...request: Request): Promise<Got> {
  const got = await ask(who, ...request);
  const asked = request.slice(0, 2).join(" ");
  expect({ asked, ...got }).toMatchObject({ asked, status });
  return got;
}

/** An answer in which names of what was asked for stand for themselves. */
function anonymised({ status, text, headers }: Got, ...names: readonly string[]): string {
  const whole = JSON.stringify({ status, text, headers });
  return names.reduce((all, name) => all.replaceAll(name, "X"), whole);
}

it("whoever has not said who they are is told whom to ask, with the scope that is needed", async () => {
  const { headers, text } = await expectStatus(401, "", "PUT", "public/app/manifests/v2", "{}");
  expect(headers["www-authenticate"]).toBe(
    `Bearer realm="${registry.origin.origin}/auth/token",service="test",scope="repository:public/app:pull,push"`,
  );
  expect(headers["docker-distribution-api-version"]).toBe("registry/2.0");
  expect(JSON.parse(text)).toMatchObject({ errors: [{ code: "UNAUTHORIZED", detail: [{}, {}] }] });
});

it("the version check demands that one says who one is, and tells no scope", async () => {
  const { headers, text } = await expectStatus(401, "", "GET", "");
  expect(headers["www-authenticate"]).not.toContain("scope");
  expect(JSON.parse(text)).toMatchObject({ errors: [{ detail: null }] });
  await expectStatus(200, "reader", "GET", "");
});

it("what nobody may believe is refused as a bad token, also where nobody has to say who they are", async () => {
  const { headers } = await expectStatus(401, "stranger", "GET", "public/app/manifests/v1");
  expect(headers["www-authenticate"]).toContain('error="invalid_token"');
});

it("HEAD gets the challenge as well", async () => {
  const { headers, text } = await expectStatus(401, "", "HEAD", "secret/app/manifests/v1");
  expect(headers["www-authenticate"]).toContain("repository:secret/app:pull");
  expect(text).toBe("");
});

it("the anonymous may pull where rules say so, beside those who may more", async () => {
  await expectStatus(200, "", "GET", "public/app/manifests/v1");
  await expectStatus(200, "", "GET", `public/app/blobs/${digestOf(BLOB)}`);
  await expectStatus(200, "", "GET", "public/app/tags/list");
  await expectStatus(401, "", "GET", "secret/app/manifests/v1");
});

describe("what may not be read looks like what is not there", () => {
  const subject = (): readonly (readonly [string, string])[] => [
    ["GET", "manifests/v1"],
    ["HEAD", "manifests/v1"],
    ["GET", `manifests/${manifest}`],
    ["GET", `blobs/${digestOf(BLOB)}`],
    ["HEAD", `blobs/${digestOf(BLOB)}`],
    ["GET", "tags/list"],
    ["GET", `referrers/${manifest}`],
  ];

  it("to those who said who they are", async () => {
    for (const [method, path] of subject()) {
      const forbidden = await ask("reader", method, `secret/app/${path}`);
      const absent = await ask("owner", method, `secret/two/${path}`);
      const alike = (got: Got): string => anonymised(got, "secret/app", "secret/two");
      expect(alike(forbidden), `${method} ${path}`).toBe(alike(absent));
    }
  });

  it("to those who did not", async () => {
    for (const [method, path] of subject()) {
      const forbidden = await ask("", method, `secret/app/${path}`);
      const absent = await ask("", method, `never/been/${path}`);
      const alike = (got: Got): string => anonymised(got, "secret/app", "never/been");
      expect(alike(forbidden), `${method} ${path}`).toBe(alike(absent));
    }
  });

  it("and may not be written either, whether it is there or not", async () => {
    for (const [method, path] of [
      ["PUT", "manifests/v1"],
      ["DELETE", "manifests/v1"],
      ["DELETE", `blobs/${digestOf(BLOB)}`],
      ["POST", "blobs/uploads/"],
    ] as const) {
      const forbidden = await expectStatus(403, "reader", method, `secret/app/${path}`);
      const absent = await ask("reader", method, `never/been/${path}`);
      const alike = (got: Got): string => anonymised(got, "secret/app", "never/been");
      expect(alike(forbidden)).toBe(alike(absent));
    }
  });
});

it("lists show what may be pulled, and pages are full of it", async () => {
  const owner = await expectStatus(200, "owner", "GET", "_catalog");
  expect(JSON.parse(owner.text)).toEqual({ repositories: ["public/app", "secret/app"] });
  const reader = await expectStatus(200, "reader", "GET", "_catalog?n=1");
  expect(JSON.parse(reader.text)).toEqual({ repositories: ["public/app"] });
  expect(reader.headers).not.toHaveProperty("link");
  await expectStatus(403, "pusher", "GET", "_catalog");
});

describe("tags", () => {
  it.each([
    ["by tag", "public/app/manifests/v1"],
    [
      "by digest with the tag beside it",
      () => `public/app/manifests/${digestOf(Buffer.from(manifestOf("v2")))}?tag=v1`,
    ],
  ])("are not moved by those who may only create, %s", async (_, path) => {
    const at = typeof path === "string" ? path : path();
    const { text } = await expectStatus(403, "creator", "PUT", at, manifestOf("v2"));
    expect(JSON.parse(text)).toMatchObject({ errors: [{ code: "DENIED" }] });
    const { headers } = await expectStatus(200, "reader", "GET", "public/app/manifests/v1");
    expect(headers["docker-content-digest"]).toBe(manifest);
  });

  it("are created by them, and pushed again as they are", async () => {
    await expectStatus(201, "creator", "PUT", "public/app/manifests/v2", manifestOf("v2"));
    await expectStatus(201, "creator", "PUT", "public/app/manifests/v2", manifestOf("v2"));
    await expectStatus(403, "creator", "DELETE", "public/app/manifests/v2");
    await expectStatus(202, "deleter", "DELETE", "public/app/manifests/v2");
  });

  it("are moved by those who may overwrite", async () => {
    await expectStatus(201, "owner", "PUT", "public/app/manifests/v1", manifestOf("v2"));
  });
});

describe("a mount", () => {
  const mount = (to: string, from: string): string =>
    `${to}/blobs/uploads/?mount=${digestOf(BLOB)}&from=${from}`;

  it("from what one may pull is made", async () => {
    await expectStatus(201, "owner", "POST", mount("secret/two", "secret/app"));
  });

  it("from what one may not pull is an upload, as from what is not there", async () => {
    const forbidden = await expectStatus(202, "creator", "POST", mount("public/app", "secret/app"));
    const absent = await expectStatus(202, "creator", "POST", mount("public/app", "never/been"));
    expect(Object.keys(forbidden.headers)).toEqual(Object.keys(absent.headers));
  });

  it("without a repository to take from is an upload: it could be anybody's", async () => {
    await expectStatus(202, "owner", "POST", `secret/two/blobs/uploads/?mount=${digestOf(BLOB)}`);
  });

  it("is told in the challenge with what it reads", async () => {
    const { headers } = await expectStatus(401, "", "POST", mount("public/app", "secret/app"));
    expect(headers["www-authenticate"]).toContain(
      'scope="repository:public/app:pull,push repository:secret/app:pull"',
    );
  });
});

describe("an upload", () => {
  it("belongs to who began it, in the repository it was begun in", async () => {
    const { headers } = await expectStatus(202, "creator", "POST", "public/app/blobs/uploads/");
    const id = headers["docker-upload-uuid"];
    for (const method of ["GET", "PATCH", "DELETE"]) {
      await expectStatus(404, "owner", method, `public/app/blobs/uploads/${id}`);
      await expectStatus(404, "owner", method, `secret/app/blobs/uploads/${id}`);
    }
    await expectStatus(403, "reader", "GET", `public/app/blobs/uploads/${id}`);
    await expectStatus(401, "", "GET", `public/app/blobs/uploads/${id}`);
    await expectStatus(202, "creator", "PATCH", `public/app/blobs/uploads/${id}`, BLOB);
    const end = `public/app/blobs/uploads/${id}?digest=${digestOf(BLOB)}`;
    await expectStatus(404, "owner", "PUT", end);
    await expectStatus(201, "creator", "PUT", end);
  });

  it("is given up by who began it without the right to delete", async () => {
    const { headers } = await expectStatus(202, "pusher", "POST", "drop/box/blobs/uploads/");
    await expectStatus(
      204,
      "pusher",
      "DELETE",
      `drop/box/blobs/uploads/${headers["docker-upload-uuid"]}`,
    );
  });
});

it("those who may only push do not learn what is there", async () => {
  const there = await expectStatus(404, "pusher", "HEAD", `public/app/blobs/${digestOf(BLOB)}`);
  const absent = await expectStatus(404, "pusher", "HEAD", `public/app/blobs/${UNKNOWN}`);
  expect(Object.keys(there.headers)).toEqual(Object.keys(absent.headers));
});

it("who is shut out while the body comes in sets no tag with its last byte", async () => {
  const body = manifestOf("v3");
  const { promise: sendRest, resolve: letGo } = Promise.withResolvers<void>();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      controller.enqueue(Buffer.from(body.slice(0, -1)));
      await sendRest;
      controller.enqueue(Buffer.from(body.slice(-1)));
      controller.close();
    },
  });
  const init = {
    method: "PUT",
    duplex: "half",
    body: stream,
    headers: { authorization: "Test owner", "content-type": MANIFEST },
  } as RequestInit;
  const pushing = fetch(new URL("/v2/public/app/manifests/v1", registry.origin), init);
  await expectStatus(200, "owner", "GET", "public/app/manifests/v1");
  access.gone.add("owner");
  letGo();
  const response = await pushing;
  expect(response.status).toBe(401);
  await response.arrayBuffer();
  const { headers } = await expectStatus(200, "reader", "GET", "public/app/manifests/v1");
  expect(headers["docker-content-digest"]).toBe(manifest);
});

it("a token that lacks a right is told so, for another one may have it", async () => {
  await using other = await openRegistry({ access: new TableAccess(TABLE, { lack: "scope" }) });
  const response = await fetch(new URL("/v2/secret/app/tags/list", other.origin), {
    headers: { authorization: "Test reader" },
  });
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toContain('error="insufficient_scope"');
  await response.arrayBuffer();
});

it("who did it stands in the access log, in events and in the log", async () => {
  await expectStatus(200, "reader", "GET", "public/app/manifests/v1");
  expect(registry.events.map(({ actor }) => actor.name)).toContain("reader");
  expect(registry.accessLog.lines.join("")).toContain(" - reader [");
  expect(JSON.stringify(registry.log.lines)).toContain('"auth.user.name":"reader"');
});
