/** Proving credentials, against servers that write down what they are shown. */
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import type { Credentials } from "../../src/client/credential-entries.ts";
import { Denied, RealmRefused, Refused, TryLater, Unreachable } from "../../src/client/errors.ts";
import { type Proved, proveCredentials } from "../../src/client/registry-login.ts";
import { parseServerAddress } from "../../src/client/server-address.ts";
import { createTransport } from "../../src/client/transport.ts";
import { loadTrust } from "../../src/client/trust.ts";
import { systemClock } from "../../src/lib/clock.ts";
import {
  basic,
  openRecordingServer,
  type Recorded,
  type RecordingServer,
  type Reply,
} from "../fakes/recording-server.ts";
import { writeAuthority } from "../fixtures/certificates.ts";
import { freePort } from "../fixtures/free-port.ts";

const ALICE = { kind: "password", name: "alice", password: "s3cret" } as const;

interface Options {
  readonly credentials?: Exclude<Credentials, { kind: "registry-token" }>;
  readonly trustedHosts?: readonly string[];
  readonly caFile?: string;
  readonly insecure?: boolean;
}

async function prove(server: string, options: Options = {}): Promise<Proved> {
  const { credentials = ALICE, trustedHosts = [], caFile, insecure = false } = options;
  const address = parseServerAddress(server, { plainHttp: false, insecure });
  if (address.kind !== "network") throw new Error("a socket");
  const transport = createTransport({
    loadTrust: () =>
      loadTrust({ host: address.host, caFile, insecure, environment: {}, certificateFolders: [] }),
    timeoutMs: 20_000,
    clock: systemClock,
    environment: {},
  });
  const { signal } = new AbortController();
  return await proveCredentials({ address, credentials, transport, trustedHosts, signal });
}

const UNAUTHORIZED = { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] };

/** A registry that wants a name and a password. */
function byPassword({ headers }: Recorded): Reply {
  if (headers.authorization === basic("alice", "s3cret")) return { body: {} };
  return {
    status: 401,
    headers: { "www-authenticate": 'Basic realm="Registry"' },
    body: UNAUTHORIZED,
  };
}

/** A registry and, at `/token`, its token server. */
function byToken(realm: (host: string) => string, tokens: object) {
  return (request: Recorded): Reply => {
    const { url, headers } = request;
    if (url.startsWith("/token")) {
      const isRight =
        headers.authorization === basic("alice", "s3cret") ||
        request.body.includes("refresh_token=identity");
      return isRight ? { body: tokens } : { status: 401, body: UNAUTHORIZED };
    }
    if (headers.authorization === "Bearer t0ken") return { body: {} };
    const challenge = `Bearer realm="${realm(headers.host ?? "")}",service="reg"`;
    return { status: 401, headers: { "www-authenticate": challenge }, body: UNAUTHORIZED };
  };
}

const own = (host: string): string => `http://${host}/token`;

/** What was shown of secrets to a server, in any part of any request. */
function shownTo({ requests }: RecordingServer): string {
  return requests.map((one) => `${one.url} ${JSON.stringify(one.headers)} ${one.body}`).join("\n");
}

describe("a registry that wants a password", () => {
  it("takes the right one, and is shown none before it has asked", async () => {
    await using server = await openRecordingServer(byPassword);
    expect(await prove(server.host)).toMatchObject({ by: "basic", identityToken: undefined });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      basic("alice", "s3cret"),
    ]);
  });

  it("refuses a wrong one: told with what the registry said and what to do", async () => {
    await using server = await openRecordingServer(byPassword);
    const proving = prove(server.url, { credentials: { ...ALICE, password: "wrong" } });
    await expect(proving).rejects.toThrow(Denied);
    await expect(proving).rejects.toThrow(
      `${server.host} answered 401 UNAUTHORIZED: authentication required\n  are name and password right?`,
    );
  });
});

