import { describe, expect, it } from "vitest";
import type { ApiBindings } from "../../src/api/request.ts";
import { tokenRoutes } from "../../src/api/token-endpoint.ts";
import { AuthUnavailable, CredentialsRefused, TooManyAttempts } from "../../src/auth/errors.ts";
import { NOBODY } from "../../src/auth/open-access.ts";
import {
  EXCHANGE_GRANT,
  type TokenRequest,
  TokenRequestRefused,
} from "../../src/auth/tokens/token-request.ts";
import type { TokenAnswer } from "../../src/auth/tokens/token-service.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const SECRET = "canary-secret-4711";

const ANSWER: TokenAnswer = {
  token: "a.b.c",
  access_token: "a.b.c",
  token_type: "Bearer",
  expires_in: 300,
  issued_at: "2026-01-02T03:04:05.000Z",
  scope: "",
};

const BINDINGS: ApiBindings = {
  id: "r1",
  shown: { authorization: undefined, address: "192.0.2.1", certificate: undefined },
  origin: "http://registry.example",
  identify: () => NOBODY,
  isLocal: false,
};

interface Endpoint {
  readonly ask: (path: string, init?: RequestInit) => Promise<Response>;
  readonly requests: TokenRequest[];
  readonly log: RecordingLogger;
  readonly clock: FakeClock;
}

function endpoint({ failure, prefix }: { failure?: Error; prefix?: string } = {}): Endpoint {
  const clock = new FakeClock();
  const requests: TokenRequest[] = [];
  const log = new RecordingLogger();
  const routes = tokenRoutes({
    tokens: {
      answer: (request) => {
        requests.push(request);
        return failure === undefined ? Promise.resolve(ANSWER) : Promise.reject(failure);
      },
      jwks: () => Promise.resolve({ keys: [] }),
    },
    log,
    prefix,
    clock,
  });
  const ask: Endpoint["ask"] = async (path, init) => await routes.request(path, init, BINDINGS);
  return { ask, requests, log, clock };
}

function form(fields: Readonly<Record<string, string>>): RequestInit {
  return { method: "POST", body: new URLSearchParams(fields) };
}

const PASSWORD = { grant_type: "password", username: "alice", password: SECRET };

/** A form that arrives as the test says. */
function slowForm(): { readonly init: RequestInit; readonly body: TransformStream } {
  const body = new TransformStream();
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  return { init: { method: "POST", headers, body: body.readable, duplex: "half" }, body };
}

