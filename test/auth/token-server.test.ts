/** The tokens of other token servers: taken here, and by the reference registries that they were made for. */
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Access } from "../../src/auth/access.ts";
import { createOutsideAccess } from "../../src/auth/outside-access.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { startProgram } from "../fixtures/program.ts";
import {
  openTokenServer,
  type TokenServer,
  type TokenServerOptions,
  type TokenStyle,
} from "../fixtures/token-server.ts";
import { describeWithTools, requireTool } from "../real/tools.ts";
import { configFor, identify } from "./outside-parties.ts";

const USERS = {
  alice: { password: "secret", rights: { a: ["pull", "push"], "registry:catalog": ["*"] } },
  bob: { password: "secret-2", rights: { a: ["pull"] } },
};
const A = parseRepositoryName("a");
const SCOPE = "repository:a:pull,push";

let resources: AsyncDisposableStack;

beforeEach(() => {
  resources = new AsyncDisposableStack();
});
afterEach(() => resources.disposeAsync());

async function open(
  style: TokenStyle,
  options: Partial<TokenServerOptions> = {},
): Promise<{ readonly server: TokenServer; readonly access: Access }> {
  const server = await openTokenServer(resources, { style, users: USERS, ...options });
  const isByJwks = style === "jwks";
  const config = configFor(
    { bundle: server.rootCertBundle, jwks: server.jwks },
    {
      service: server.service,
      issuer: server.issuer,
      rootCertBundle: isByJwks ? undefined : server.rootCertBundle,
      jwks: isByJwks ? server.jwks : undefined,
    },
  );
  return { server, access: await createOutsideAccess(config, { log: new RecordingLogger() }) };
}

interface Answer {
  readonly status: number;
  readonly token?: string;
  readonly access_token?: string;
  readonly refresh_token?: string;
}

async function get(server: TokenServer, query: object, user?: string): Promise<Answer> {
  const url = new URL(server.realm);
  url.search = String(new URLSearchParams({ service: server.service, ...query }));
  const headers: Record<string, string> =
    user === undefined ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` };
  const response = await fetch(url, { headers });
  return { status: response.status, ...((await response.json()) as object) };
}

async function post(server: TokenServer, form: object): Promise<Answer> {
  const body = new URLSearchParams({ service: server.service, client_id: "test", ...form });
  const response = await fetch(server.realm, { method: "POST", body });
  return { status: response.status, ...((await response.json()) as object) };
}

describe.each(["libtrust", "thumbprint", "x5c", "jwks"] as const)("tokens with %s", (style) => {
  it("are taken, and give what the server gave", async () => {
    const { server, access } = await open(style);
    const { token = "" } = await get(server, { scope: SCOPE }, "alice:secret");
    const alice = await identify(access, token);
    expect(alice).toMatchObject({ name: "alice", mayList: false });
    expect(alice.may("overwrite", A)).toBe(true);
    const bob = await identify(access, server.sign("bob", [SCOPE]));
    expect(bob.may("pull", A)).toBe(true);
    expect(bob.may("push", A)).toBe(false);
    expect(server.asked).toEqual([`GET ${SCOPE}`]);
  });

  it("of another server of the same name are refused", async () => {
    const { access } = await open(style);
    const other = await openTokenServer(resources, { style, users: USERS });
    await expect(identify(access, other.sign("alice", [SCOPE]))).rejects.toMatchObject({
      isToken: true,
    });
  });
});

describe("the token server", () => {
  it("answers OAuth2 with a password, and then with the refresh token", async () => {
    const { server, access } = await open("libtrust");
    const scope = "registry:catalog:*";
    const password = { grant_type: "password", username: "alice", password: "secret" };
    const first = await post(server, { ...password, access_type: "offline", scope });
    expect(await identify(access, first.access_token ?? "")).toMatchObject({ mayList: true });
    const refresh = { grant_type: "refresh_token", refresh_token: first.refresh_token };
    const second = await post(server, { ...refresh, scope });
    expect(await identify(access, second.access_token ?? "")).toMatchObject({ name: "alice" });
    expect(second.refresh_token).toBeUndefined();
  });

  it("refuses whom it does not know", async () => {
    const { server } = await open("libtrust");
    expect(await get(server, {}, "alice:wrong")).toMatchObject({ status: 401 });
    expect(await get(server, {}, "__proto__:")).toMatchObject({ status: 401 });
    expect(await get(server, {})).toMatchObject({ status: 401 });
    expect(await get(server, { service: "other" }, "alice:secret")).toMatchObject({ status: 400 });
    const refresh = { grant_type: "refresh_token", refresh_token: "unknown" };
    expect(await post(server, refresh)).toMatchObject({ status: 401 });
    const plain = await open("libtrust", { speaksOAuth2: false });
    expect(await post(plain.server, refresh)).toMatchObject({ status: 404 });
  });

  it("gives the anonymous what they may do", async () => {
    const { server, access } = await open("libtrust", { anonymous: { a: ["pull"] } });
    const { token = "" } = await get(server, { scope: SCOPE });
    const caller = await identify(access, token);
    expect(caller).toMatchObject({ name: "", lack: "scope" });
    expect([caller.may("pull", A), caller.may("push", A)]).toEqual([true, false]);
  });
});

/** What a reference registry says of a token, and how it challenges. */
async function reference(
  program: string,
  server: TokenServer,
  keys: string,
): Promise<(token?: string) => Promise<Response>> {
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-reference-"))).path;
  const config = join(folder, "config.yml");
  const { realm, service, issuer } = server;
  const auth = JSON.stringify({ realm, service, issuer }).slice(1, -1);
  await writeFile(
    config,
    `version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${JSON.stringify(folder)}}}
