/** The reference registries take Barge's tokens, for what they allow and no more. */
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { AccessTokens } from "../../src/auth/tokens/access-tokens.ts";
import { formatPem } from "../../src/auth/tokens/certificate.ts";
import type { GrantedScope } from "../../src/auth/tokens/granted-scopes.ts";
import { publishedJwks } from "../../src/auth/tokens/jwks.ts";
import type { Proven } from "../../src/auth/tokens/proven.ts";
import { RefreshTokens } from "../../src/auth/tokens/refresh-tokens.ts";
import { openSigningKeys, type SigningKeys } from "../../src/auth/tokens/signing-keys.ts";
import { Secret } from "../../src/config/secret.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { startProgram } from "../fixtures/program.ts";
import { describeWithTools, requireTool } from "../real/tools.ts";

const CONFIG = {
  issuer: "barge.example",
  service: "other registry",
  tokenLifetimeMs: 300_000,
  refreshTokenLifetimeMs: 600_000,
};
const ALICE: Proven = { identity: { kind: "user", name: "alice", groups: [] }, fingerprint: "f" };

async function openKeys(given?: string): Promise<SigningKeys> {
  return await openSigningKeys({
    ...CONFIG,
    given: given === undefined ? undefined : new Secret(given),
    directory: undefined,
    clock: systemClock,
    log: new RecordingLogger(),
  });
}

async function certificates(keys: SigningKeys): Promise<{ readonly rootcertbundle: string }> {
  const published = await keys.published();
  const blocks = published.map(({ certificate }) =>
    formatPem("CERTIFICATE", certificate ?? new Uint8Array()),
  );
  return { rootcertbundle: blocks.join("") };
}

/** A registry that trusts these certificates or keys. @returns its address. */
async function openTrusting(
  resources: AsyncDisposableStack,
  tool: string,
  trusted: { readonly rootcertbundle: string } | { readonly jwks: string },
): Promise<string> {
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-trusting-"))).path;
  const [key = "", content = ""] = Object.entries(trusted).flat();
  await writeFile(join(folder, "trusted"), content);
  const config = join(folder, "config.yml");
  await writeFile(
    config,
    JSON.stringify({
      version: "0.1",
      log: { level: "info", accesslog: { disabled: true } },
      storage: { inmemory: {} },
      http: { addr: "127.0.0.1:0", secret: "one server" },
      auth: {
        token: {
          realm: "http://127.0.0.1/auth/token",
          service: CONFIG.service,
          issuer: CONFIG.issuer,
          [key]: join(folder, "trusted"),
        },
      },
    }),
  );
  const { ready } = await startProgram(
    resources,
    {
      command: [requireTool(tool), "serve", config],
      env: { HOME: folder, OTEL_TRACES_EXPORTER: "none" },
    },
    /listening on (127\.0\.0\.1:\d+)/,
  );
  return `http://${ready[1] ?? ""}`;
}

interface Asking {
  readonly origin: string;
  readonly token: string;
}