describe("a registry with a token server", () => {
  it("is asked for a token as docker does it, which the registry then takes", async () => {
    await using server = await openRecordingServer(byToken(own, { token: "t0ken" }));
    expect(await prove(server.url)).toMatchObject({ by: "token", identityToken: undefined });
    const [, asked, entered] = server.requests;
    const query = Object.fromEntries(new URL(asked?.url ?? "", server.url).searchParams);
    expect(query).toEqual({
      service: "reg",
      account: "alice",
      client_id: "barge",
      offline_token: "true",
    });
    expect(entered).toMatchObject({ url: "/v2/", headers: { authorization: "Bearer t0ken" } });
  });

  it("may give an identity token in place of the password", async () => {
    const tokens = { access_token: "t0ken", refresh_token: "identity" };
    await using server = await openRecordingServer(byToken(own, tokens));
    expect(await prove(server.url)).toMatchObject({ identityToken: "identity" });
  });

  it("takes an identity token by a form, and never in an address", async () => {
    await using server = await openRecordingServer(byToken(own, { access_token: "t0ken" }));
    await prove(server.url, { credentials: { kind: "identity-token", token: "identity" } });
    const [, asked] = server.requests;
    expect(asked).toMatchObject({ method: "POST", url: "/token" });
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: "refresh_token",
      service: "reg",
      client_id: "barge",
      refresh_token: "identity",
    });
  });

  it("that refuses the password is told to have said so", async () => {
    await using server = await openRecordingServer(byToken(own, { token: "t0ken" }));
    const proving = prove(server.url, { credentials: { ...ALICE, password: "wrong" } });
    await expect(proving).rejects.toThrow(Denied);
    await expect(proving).rejects.toThrow(
      new RegExp(String.raw`^${server.host} answered 401[^]*\n {2}are name and password right\?$`),
    );
  });

  it.each([{}, { token: "" }, { token: "a\nb" }])(
    "that gives %j has given none",
    async (tokens) => {
      await using server = await openRecordingServer(byToken(own, tokens));
      await expect(prove(server.url)).rejects.toThrow(Error);
      expect(server.requests).toHaveLength(2);
    },
  );
});

describe("a token server on another host", () => {
  it("is shown nothing, and not even asked", async () => {
    await using thief = await openRecordingServer(() => ({ body: { token: "t0ken" } }));
    const elsewhere = `http://localhost:${thief.port}/token`;
    await using server = await openRecordingServer(byToken(() => elsewhere, {}));
    for (const credentials of [ALICE, { kind: "identity-token", token: "identity" } as const]) {
      const proving = prove(server.url, { credentials });
      await expect(proving).rejects.toThrow(RealmRefused);
      await expect(proving).rejects.toThrow(/--realm-host localhost/);
    }
    expect(thief.requests).toEqual([]);
    expect(shownTo(server)).not.toMatch(/authorization|identity/);
  });

  it("is asked once the user vouches for it", async () => {
    await using other = await openRecordingServer(() => ({ body: { token: "t0ken" } }));
    const elsewhere = `http://localhost:${other.port}/token`;
    await using server = await openRecordingServer(byToken(() => elsewhere, {}));
    await prove(server.url, { trustedHosts: ["localhost"] });
    expect(other.requests).toHaveLength(1);
    expect(shownTo(server)).not.toContain(basic("alice", "s3cret"));
  });

  it("is not reached by a redirect either", async () => {
    await using thief = await openRecordingServer(() => ({ body: { token: "t0ken" } }));
    const ask = byToken(own, {});
    const location = `http://localhost:${thief.port}/token`;
    await using server = await openRecordingServer((request) =>
      request.url.startsWith("/token") ? { status: 307, headers: { location } } : ask(request),
    );
    await expect(prove(server.url)).rejects.toThrow(Refused);
    expect(thief.requests).toEqual([]);
  });
});

