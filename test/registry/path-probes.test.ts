/** Targets that try to leave the store, to name what is none, or to be read in two ways. */
import { mkdir, mkdtempDisposable, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";
import { plainRequest, type RawAnswer, requestHead, sendRaw } from "../fixtures/raw-http.ts";
import { titled } from "../fixtures/titled.ts";

const BODY = "probe";
const SECRET = "what lies outside of the store";
const DIGEST = digestOf(Buffer.from(BODY));
const ABSENT = digestOf(Buffer.from("nobody has pushed this"));
const METHODS = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"];

const resources = new AsyncDisposableStack();
let registry: InProcessRegistry;
let folder: string;

beforeAll(async () => {
  folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-probes-"))).path;
  await mkdir(join(folder, "secret"));
  await writeFile(join(folder, "secret", "list"), SECRET);
  const rootdirectory = join(folder, "data");
  const sections = { storage: { filesystem: { rootdirectory }, delete: { enabled: true } } };
  registry = resources.use(await openRegistry({ sections }));
});
afterAll(async () => resources.disposeAsync());

async function send(
  method: string,
  target: string,
  options: { readonly type?: string; readonly body?: string } = {},
): Promise<RawAnswer> {
  const { type = "application/octet-stream", body = "" } = options;
  const lines = [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`];
  return await sendRaw(registry.origin, `${requestHead(method, target, lines)}\r\n${body}`);
}

async function listing(): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.toSorted();
}

async function startUpload(repository: string): Promise<string> {
  const { status, headers } = await send("POST", `/v2/${repository}/blobs/uploads/`);
  expect(status).toBe(202);
  return headers["docker-upload-uuid"] ?? "";
}

function errorCode({ body }: RawAnswer): string | undefined {
  const document = JSON.parse(body.toString()) as { errors: readonly { code: string }[] };
  return document.errors[0]?.code;
}

const PROBES = [
  "/v2/foo%2f..%2fbar/manifests/x",
  "/v2/foo/%2e%2e/bar/manifests/x",
  "/v2/foo/.%2e/bar/manifests/x",
  "/v2/foo/%252e%252e/manifests/x",
  "/v2/foo/../bar/manifests/x",
  "/v2/../../secret/tags/list",
  "/v2/..%2f..%2fsecret/tags/list",
  "/v2/..\\..\\secret/tags/list",
  "/v2/foo//bar/manifests/x",
  "//v2/foo/manifests/x",
  "/./v2/foo/manifests/x",
  "/v2/./foo/manifests/x",
  "/V2/foo/manifests/x",
  "/%76%32/foo/manifests/x",
  "/v2/foo/manifests/..",
  "/v2/foo/manifests/.",
  "/v2/foo/manifests/%2e%2e%2f%2e%2e%2fsecret",
  "/v2/foo/manifests/..%2f..%2fsecret",
  "/v2/foo/manifests/a%00b",
  "/v2/foo/manifests/a%0d%0aX-Injected:%20y",
  "/v2/foo/manifests/a%0a",
  "/v2/foo/manifests/a%ff",
  "/v2/foo/manifests/a%zz",
  "/v2/foo/manifests/a%",
  "/v2/foo/manifests/x;y",
  "/v2/foo/manifests/x#f",
  "/v2/foo/manifests/-x",
  `/v2/foo/manifests/${"a".repeat(129)}`,
  `/v2/foo/manifests/sha256:..%2f..%2fsecret`,
  `/v2/foo/manifests/${DIGEST.toUpperCase()}`,
  `/v2/foo/manifests/${DIGEST}0`,
  `/v2/foo/manifests/md5:${DIGEST.slice(7, 39)}`,
  `/v2/foo/blobs/${DIGEST.slice(0, -1)}`,
  "/v2/foo/blobs/sha256:bad",
  "/v2/foo/blobs/..%2f..%2fsecret",
  "/v2/foo/referrers/latest",
  "/v2/_uploads/manifests/x",
  "/v2/foo/_manifests/tags/list",
  "/v2/foo/_layers/manifests/x",
  "/v2/foo/_barge/manifests/x",
  "/v2/FOO/manifests/x",
  "/v2/foo/Bar/tags/list",
  "/v2/localhost:5000/foo/manifests/x",
  `/v2/${"a".repeat(256)}/manifests/x`,
  `/v2/${"a/".repeat(3000)}manifests/x`,
  "/v2/foo%20bar/manifests/x",
  "/v2/foo\tbar/manifests/x",
  "/v2/foo/tags/list/../../../../secret/list",
  "/v2/foo/blobs/uploads/../../../../../secret/list",
  "/v2/foo/blobs/uploads/..%2f..%2f..%2fsecret%2flist",
  "/v2/foo/blobs/uploads/%2fetc%2fpasswd",
  "/v2/foo/blobs/uploads/a%00b",
  "/v2/manifests/x",
  "/v2/blobs/uploads",
  "/secret/list",
  "/../secret/list",
  "/etc/passwd",
];

describe("nothing is at, and nothing comes from,", () => {
  let before: readonly string[];
  beforeEach(async () => {
    before = await listing();
  });

  it.each(titled(PROBES))("%s", async (_title, target) => {
    for (const method of METHODS) {
      const answer = await send(method, target, { body: BODY });
      expect(`${method} ${answer.status}`).toMatch(/ (?:400|404|405)$/);
      expect(answer.headers).not.toHaveProperty("x-injected");
      expect(answer.body.toString()).not.toContain(SECRET);
      const isOurs = answer.headers["docker-distribution-api-version"] !== undefined;
      if (isOurs && method !== "HEAD") expect(errorCode(answer)).toMatch(/^[A-Z_]+$/);
    }
    expect(await listing()).toEqual(before);
    expect((await sendRaw(registry.origin, plainRequest("GET", "/v2/"))).status).toBe(200);
  });
});

describe("an upload is only found by its own id in its own repository:", () => {
  const IDS: Readonly<Record<string, (id: string) => string>> = {
    "in another repository": (id) => `/v2/other/blobs/uploads/${id}`,
    "in a repository below": (id) => `/v2/mine/below/blobs/uploads/${id}`,
    "in upper case": (id) => `/v2/mine/blobs/uploads/${id.toUpperCase()}`,
    "by a part of the id": (id) => `/v2/mine/blobs/uploads/${id.slice(0, -1)}`,
    "by a path to it": (id) => `/v2/mine/blobs/uploads/..%2f_uploads%2f${id}`,
    "by a dot before it": (id) => `/v2/mine/blobs/uploads/.%2f${id}`,
    "with a NUL behind it": (id) => `/v2/mine/blobs/uploads/${id}%00`,
    "with a dot behind it": (id) => `/v2/mine/blobs/uploads/${id}.`,
    "as one file of it": (id) => `/v2/mine/blobs/uploads/${id}%2fdata`,
    "by an id of 10 kB": (id) => `/v2/mine/blobs/uploads/${id}${"0".repeat(10_000)}`,
    "by an id that nobody has": () => "/v2/mine/blobs/uploads/6ba7b810-9dad-41d1-80b4-00c04fd430c8",
  };

  it.each(Object.entries(IDS))("not %s", async (_name, targetOf) => {
    const id = await startUpload("mine");
    await startUpload("other");
    const before = await listing();
    const target = targetOf(id);
    for (const method of ["GET", "HEAD", "PATCH", "PUT", "DELETE"]) {
      const query = method === "PUT" ? `?digest=${DIGEST}` : "";
      const { status } = await send(method, `${target}${query}`, { body: BODY });
      expect(`${method} ${status}`).toMatch(/ (?:400|404)$/);
    }
    expect(await listing()).toEqual(before);
    const location = `/v2/mine/blobs/uploads/${id}?digest=${DIGEST}`;
    expect((await send("PUT", location, { body: BODY })).status).toBe(201);
  });
});

describe("a query", () => {
  const twice: readonly (readonly [method: string, target: string, code: string])[] = [
    ["GET", "/v2/mine/tags/list?n=1&n=9", "PAGINATION_NUMBER_INVALID"],
    ["GET", "/v2/mine/tags/list?last=a&last=b", "PAGINATION_NUMBER_INVALID"],
    ["GET", "/v2/_catalog?n=1&n=1", "PAGINATION_NUMBER_INVALID"],
    ["POST", `/v2/mine/blobs/uploads/?digest=${DIGEST}&digest=${DIGEST}`, "DIGEST_INVALID"],
    ["POST", `/v2/mine/blobs/uploads/?mount=${DIGEST}&mount=x&from=a`, "DIGEST_INVALID"],
    ["POST", `/v2/mine/blobs/uploads/?mount=${DIGEST}&from=a&from=b`, "NAME_INVALID"],
  ];

  it.each(titled(twice))(
    "that says a thing twice is refused: %s",
    async (_title, [method, target, code]) => {
      const answer = await send(method, target, { body: BODY });
      expect([answer.status, errorCode(answer)]).toEqual([400, code]);
    },
  );

  it("with two digests does not end an upload", async () => {
    const id = await startUpload("mine");
    const other = DIGEST.replace(/.$/, "0");
    const target = `/v2/mine/blobs/uploads/${id}`;
    const refused = await send("PUT", `${target}?digest=${DIGEST}&digest=${other}`, { body: BODY });
    expect([refused.status, errorCode(refused)]).toEqual([400, "DIGEST_INVALID"]);
    for (const digest of ["", "sha256:bad", DIGEST.toUpperCase(), `md5:${DIGEST.slice(7, 39)}`]) {
      expect((await send("PUT", `${target}?digest=${digest}`, { body: BODY })).status).toBe(400);
    }
    expect((await send("PUT", `${target}?digest=${DIGEST}`, { body: BODY })).status).toBe(201);
  });

  it.each(titled(["-1", "1.5", "1e9", "0x10", "%205", "5;", "+5", "a", "1".repeat(30), "%00"]))(
    "with n=%s is refused",
    async (_title, n) => {
      const answer = await send("GET", `/v2/_catalog?n=${n}`);
      expect([answer.status, errorCode(answer)]).toEqual([400, "PAGINATION_NUMBER_INVALID"]);
    },
  );

  it.each(
    titled([
      "..%2f..%2fsecret",
      "%00",
      "a%0d%0aX-Injected:%20y",
      "%ff",
      "%zz",
      "z".repeat(5000),
      "/",
    ]),
  )("with last=%s only says where to begin", async (_title, last) => {
    const { status, headers, body } = await send("GET", `/v2/_catalog?last=${last}`);
    expect(status).toBe(200);
    expect(headers).not.toHaveProperty("x-injected");
    expect(JSON.parse(body.toString())).toHaveProperty("repositories");
  });

  it.each(
    titled([
      "mount[]=x&from[]=y",
      "mount=..%2fsecret&from=a",
      `mount=${DIGEST}&from=..%2f..%2fsecret`,
      `mount=${ABSENT}`,
    ]),
  )("with %s mounts nothing and begins an upload", async (_title, query) => {
    const { status } = await send("POST", `/v2/mine/blobs/uploads/?${query}`);
    expect(status).toBe(202);
  });

  it("in the body of a form counts for nothing", async () => {
    const id = await startUpload("mine");
    const type = "application/x-www-form-urlencoded";
    const body = `digest=${DIGEST}`;
    const target = `/v2/mine/blobs/uploads/${id}?digest=${digestOf(Buffer.from(body))}`;
    expect((await send("PUT", target, { type, body })).status).toBe(201);
  });
});
