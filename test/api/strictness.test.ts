import { getRequestListener } from "@hono/node-server";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { calm } from "../contracts/storage-subject.ts";
import { titled } from "../fixtures/titled.ts";
import { bindingsOf, openApi, ORIGIN, type TestedApi, toldError } from "./api-subject.ts";

const ROBOT = { name: "ci", rights: [] };
const JSON_TYPE = { "Content-Type": "application/json" };

let resources: AsyncDisposableStack;
let tested: TestedApi;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  tested = await openApi(resources);
});
afterEach(() => resources.disposeAsync());

async function robotNames(): Promise<readonly string[]> {
  return (await tested.robots.list(calm())).map(({ name }) => name);
}

function right(change: object): object {
  const one = { repositories: ["team/**"], actions: ["pull"], ...change };
  return { ...ROBOT, rights: [one] };
}

describe("a body", () => {
  it.each(
    titled([
      { ...ROBOT, isAdmin: true },
      { ...ROBOT, createdBy: "root" },
      { ...ROBOT, secret: "mine" },
      { ...ROBOT, fingerprint: "mine" },
      { rights: [] },
      { name: "ci" },
      { ...ROBOT, name: "CI" },
      { ...ROBOT, name: "robot+ci" },
      { ...ROBOT, name: "a/b" },
      { ...ROBOT, name: "a".repeat(65) },
      { ...ROBOT, name: ["ci"] },
      { ...ROBOT, rights: {} },
      { ...ROBOT, expiresAt: "tomorrow" },
      { ...ROBOT, expiresAt: 1_800_000_000 },
      { ...ROBOT, expiresAt: null },
      { ...ROBOT, expiresAt: "2026-01-02T03:04:05.678Z" },
      { ...ROBOT, expiresAt: "9999-12-31T23:59:59-14:00" },
      { ...ROBOT, expiresAt: "9999-12-31T23:59:59.001Z" },
      right({ more: 1 }),
      right({ repositories: [] }),
      right({ repositories: ["UPPER"] }),
      right({ repositories: ["a***"] }),
      right({ repositories: "**" }),
      right({ actions: [] }),
      right({ actions: ["*"] }),
      right({ actions: ["PULL"] }),
      [ROBOT],
      "ci",
      null,
    ]),
  )("%s makes no robot", async (_, json) => {
    const answer = await tested.ask("admin", "/robots", { method: "POST", json });
    expect(answer.status).toBe(400);
    expect((await toldError(answer)).code).toBe("UNSUPPORTED");
    expect(await robotNames()).toEqual([]);
    expect(await tested.audited()).toEqual([]);
  });

  it("says by place what is wrong", async () => {
    const json = right({ actions: ["own"] });
    const answer = await tested.ask("admin", "/robots", { method: "POST", json });
    const { detail } = await toldError(answer);
    expect(detail).toEqual([
      { path: "rights.0.actions.0", message: expect.stringContaining("pull") },
    ]);
  });

  it.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["a member twice", `{"name":"ci","rights":[],"name":"other"}`],
    ["too deep", `{"name":"ci","rights":${"[".repeat(99)}${"]".repeat(99)}}`],
    ["a prototype", `{"name":"ci","rights":[],"__proto__":{"isAdmin":true}}`],
  ])("with %s makes no robot", async (_, body) => {
    const answer = await tested.ask("admin", "/robots", {
      method: "POST",
      body,
      headers: JSON_TYPE,
    });
    expect(answer.status).toBe(400);
    expect(await robotNames()).toEqual([]);
  });

  it("that is no UTF-8 makes no robot", async () => {
    const bytes = Buffer.concat([Buffer.from(`{"name":"ci","rights":[],"`), Buffer.from([0xff])]);
    const body = ReadableStream.from([bytes]);
    const answer = await tested.ask("admin", "/robots", {
      method: "POST",
      body,
      headers: JSON_TYPE,
    });
    expect((await toldError(answer)).message).toContain("UTF-8");
  });

  it.each([
    ["text/plain", 415],
    ["application/x-www-form-urlencoded", 415],
    ["application/json, text/plain", 415],
    ["application/json; charset=latin1", 415],
    ["application/jsonp", 415],
    ["", 415],
    ["Application/JSON ; Charset=UTF-8", 201],
  ])("of type %s answers %i", async (type, status) => {
    const body = JSON.stringify(ROBOT);
    const headers = { "Content-Type": type };
    const answer = await tested.ask("admin", "/robots", { method: "POST", body, headers });
    expect(answer.status).toBe(status);
  });

  it.each(["/auth/keys/rotate", "/auth/admins"])(
    "to %s may be empty, but no form",
    async (path) => {
      const who = path === "/auth/admins" ? "local" : "admin";
      const type = "application/x-www-form-urlencoded";
      const headers = { "Content-Type": type };
      const form = await tested.ask(who, path, { method: "POST", body: "revoke=true", headers });
      expect(form.status).toBe(415);
      const unknown = await tested.ask(who, path, { method: "POST", json: { more: 1 } });
      expect(unknown.status).toBe(400);
      expect((await tested.ask(who, path, { method: "POST" })).status).toBeLessThan(300);
    },
  );

  it("of 64 KiB is taken, one byte more is not, said beforehand or not", async () => {
    const pad = (length: number): string => JSON.stringify(ROBOT).padEnd(length);
    const post = (body: string | ReadableStream, headers: object = {}): Promise<Response> =>
      tested.ask("admin", "/robots", {
        method: "POST",
        body,
        headers: { ...JSON_TYPE, ...headers },
      });
    expect((await post(pad(65_537), { "Content-Length": "65537" })).status).toBe(413);
    expect((await post(pad(65_537))).status).toBe(413);
    let asked = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        asked += 1;
        yield Buffer.alloc(8_192, " ");
      }
    }
    expect((await post(ReadableStream.from(endless()))).status).toBe(413);
    expect(asked).toBeLessThan(20);
    expect((await post(pad(65_536))).status).toBe(201);
  });
});