/** The status, and the error that the challenge names. */
async function ask({ origin, token }: Asking, request: string): Promise<string> {
  const [method = "", path = ""] = request.split(" ");
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${origin}${path}`, { method, headers });
  await response.arrayBuffer();
  const error = /error="(\w+)"/.exec(response.headers.get("www-authenticate") ?? "")?.[1];
  return [String(response.status), ...(error === undefined ? [] : [error])].join(" ");
}

function rights(name: string, ...actions: readonly string[]): readonly GrantedScope[] {
  return [{ type: "repository", name, actions }];
}

const PUSH = "POST /v2/team/a/blobs/uploads/";
const LIST = "GET /v2/team/a/tags/list";

for (const tool of ["docker-registry", "registry"]) {
  describeWithTools([tool], `${tool} takes tokens`, () => {
    it("for what they allow", async () => {
      await using resources = new AsyncDisposableStack();
      const keys = await openKeys();
      const tokens = new AccessTokens({ config: CONFIG, keys, clock: systemClock });
      const origin = await openTrusting(resources, tool, await certificates(keys));
      const outcomes = async (granted: readonly GrantedScope[]): Promise<readonly string[]> => {
        const { token } = await tokens.issue(ALICE, granted);
        const asked = ["GET /v2/", LIST, PUSH, "GET /v2/_catalog"];
        return await Promise.all(asked.map((request) => ask({ origin, token }, request)));
      };
      const lacking = "401 insufficient_scope";
      expect(await outcomes([])).toEqual(["200", lacking, lacking, lacking]);
      expect(await outcomes(rights("team/a", "pull"))).toEqual(["200", "404", lacking, lacking]);
      expect(await outcomes(rights("team/a", "pull", "push"))).toEqual([
        "200",
        "404",
        "202",
        lacking,
      ]);
      expect(await outcomes(rights("team/b", "pull", "push"))).toEqual([
        "200",
        lacking,
        lacking,
        lacking,
      ]);
      expect(await outcomes([{ type: "registry", name: "catalog", actions: ["*"] }])).toEqual([
        "200",
        lacking,
        lacking,
        "200",
      ]);
    });

    it("only where they are for it", async () => {
      await using resources = new AsyncDisposableStack();
      const keys = await openKeys();
      const granted = rights("team/a", "pull", "push");
      const origin = await openTrusting(resources, tool, await certificates(keys));
      const others = {
        "of another key": { config: CONFIG, keys: await openKeys(), clock: systemClock },
        "of another issuer": { config: { ...CONFIG, issuer: "x" }, keys, clock: systemClock },
        "for another service": { config: { ...CONFIG, service: "x" }, keys, clock: systemClock },
        "of yesterday": {
          config: CONFIG,
          keys,
          clock: new FakeClock(new Date(Date.now() - 86_400_000)),
        },
      };
      for (const [name, options] of Object.entries(others)) {
        const { token } = await new AccessTokens(options).issue(ALICE, granted);
        expect([name, await ask({ origin, token }, LIST)]).toEqual([name, "401 invalid_token"]);
      }
      const refresh = new RefreshTokens({ config: CONFIG, keys, clock: systemClock });
      const token = (await refresh.issue(ALICE)) ?? "";
      expect(await ask({ origin, token }, LIST)).toBe("401 invalid_token");
    });

    it("of a new key beside those of the old", async () => {
      await using resources = new AsyncDisposableStack();
      const keys = await openKeys();
      const tokens = new AccessTokens({ config: CONFIG, keys, clock: systemClock });
      const granted = rights("team/a", "pull");
      const before = await tokens.issue(ALICE, granted);
      await keys.rotate();
      const after = await tokens.issue(ALICE, granted);
      const origin = await openTrusting(resources, tool, await certificates(keys));
      for (const { token } of [before, after])
        expect(await ask({ origin, token }, LIST)).toBe("404");
    });

    it("of a key that was given with its certificate", async () => {
      await using resources = new AsyncDisposableStack();
      const { privateKey, certificate } = await (await openKeys()).signer();
      const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      const root = formatPem("CERTIFICATE", certificate ?? new Uint8Array());
      const origin = await openTrusting(resources, tool, { rootcertbundle: root });
      const keys = await openKeys(`${pem}${root}`);
      const tokens = new AccessTokens({ config: CONFIG, keys, clock: systemClock });
      const { token } = await tokens.issue(ALICE, rights("team/a", "pull"));
      expect(await ask({ origin, token }, LIST)).toBe("404");
    });
  });
}

describeWithTools(["registry"], "registry takes tokens", () => {
  it("by the published keys, where no certificate is given", async () => {
    await using resources = new AsyncDisposableStack();
    const { privateKey } = await (await openKeys()).signer();
    const keys = await openKeys(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    const origin = await openTrusting(resources, "registry", {
      jwks: JSON.stringify(await publishedJwks(keys)),
    });
    const tokens = new AccessTokens({ config: CONFIG, keys, clock: systemClock });
    const { token } = await tokens.issue(ALICE, rights("team/a", "pull"));
    expect(await ask({ origin, token }, LIST)).toBe("404");
    const stranger = new AccessTokens({
      config: CONFIG,
      keys: await openKeys(),
      clock: systemClock,
    });
    const { token: strange } = await stranger.issue(ALICE, rights("team/a", "pull"));
    expect(await ask({ origin, token: strange }, LIST)).toBe("401 invalid_token");
  });
});
