/** What a server answers beside the registry, over the wire. */
import { mkdtempDisposable, readFile, stat } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openServed, type ServedRegistry } from "../fixtures/in-process-registry.ts";

const SECRET = "secret-of-the-robot";
const BASIC = `Basic ${Buffer.from(`robot+ci:${SECRET}`).toString("base64")}`;

let resources: AsyncDisposableStack;
let folder: string;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-beside-"))).path;
});
afterEach(() => resources.disposeAsync());

async function open(http: object = {}): Promise<ServedRegistry> {
  const barge = {
    auth: { robots: { ci: { secret: SECRET } } },
    access: [{ subject: "robot:ci", repositories: "**", actions: "all" }],
    audit: { path: join(folder, "audit.jsonl") },
    state: { directory: join(folder, "state") },
  };
  return resources.use(await openServed({ barge, http: { addr: "127.0.0.1:0", ...http } }));
}

interface Asked {
  readonly path: string;
  readonly body?: readonly string[];
  readonly authorization?: string;
  readonly socketPath?: string;
}

/** A body of several parts goes out in chunks, without a length. */
async function ask(
  server: ServedRegistry,
  asked: Asked,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { body, authorization, path, socketPath } = asked;
  const { hostname, port } = new URL(server.address);
  const sending = request(
    {
      ...(socketPath === undefined ? { hostname, port } : { socketPath }),
      path,
      agent: false,
      method: body === undefined ? "GET" : "POST",
      headers: {
        "content-type": path.includes("token")
          ? "application/x-www-form-urlencoded"
          : "application/json",
        ...(authorization !== undefined && { authorization }),
      },
    },
    resolve,
  );
  sending.on("error", reject);
  for (const part of body ?? []) sending.write(part);
  sending.end();
  const answer = await promise;
  return { status: answer.statusCode ?? 0, text: (await answer.toArray()).join("") };
}

it("a form that comes in chunks gets a token, which the registry and the API take", async () => {
  const server = await open();
  const body = [
    `grant_type=password&service=barge&client_id=x&username=robot%2Bci`,
    `&password=${SECRET}`,
  ];
  const { status, text } = await ask(server, { path: "/auth/token", body });
  expect(status).toBe(200);
  const { access_token: token } = JSON.parse(text) as { access_token: string };
  const authorization = `Bearer ${token}`;
  expect(await ask(server, { path: "/v2/", authorization })).toMatchObject({ status: 200 });
  const who = await ask(server, { path: "/api/v1/auth/whoami", authorization });
  expect(JSON.parse(who.text)).toMatchObject({ name: "robot+ci", isAdmin: true });
});

it("everything stands below the prefix", async () => {
  const server = await open({ prefix: "/registry/" });
  const { status } = await ask(server, { path: "/registry/auth/token", authorization: BASIC });
  expect(status).toBe(200);
  expect(await ask(server, { path: "/registry/.well-known/jwks.json" })).toMatchObject({
    status: 200,
  });
  expect(await ask(server, { path: "/auth/token" })).toMatchObject({ status: 404 });
  const who = { path: "/registry/api/v1/auth/whoami", authorization: BASIC };
  expect(await ask(server, who)).toMatchObject({ status: 200 });
});

it("a login that fails is written down, wherever it was tried", async () => {
  const server = await open();
  const authorization = `Basic ${Buffer.from("mallory:guess").toString("base64")}`;
  for (const path of ["/v2/", "/auth/token", "/api/v1/auth/whoami"]) {
    expect(await ask(server, { path, authorization })).toMatchObject({ status: 401 });
  }
  const form = ["grant_type=password&service=barge&client_id=x&username=eve&password=guess"];
  expect(await ask(server, { path: "/auth/token", body: form })).toMatchObject({ status: 401 });
  const lines = (await readFile(join(folder, "audit.jsonl"), "utf8")).trim().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as { action: string; actor: string });
  expect(entries.map(({ action, actor }) => `${action} ${actor}`)).toEqual([
    ...Array.from({ length: 3 }, () => "login-failed mallory"),
    "login-failed eve",
  ]);
  expect(lines.join("")).not.toContain("guess");
});

it.each(["/", "/registry/"])(
  "the first administrator is made over the socket, and nowhere else, below %s",
  async (prefix) => {
    const server = await open({ prefix });
    const at = `${prefix.slice(0, -1)}/api/v1`;
    const socketPath = join(folder, "state", "admin.sock");
    const body = ["{}"];
    const modes = [join(folder, "state"), socketPath].map(
      async (path) => (await stat(path)).mode & 0o777,
    );
    expect(await Promise.all(modes)).toEqual([0o700, 0o600]);
    const elsewhere = { path: `${at}/auth/admins`, body, authorization: BASIC };
    expect(await ask(server, elsewhere)).toMatchObject({ status: 404 });
    // Whoever is at the socket need not know the prefix.
    const { status, text } = await ask(server, { path: "/api/v1/auth/admins", body, socketPath });
    expect(status).toBe(201);
    const { secret } = JSON.parse(text) as { secret: string };
    const authorization = `Basic ${Buffer.from(`robot+admin:${secret}`).toString("base64")}`;
    expect(await ask(server, { path: `${at}/robots`, authorization })).toMatchObject({
      status: 200,
    });
  },
);
