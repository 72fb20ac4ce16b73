import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Connection, openConnection } from "../../src/client/api-client.ts";
import {
  Denied,
  NotFound,
  RealmRefused,
  Refused,
  TryLater,
  Unreachable,
} from "../../src/client/errors.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import {
  basic,
  openRecordingServer,
  type Recorded,
  type RecordingServer,
  type Reply,
} from "../fakes/recording-server.ts";

const resources = { stack: new AsyncDisposableStack() };
let folder: string;

beforeEach(async () => {
  resources.stack = new AsyncDisposableStack();
  folder = resources.stack.use(await mkdtempDisposable(join(tmpdir(), "barge-api-"))).path;
});
afterEach(async () => resources.stack.disposeAsync());

async function openServer(reply: (request: Recorded) => Reply): Promise<RecordingServer> {
  return resources.stack.use(await openRecordingServer(reply));
}

async function connect(server: string, auths: object = {}, more: object = {}): Promise<Connection> {
  const authFile = join(folder, "auth.json");
  await writeFile(authFile, JSON.stringify({ auths }));
  return openConnection({
    server,
    environment: {},
    authFile,
    clock: systemClock,
    signal: new AbortController().signal,
    debug: () => undefined,
    ...more,
  });
}

const auth = Buffer.from("alice:pw").toString("base64");

describe("request()", () => {
  it("shows the password of the login, sends JSON and gives back what comes", async () => {
    const server = await openServer(() => ({ status: 201, body: { name: "ci" } }));
    const connection = await connect(server.url, { [server.host]: { auth } });
    expect(await connection.request("POST", "robots", { name: "ci" })).toEqual({ name: "ci" });
    expect(server.requests).toMatchObject([
      {
        method: "POST",
        url: "/api/v1/robots",
        body: '{"name":"ci"}',
        headers: { authorization: basic("alice", "pw"), "content-type": "application/json" },
      },
    ]);
  });

  it("without a login shows nothing, and of no content gives undefined", async () => {
    const server = await openServer(() => ({ status: 204 }));
    const connection = await connect(server.url);
    expect(await connection.request("DELETE", "robots/ci")).toBeUndefined();
    expect(server.requests[0]?.headers).not.toHaveProperty("authorization");
  });

  it("asks an address without a scheme who it is before it shows a password", async () => {
    const server = await openServer(() => ({ body: {} }));
    await (await connect(server.host, { [server.host]: { auth } })).request("GET", "robots");
    expect(server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ["/v2/", undefined],
      ["/api/v1/robots", basic("alice", "pw")],
    ]);
  });

  it.each([
    [401, Denied, /barge login/],
    [403, Denied, /403 DENIED: no/],
    [404, NotFound, /404 DENIED: no/],
    [429, TryLater, /try again later/],
    [503, TryLater, /try again later/],
    [400, Refused, /400 DENIED: no/],
    [500, Refused, /500 DENIED: no/],
    [302, Refused, /302 DENIED: no/],
  ])("that is answered %i is an error of its own kind", async (status, kind, text) => {
    const body = { errors: [{ code: "DENIED", message: "no" }] };
    const server = await openServer(() => ({ status, body }));
    const asking = (await connect(server.url)).request("GET", "robots");
    await expect(asking).rejects.toThrow(kind);
    await expect(asking).rejects.toThrow(text);
  });

  it("that is refused tells what of it is wrong", async () => {
    const detail = [{ path: "name", message: "is too long" }, { Type: "repository" }, null];
    const body = { errors: [{ code: "UNSUPPORTED", message: "not right", detail }] };
    const server = await openServer(() => ({ status: 400, body }));
    const asking = (await connect(server.url)).request("POST", "robots", {});
    await expect(asking).rejects.toThrow("400 UNSUPPORTED: not right: name is too long");
  });

  it("that is answered by something else than JSON says so", async () => {
    const server = await openServer(() => ({ body: "<html>" }));
    const asking = (await connect(server.url)).request("GET", "robots");
    await expect(asking).rejects.toThrow("is it a Barge server?");
  });

  it("that is not answered in time is given up", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    resources.stack.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as { port: number };
    const clock = new FakeClock();
    const connection = await connect(`http://127.0.0.1:${port}`, {}, { clock, timeoutMs: 5000 });
    const asking = connection.request("GET", "robots");
    await clock.someoneWaits(5000);
    await Promise.all([
      clock.advance(5000),
      expect(asking).rejects.toThrow(Unreachable),
      expect(asking).rejects.toThrow("no answer within 5000 ms"),
    ]);
  });
});

