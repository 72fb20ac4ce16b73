/** Proving a robot's secret, to servers that take it everywhere, at their API alone, or not at all. */
import { describe, expect, it } from "vitest";
import { Denied, TryLater } from "../../src/client/errors.ts";
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

const NAME = "robot+admin";
const SHOWN = basic(NAME, "brg_secret");
const UNAUTHORIZED = { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] };
const WHO: Reply = { body: { name: NAME, kind: "robot", groups: [], isAdmin: true } };

interface Shape {
  /** To whom `/v2/` sends those who show nothing that it takes. */
  readonly challenge: (host: string) => string;
  /** What `/api/v1/auth/whoami` says to the robot; without it, there is no such place. */
  readonly who?: Reply;
  /** Whether `/v2/` takes the robot's secret. */
  readonly takesBasic?: boolean;
}

function registry({ challenge, who = { status: 404 }, takesBasic = false }: Shape) {
  return ({ url, headers }: Recorded): Reply => {
    const isRight = headers.authorization === SHOWN;
    const refused = {
      status: 401,
      headers: { "www-authenticate": challenge(headers.host ?? "") },
      body: UNAUTHORIZED,
    };
    if (url === "/api/v1/auth/whoami") return isRight ? who : refused;
    if (url.startsWith("/token")) {
      return isRight ? { body: { token: "t0ken", refresh_token: "identity" } } : refused;
    }
    if (headers.authorization === "Bearer t0ken" || (isRight && takesBasic)) return { body: {} };
    return refused;
  };
}

const byPassword = (): string => 'Basic realm="Registry"';
const byOwnTokens = (host: string): string => `Bearer realm="http://${host}/token",service="barge"`;

async function prove(server: RecordingServer, password = "brg_secret"): Promise<Proved> {
  const address = parseServerAddress(server.url, { plainHttp: false, insecure: false });
  if (address.kind !== "network") throw new Error("a socket");
  const options = { caFile: undefined, insecure: false, environment: {}, certificateFolders: [] };
  const transport = createTransport({
    loadTrust: () => loadTrust({ host: address.host, ...options }),
    timeoutMs: 20_000,
    clock: systemClock,
    environment: {},
  });
  return await proveCredentials({
    address,
    credentials: { kind: "password", name: NAME, password },
    transport,
    trustedHosts: ["localhost"],
    signal: new AbortController().signal,
  });
}

describe("a robot", () => {
  it("is taken to administer where /v2/ wants the password of a user", async () => {
    await using server = await openRecordingServer(registry({ challenge: byPassword, who: WHO }));
    expect(await prove(server)).toMatchObject({ by: "api", identityToken: undefined });
    expect(server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ["/v2/", undefined],
      ["/api/v1/auth/whoami", SHOWN],
    ]);
  });

  it("is taken to administer where another server makes the tokens, which is shown nothing", async () => {
    await using other = await openRecordingServer(() => ({ body: { token: "t0ken" } }));
    const challenge = (): string => `Bearer realm="http://localhost:${other.port}/token"`;
    await using server = await openRecordingServer(registry({ challenge, who: WHO }));
    expect(await prove(server)).toMatchObject({ by: "api", identityToken: undefined });
    expect(other.requests).toEqual([]);
  });

  it("is taken by its secret where /v2/ takes anybody who says something", async () => {
    const challenge = (): string => 'Bearer realm="http://nowhere.test/token"';
    await using server = await openRecordingServer(
      registry({ challenge, who: WHO, takesBasic: true }),
    );
    expect(await prove(server)).toMatchObject({ by: "basic", identityToken: undefined });
  });

  it("gets an identity token where the registry makes its tokens itself", async () => {
    await using server = await openRecordingServer(
      registry({ challenge: byOwnTokens, who: WHO, takesBasic: true }),
    );
    expect(await prove(server)).toMatchObject({ by: "token", identityToken: "identity" });
  });

  it.each([
    ["nothing at that place", { status: 404 }],
    ["a page for anything", { body: "<html>" }],
    ["somebody else", { body: { name: "robot+ci", kind: "robot" } }],
    ["a user of that name", { body: { name: NAME, kind: "user" } }],
    ["a refusal", { status: 403 }],
  ])("is a user of a registry whose API answers with %s", async (_, who) => {
    const shape = { challenge: byPassword, who };
    await using server = await openRecordingServer(registry({ ...shape, takesBasic: true }));
    expect(await prove(server)).toMatchObject({ by: "basic" });
    await using strict = await openRecordingServer(registry(shape));
    await expect(prove(strict)).rejects.toThrow(Denied);
  });

  it("with a wrong secret is denied", async () => {
    await using server = await openRecordingServer(registry({ challenge: byPassword, who: WHO }));
    await expect(prove(server, "wrong")).rejects.toThrow(Denied);
  });

  it("that has to wait is told so, and tried nowhere else", async () => {
    const who = { status: 429, headers: { "retry-after": "7" } };
    await using server = await openRecordingServer(registry({ challenge: byOwnTokens, who }));
    await expect(prove(server)).rejects.toThrow(TryLater);
    expect(server.requests).toHaveLength(2);
  });
});