http: {addr: "127.0.0.1:0", secret: secret}
auth: {token: {${auth}, ${keys}}}
`,
  );
  const { ready } = await startProgram(
    resources,
    {
      command: [requireTool(program), "serve", config],
      env: { HOME: folder, OTEL_TRACES_EXPORTER: "none" },
    },
    /listening on (127\.0\.0\.1:\d+)/,
  );
  const url = `http://${ready[1] ?? ""}/v2/a/blobs/uploads/`;
  return (token) =>
    fetch(url, {
      method: "POST",
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
}

const MADE_FOR = [
  ["docker-registry", "libtrust", "rootcertbundle"],
  ["docker-registry", "x5c", "rootcertbundle"],
  ["registry", "jwks", "jwks"],
  ["registry", "x5c", "rootcertbundle"],
] as const;

for (const [program, style, setting] of MADE_FOR) {
  describeWithTools([program], `${program} with tokens of the style ${style}`, () => {
    it("judges them as Barge does", async () => {
      const { server, access } = await open(style);
      const file = setting === "jwks" ? server.jwks : server.rootCertBundle;
      const keys = `${setting}: ${JSON.stringify(file)}`;
      const ask = await reference(program, server, keys);
      const full = server.sign("alice", [SCOPE]);
      expect((await ask(full)).status).toBe(202);
      expect((await identify(access, full)).may("push", A)).toBe(true);
      const lacking = server.sign("bob", [SCOPE]);
      expect((await ask(lacking)).status).toBe(401);
      expect((await identify(access, lacking)).may("push", A)).toBe(false);
      const forged = `${full.slice(0, -4)}AAAA`;
      expect((await ask(forged)).status).toBe(401);
      await expect(identify(access, forged)).rejects.toMatchObject({ isToken: true });
    });
  });
}

for (const program of ["docker-registry", "registry"]) {
  describeWithTools([program], `the challenge of ${program}`, () => {
    it("is Barge's, to the byte but for the order of actions", async () => {
      const style = program === "registry" ? "jwks" : "libtrust";
      const { server } = await open(style);
      const file = style === "jwks" ? server.jwks : server.rootCertBundle;
      const setting = style === "jwks" ? "jwks" : "rootcertbundle";
      const ask = await reference(program, server, `${setting}: ${JSON.stringify(file)}`);
      const { realm, service } = server;
      const config = configFor(
        { bundle: server.rootCertBundle, jwks: server.jwks },
        { realm, service },
      );
      const access = await createOutsideAccess(config, { log: new RecordingLogger() });
      const needed = [{ kind: "repository", repository: A, actions: ["pull", "push"] }] as const;
      const sorted = (text: string | null): string | undefined =>
        text?.replace("a:push,pull", "a:pull,push");
      const origin = "http://localhost";
      for (const [token, error] of [
        [undefined, undefined],
        ["broken", "invalid_token"],
        [server.sign("bob", [SCOPE]), "insufficient_scope"],
      ] as const) {
        const { headers } = await ask(token);
        expect(sorted(headers.get("www-authenticate"))).toBe(
          access.challenge({ origin, needed, error }),
        );
      }
    });
  });
}