describe("a query", () => {
  it.each([
    ["/robots?x=1", 400],
    ["/auth/whoami?admin=true", 400],
    ["/audit?n=0", 400],
    ["/audit?n=10001", 400],
    ["/audit?n=1&n=2", 400],
    ["/audit?n=1e3", 400],
    ["/audit?n=-1", 400],
    ["/audit?n=", 400],
    ["/audit?since=yesterday", 400],
    ["/audit?action=paint", 400],
    ["/audit?who=bob", 400],
    ["/audit?n=10000&since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:00%2B01:00", 200],
    ["/auth/access?subject=user:bob", 400],
    ["/auth/access?repository=a", 400],
    ["/auth/access?subject=user:bob&repository=A", 400],
    ["/auth/access?subject=user:&repository=a", 400],
    ["/auth/access?subject=bob&repository=a", 400],
    ["/auth/access?subject=user:bob&subject=user:eve&repository=a", 400],
    ["/auth/access?subject=user:bob&repository=a&claim=x=y", 400],
    ["/auth/access?subject=claims:github&repository=a&claim=x", 400],
    ["/auth/access?subject=claims:github&repository=a&claim==x", 400],
    ["/auth/access?subject=claims:github&repository=a&claim=x=y&claim=x=z", 200],
  ])("%s answers %i", async (path, status) => {
    expect((await tested.ask("admin", path)).status).toBe(status);
  });

  it("on a change must be empty", async () => {
    await tested.ask("admin", "/robots", { method: "POST", json: ROBOT });
    const answer = await tested.ask("admin", "/robots/ci?force=true", { method: "DELETE" });
    expect(answer.status).toBe(400);
    expect(await robotNames()).toEqual(["ci"]);
  });
});

describe("a request", () => {
  it.each([
    ["another site", { Origin: "https://evil.example" }],
    ["a sandboxed page", { Origin: "null" }],
    ["a neighbour", { "Sec-Fetch-Site": "same-site" }],
    ["another site, as the browser says", { "Sec-Fetch-Site": "cross-site", Origin: ORIGIN }],
  ])("from %s may look and change nothing", async (_, headers) => {
    const post = { method: "POST", json: ROBOT, headers };
    for (const who of ["admin", "local"] as const) {
      const answer = await tested.ask(who, "/robots", post);
      expect([answer.status, (await toldError(answer)).code]).toEqual([403, "DENIED"]);
      const remove = await tested.ask(who, "/repositories/team/app", { method: "DELETE", headers });
      expect(remove.status).toBe(403);
    }
    expect(await robotNames()).toEqual([]);
    expect((await tested.ask("admin", "/robots", { headers })).status).toBe(200);
  });

  it("from a page of this server may change things", async () => {
    const headers = { Origin: ORIGIN, "Sec-Fetch-Site": "same-origin" };
    const answer = await tested.ask("admin", "/robots", { method: "POST", json: ROBOT, headers });
    expect(answer.status).toBe(201);
    expect(answer.headers.has("access-control-allow-origin")).toBe(false);
  });

  it.each([
    ["PUT", "/robots", "GET, HEAD, POST"],
    ["OPTIONS", "/robots", "GET, HEAD, POST"],
    ["GET", "/robots/ci", "DELETE"],
    ["POST", "/repositories/a/b", "DELETE"],
    ["POST", "/openapi.json", "GET, HEAD"],
  ])("with method %s for %s is told which there are", async (method, path, allow) => {
    const answer = await tested.ask("admin", path, { method });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
  });

  it.each([
    "",
    "/",
    "/robot",
    "/robots/",
    "/robots/a/b",
    "/repositories",
    "/repositories/",
    "/auth",
    "/../v1/robots/x/y",
  ])("for %s finds nothing", async (path) => {
    const answer = await tested.ask("admin", path);
    expect(answer.status).toBe(404);
    expect((await toldError(answer)).code).toBe("UNSUPPORTED");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("HEAD is answered as GET, without a body", async () => {
    const answer = await tested.ask("admin", "/robots", { method: "HEAD" });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  });

  it("is read the same way from a socket", async () => {
    const listener = getRequestListener((request) =>
      tested.api.fetch(request, bindingsOf("admin")),
    );
    const server = createServer((request, response) => void listener(request, response)).listen(
      0,
      "127.0.0.1",
    );
    await once(server, "listening");
    resources.defer(async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    });
    const { port } = server.address() as AddressInfo;
    const at = `http://127.0.0.1:${port}/api/v1/robots`;
    const post = (body: string): Promise<Response> =>
      fetch(at, { method: "POST", headers: JSON_TYPE, body });
    expect((await post(JSON.stringify(ROBOT))).status).toBe(201);
    expect((await post("x".repeat(70_000))).status).toBe(413);
    const listed = await fetch(at);
    expect([listed.status, listed.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect((await fetch(`${at}/ci`, { method: "DELETE" })).status).toBe(204);
    expect((await fetch(`http://127.0.0.1:${port}/api/v1/audit`)).status).toBe(200);
  });
});