describe("an identity token", () => {
  const entry = { identitytoken: "identity" };

  function withTokens(realm: (host: string) => string) {
    return ({ url, headers }: Recorded): Reply => {
      if (url === "/auth/token") return { body: { access_token: "t0ken" } };
      if (url !== "/v2/") return { body: { ok: headers.authorization } };
      const challenge = `Bearer realm="${realm(headers.host ?? "")}",service="barge"`;
      return { status: 401, headers: { "www-authenticate": challenge } };
    };
  }

  it("is exchanged once for a token that the API is shown", async () => {
    const server = await openServer(withTokens((host) => `http://${host}/auth/token`));
    const connection = await connect(server.url, { [server.host]: entry });
    const wanted = { ok: "Bearer t0ken" };
    expect(await connection.request("GET", "robots")).toEqual(wanted);
    expect(await connection.request("GET", "robots")).toEqual(wanted);
    const exchanges = server.requests.filter(({ url }) => url === "/auth/token");
    expect(exchanges).toMatchObject([{ method: "POST" }]);
    expect(exchanges[0]?.body).toContain("refresh_token=identity");
  });

  it("is shown to no other host", async () => {
    const thief = await openServer(() => ({ body: { access_token: "t0ken" } }));
    const server = await openServer(withTokens(() => `http://localhost:${thief.port}/auth/token`));
    const connection = await connect(server.url, { [server.host]: entry });
    await expect(connection.request("GET", "robots")).rejects.toThrow(RealmRefused);
    expect(thief.requests).toEqual([]);
  });

  it("that the server takes no more asks for a new login", async () => {
    const server = await openServer(({ url, headers }) =>
      url === "/auth/token"
        ? { status: 400, body: { error: "invalid_grant", error_description: "expired" } }
        : withTokens((host) => `http://${host}/auth/token`)({ method: "", url, headers, body: "" }),
    );
    const asking = (await connect(server.url, { [server.host]: entry })).request("GET", "robots");
    await expect(asking).rejects.toThrow(Denied);
    await expect(asking).rejects.toThrow(/invalid_grant: expired\n {2}log in anew: barge login/);
  });
});

describe("lines()", () => {
  it("gives each line of JSON, and its end may be left out", async () => {
    const server = await openServer(() => ({ body: '{"a":1}\n\n{"a":2}' }));
    const lines = (await connect(server.url)).lines("audit?n=2");
    expect(await Array.fromAsync(lines)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(server.requests[0]?.url).toBe("/api/v1/audit?n=2");
  });

  it("that may not be read is denied", async () => {
    const server = await openServer(() => ({ status: 403 }));
    const lines = (await connect(server.url)).lines("audit");
    await expect(Array.fromAsync(lines)).rejects.toThrow(Denied);
  });
});

describe("a socket", () => {
  it("is spoken to without credentials", async () => {
    const path = join(folder, "admin.sock");
    const server = createServer((request, response) => {
      response.end(
        JSON.stringify({ url: request.url, who: request.headers.authorization ?? null }),
      );
    }).listen(path);
    await once(server, "listening");
    resources.stack.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    const connection = await connect(`unix:${path}`, { "": { auth }, localhost: { auth } });
    expect(await connection.request("POST", "auth/admins", {})).toEqual({
      url: "/api/v1/auth/admins",
      who: null,
    });
  });

  it("that is not there asks whether the server runs", async () => {
    const asking = (await connect(`unix:${folder}/none.sock`)).request("POST", "auth/admins");
    await expect(asking).rejects.toThrow(Unreachable);
    await expect(asking).rejects.toThrow(/is it running/);
  });
});
