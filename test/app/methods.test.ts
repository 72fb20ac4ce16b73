/** Which methods each address takes, and that HEAD is GET without its bytes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";
import { pushImage } from "../fixtures/pushing.ts";
import { plainRequest, type RawAnswer, RawConnection } from "../fixtures/raw-http.ts";

const ABSENT = digestOf(Buffer.from("absent"));
const ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

let registry: InProcessRegistry;
let connection: RawConnection;
let paths: Readonly<Record<string, string>>;

beforeAll(async () => {
  registry = await openRegistry();
  const { digest, layer } = await pushImage(registry.origin, "a/b");
  connection = await RawConnection.open(registry.origin);
  const { headers } = await send("POST", "/v2/a/b/blobs/uploads/");
  paths = {
    "the root": "/",
    "the base": "/v2/",
    "the catalog": "/v2/_catalog",
    tags: "/v2/a/b/tags/list",
    "a manifest by tag": "/v2/a/b/manifests/latest",
    "a manifest by digest": `/v2/a/b/manifests/${digest}`,
    "a blob": `/v2/a/b/blobs/${layer.digest}`,
    referrers: `/v2/a/b/referrers/${digest}`,
    uploads: "/v2/a/b/blobs/uploads/",
    "an upload": `/v2/a/b/blobs/uploads/${headers["docker-upload-uuid"]}`,
    "a missing manifest": "/v2/a/b/manifests/missing",
    "a missing blob": `/v2/a/b/blobs/${ABSENT}`,
    "missing tags": "/v2/c/tags/list",
    "a bad name": "/v2/A/tags/list",
    nowhere: "/nowhere",
  };
});
afterAll(async () => {
  connection[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});

/** All on one connection: an answer that is too long or too short spoils the next. */
async function send(method: string, path: string, ...lines: string[]): Promise<RawAnswer> {
  connection.send(plainRequest(method, path, ["Content-Length: 0", ...lines]));
  return await connection.answer(method);
}

const at = (name: string): string => paths[name] ?? "";

describe("HEAD answers as GET does, without a body:", () => {
  const NAMES = [
    "the root",
    "the base",
    "the catalog",
    "tags",
    "a manifest by tag",
    "a manifest by digest",
    "a blob",
    "referrers",
    "an upload",
    "a missing manifest",
    "a missing blob",
    "missing tags",
    "a bad name",
    "nowhere",
    "uploads",
  ];

  it.each(NAMES)("%s", async (name) => {
    const get = await send("GET", at(name));
    const head = await send("HEAD", at(name));
    const stable = ({ date: _date, ...headers }: RawAnswer["headers"]): object => headers;
    expect(head.status).toBe(get.status);
    expect(stable(head.headers)).toEqual(stable(get.headers));
    const length = get.status === 204 ? undefined : String(get.body.length);
    expect(head.headers["content-length"]).toBe(length);
  });

  it("a part of a blob", async () => {
    const head = await send("HEAD", at("a blob"), "Range: bytes=10-19");
    expect([head.status, head.headers["content-length"], head.headers["content-range"]]).toEqual([
      206,
      "10",
      "bytes 10-19/100",
    ]);
  });

  it("several parts of a blob", async () => {
    const range = "Range: bytes=0-0,50-59";
    const get = await send("GET", at("a blob"), range);
    const head = await send("HEAD", at("a blob"), range);
    expect([head.status, head.headers["content-length"]]).toEqual([206, String(get.body.length)]);
  });

  it("a manifest that the client has already", async () => {
    const { headers } = await send("GET", at("a manifest by tag"));
    for (const method of ["GET", "HEAD"]) {
      const answer = await send(
        method,
        at("a manifest by tag"),
        `If-None-Match: ${headers["etag"]}`,
      );
      expect([answer.status, answer.headers["etag"]]).toEqual([304, headers["etag"]]);
    }
  });
});

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "the catalog": ["GET", "HEAD"],
  tags: ["GET", "HEAD"],
  referrers: ["GET", "HEAD"],
  "a manifest by tag": ["DELETE", "GET", "HEAD", "PUT"],
  "a blob": ["DELETE", "GET", "HEAD"],
  uploads: ["POST"],
  "an upload": ["DELETE", "GET", "HEAD", "PATCH", "PUT"],
};

describe("methods of", () => {
  it.each(Object.entries(ALLOWED))(
    "%s: %j; others get 405 with these in Allow",
    async (name, allowed) => {
      for (const method of ALL.filter((one) => !allowed.includes(one))) {
        const answer = await send(method, at(name));
        expect([answer.status, answer.headers["allow"]]).toEqual([405, allowed.join(", ")]);
        if (method !== "HEAD") expect(answer.body.toString()).toContain('"UNSUPPORTED"');
      }
    },
  );

  it.each(Object.entries(ALLOWED))("%s are told to OPTIONS", async (name, allowed) => {
    const answer = await send("OPTIONS", at(name));
    expect([answer.status, answer.headers["allow"], answer.body.length]).toEqual([
      200,
      allowed.join(", "),
      0,
    ]);
  });

  it.each(["the root", "the base"])("%s: all alike", async (name) => {
    const { body } = await send("GET", at(name));
    for (const method of [...ALL, "OPTIONS"].filter((one) => one !== "HEAD")) {
      const answer = await send(method, at(name));
      expect([answer.status, answer.body]).toEqual([200, body]);
    }
  });
});

it.each([[], ["Range: bytes=10-19"]])(
  "a blob asked for with %j is served so that no browser runs it",
  async (...lines) => {
    for (const method of ["GET", "HEAD"]) {
      expect((await send(method, at("a blob"), ...lines)).headers).toMatchObject({
        "content-type": "application/octet-stream",
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "content-disposition": "attachment",
      });
    }
  },
);