describe("the token endpoint", () => {
  it("waits half a minute for a form, however it trickles, and no longer", async () => {
    const { ask, clock, requests } = endpoint();
    const { init, body } = slowForm();
    const writer = body.writable.getWriter();
    const asking = ask("/auth/token", init);
    for (const byte of "grant") {
      await clock.advance(5_999);
      void writer.write(Buffer.from(byte));
    }
    await clock.advance(5);
    const answer = await asking;
    expect([answer.status, answer.headers.get("connection")]).toEqual([408, "close"]);
    expect(await answer.json()).toMatchObject({ error: "invalid_request" });
    expect(requests).toEqual([]);
  });

  it("takes a form that arrives at last in time", async () => {
    const { ask, clock } = endpoint();
    const { init, body } = slowForm();
    const asking = ask("/auth/token", init);
    await clock.advance(29_999);
    const writer = body.writable.getWriter();
    void writer.write(Buffer.from(new URLSearchParams(PASSWORD).toString()));
    void writer.close();
    expect((await asking).status).toBe(200);
  });

  it("answers a GET, and lets nobody keep the answer", async () => {
    const { ask, requests } = endpoint();
    const scope = "scope=repository:a/b:pull&scope=repository:c:push&offline_token=true";
    const response = await ask(`/auth/token?service=barge&account=alice&client_id=docker&${scope}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.json()).toEqual(ANSWER);
    expect(requests).toEqual([
      {
        grant: { kind: "header" },
        service: "barge",
        isOffline: true,
        scopes: [
          { type: "repository", class: "", name: "a/b", actions: ["pull"] },
          { type: "repository", class: "", name: "c", actions: ["push"] },
        ],
      },
    ]);
  });

  it.each([
    ["a password", PASSWORD, { kind: "password", name: "alice", password: SECRET }],
    [
      "a refresh token",
      { grant_type: "refresh_token", refresh_token: "r" },
      { kind: "refresh", token: "r" },
    ],
    [
      "a job's token",
      {
        grant_type: EXCHANGE_GRANT,
        subject_token: "j",
        subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      },
      { kind: "exchange", token: "j" },
    ],
  ])("answers a POST with %s", async (_, fields, grant) => {
    const { ask, requests } = endpoint();
    const response = await ask("/auth/token", form({ ...fields, access_type: "offline" }));
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(requests).toMatchObject([{ grant, isOffline: true }]);
  });

  it.each([
    [new CredentialsRefused("wrong"), 401, "UNAUTHORIZED invalid_grant"],
    [new TokenRequestRefused("invalid_target", "no"), 400, "UNSUPPORTED invalid_target"],
    [new TooManyAttempts(17), 429, "TOOMANYREQUESTS temporarily_unavailable"],
    [new AuthUnavailable("down"), 503, "UNAVAILABLE temporarily_unavailable"],
    [new Error("/some/path"), 500, "UNKNOWN server_error"],
  ])("says of %s %i %s", async (failure, status, words) => {
    const [code, error] = words.split(" ");
    const { ask } = endpoint({ failure });
    const response = await ask("/auth/token");
    const body: unknown = await response.json();
    expect(response.status).toBe(status);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(body).toMatchObject({ errors: [{ code }], error });
    expect(JSON.stringify(body)).not.toContain("/some/path");
  });

  it("says how long to wait, and how to log in", async () => {
    const busy = await endpoint({ failure: new TooManyAttempts(17) }).ask("/auth/token");
    expect(busy.headers.get("retry-after")).toBe("17");
    const refused = await endpoint({ failure: new CredentialsRefused("x") }).ask("/auth/token");
    expect(refused.headers.get("www-authenticate")).toBe('Basic realm="barge"');
  });

  it.each([
    ["an unknown grant", form({ grant_type: "magic" }), "400 unsupported_grant_type"],
    ["no grant", form({}), "400 invalid_request"],
    [
      "a grant twice",
      { method: "POST", body: new URLSearchParams("grant_type=a&grant_type=b") },
      "400 invalid_request",
    ],
    ["JSON", { method: "POST", body: JSON.stringify(PASSWORD) }, "400 invalid_request"],
    ["64 KiB and more", form({ ...PASSWORD, scope: "x".repeat(65_536) }), "413 invalid_request"],
  ])("refuses %s", async (_, init, outcome) => {
    const [status, error] = outcome.split(" ");
    const { ask, requests } = endpoint();
    const response = await ask("/auth/token", init);
    expect(response.status).toBe(Number(status));
    expect(await response.json()).toMatchObject({ error });
    expect(requests).toEqual([]);
  });

  it("stops reading a form without a length", async () => {
    const { ask } = endpoint();
    let sentBytes = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sentBytes += 16_384;
        controller.enqueue(new Uint8Array(16_384));
      },
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const init = { method: "POST", body, headers, duplex: "half" } as RequestInit;
    expect((await ask("/auth/token", init)).status).toBe(413);
    expect(sentBytes).toBeLessThan(2 ** 20);
  });

  it("writes no secret into log or answer", async () => {
    const { ask, log } = endpoint({ failure: new CredentialsRefused("wrong name or password") });
    const response = await ask("/auth/token", form(PASSWORD));
    expect(await response.text()).not.toContain(SECRET);
    expect(log.lines).toHaveLength(1);
    expect(JSON.stringify(log.lines)).not.toContain(SECRET);
  });

  it("stands under the prefix of the registry", async () => {
    const { ask } = endpoint({ prefix: "/registry/" });
    expect((await ask("/registry/auth/token")).status).toBe(200);
    expect((await ask("/auth/token")).status).toBe(404);
  });
});

it("publishes the keys, to be kept for a minute", async () => {
  const response = await endpoint().ask("/.well-known/jwks.json");
  expect(await response.json()).toEqual({ keys: [] });
  expect(response.headers.get("cache-control")).toBe("public, max-age=60");
});