describe("a registry that asks nobody", () => {
  it("and is a Barge has the credentials tried on its API", async () => {
    await using server = await openRecordingServer(({ url, ...request }) =>
      url === "/v2/" ? {} : byPassword({ url, ...request }),
    );
    expect(await prove(server.url)).toMatchObject({ by: "basic" });
    const wrong = { ...ALICE, password: "wrong" };
    await expect(prove(server.url, { credentials: wrong })).rejects.toThrow(Denied);
  });

  it("and is none leaves them untried", async () => {
    await using server = await openRecordingServer(({ url }) =>
      url === "/v2/" ? {} : { status: 404 },
    );
    expect(await prove(server.url)).toMatchObject({ by: "nobody" });
  });
});

describe("what is no registry, or is not there", () => {
  it("with too many attempts is told to be tried later, and when", async () => {
    await using server = await openRecordingServer(() => ({
      status: 429,
      headers: { "retry-after": "7" },
      body: { errors: [{ code: "TOOMANYREQUESTS", message: "wait\u001b[31m" }] },
    }));
    const proving = prove(server.url);
    await expect(proving).rejects.toThrow(TryLater);
    await expect(proving).rejects.toMatchObject({ retryAfterSeconds: 7 });
    await expect(proving).rejects.toThrow(
      /TOOMANYREQUESTS: wait \[31m\n {2}try again in 7 seconds/,
    );
  });

  it("where nothing listens says so", async () => {
    const proving = prove(`127.0.0.1:${await freePort()}`);
    await expect(proving).rejects.toThrow(Unreachable);
    await expect(proving).rejects.toThrow("is the server running");
  });

  it("that asks in no way that is known is refused", async () => {
    const headers = { "www-authenticate": "Negotiate" };
    await using server = await openRecordingServer(() => ({ status: 401, headers }));
    await expect(prove(server.url)).rejects.toThrow(Refused);
    expect(server.requests).toHaveLength(1);
  });

  it("that points elsewhere is not followed", async () => {
    const headers = { location: "https://elsewhere.test/v2/" };
    await using server = await openRecordingServer(() => ({ status: 301, headers }));
    await expect(prove(server.url)).rejects.toThrow("points to https://elsewhere.test/v2/");
  });
});

describe("https", () => {
  async function openTlsRegistry(resources: AsyncDisposableStack) {
    const folder = resources.use(await mkdtempDisposable(`${tmpdir()}/barge-tls-`));
    const authority = await writeAuthority(folder.path, "Test");
    const leaf = await authority.issue("/CN=127.0.0.1", "IP:127.0.0.1");
    const shown: (string | undefined)[] = [];
    const options = { cert: await readFile(leaf.certificate), key: await readFile(leaf.key) };
    const server = createServer(options, ({ headers }, response) => {
      shown.push(headers.authorization);
      const isRight = headers.authorization === basic("alice", "s3cret");
      response.writeHead(isRight ? 200 : 401, { "www-authenticate": "Basic realm=x" }).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    resources.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { host: `127.0.0.1:${port}`, caFile: authority.certificate, shown };
  }

  it("with a certificate of an authority that was named is taken", async () => {
    await using resources = new AsyncDisposableStack();
    const { host, caFile } = await openTlsRegistry(resources);
    expect((await prove(host, { caFile })).base.href).toBe(`https://${host}/`);
    expect((await prove(host, { insecure: true })).base.href).toBe(`https://${host}/`);
  });

  it("with another certificate is shown nothing, is not tried plainly, and says what to do", async () => {
    await using resources = new AsyncDisposableStack();
    const { host, shown } = await openTlsRegistry(resources);
    const proving = prove(host);
    await expect(proving).rejects.toThrow(Unreachable);
    await expect(proving).rejects.toThrow(
      `--ca-file, or put it in /etc/docker/certs.d/${host}/ca.crt`,
    );
    expect(shown).toEqual([]);
  });
});
