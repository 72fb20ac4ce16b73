/** What `auth`, `barge.auth`, `barge.access`, `barge.audit` and client certificates come to. */
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { AuthConfig, BuiltInAuthConfig } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/environment.ts";
import { publicJsonSchema } from "../../src/config/json-schema.ts";
import { configOf, minimal } from "./reading.ts";

async function authOf(rest: string, environment: Environment = {}): Promise<AuthConfig> {
  return (await configOf(minimal(rest), environment)).auth;
}

async function builtIn(rest: string, environment: Environment = {}): Promise<BuiltInAuthConfig> {
  const auth = await authOf(rest, environment);
  if (auth.kind !== "built-in") throw new Error(auth.kind);
  return auth;
}

describe("auth", () => {
  test.each(["", "auth:", "auth: {}", "auth: none", "auth: {none: {}}", "auth: {none: ~}"])(
    "%j is open without being meant",
    async (text) => {
      expect(await authOf(text)).toEqual({ kind: "open", isMeant: false });
    },
  );

  test("htpasswd", async () => {
    const text = "auth: {htpasswd: {realm: Registry Realm, path: /auth/htpasswd}}";
    const expected = { kind: "htpasswd", realm: "Registry Realm", path: "/auth/htpasswd" };
    expect(await authOf(text)).toEqual(expected);
  });

  test("silly", async () => {
    const text = "auth: {silly: {realm: r, service: s}}";
    expect(await authOf(text)).toEqual({ kind: "silly", realm: "r", service: "s" });
  });

  test("token as of version 2 of the reference", async () => {
    const text =
      "auth: {token: {realm: 'https://auth.example/token', service: s, issuer: i, rootcertbundle: /b}}";
    expect(await authOf(text)).toEqual({
      kind: "token",
      realm: "https://auth.example/token",
      service: "s",
      issuer: "i",
      rootCertBundle: "/b",
      jwks: undefined,
      autoRedirect: false,
      autoRedirectPath: "/auth/token",
      signingAlgorithms: [],
    });
  });

  test("token as of version 3 of the reference", async () => {
    const text =
      "auth: {token: {service: s, issuer: i, jwks: /j, autoredirect: true, autoredirectpath: /t, signingalgorithms: [ES256, EdDSA]}}";
    expect(await authOf(text)).toMatchObject({
      realm: "",
      rootCertBundle: undefined,
      jwks: "/j",
      autoRedirect: true,
      autoRedirectPath: "/t",
      signingAlgorithms: ["ES256", "EdDSA"],
    });
  });

  test("comes from the environment", async () => {
    const htpasswd = { kind: "htpasswd", realm: "r", path: "/p" };
    const two = { REGISTRY_AUTH_HTPASSWD_REALM: "r", REGISTRY_AUTH_HTPASSWD_PATH: "/p" };
    expect(await authOf("", two)).toEqual(htpasswd);
    expect(await authOf("", { REGISTRY_AUTH: "htpasswd", ...two })).toEqual(htpasswd);
    expect(
      await authOf("auth: {silly: {realm: r, service: s}}", { REGISTRY_AUTH: "htpasswd", ...two }),
    ).toEqual(htpasswd);
    expect(await authOf("", { REGISTRY_AUTH: "{silly: {realm: r, service: s}}" })).toMatchObject({
      kind: "silly",
    });
  });

  test("REGISTRY_AUTH_FILE is for clients and no setting", async () => {
    expect(await authOf("", { REGISTRY_AUTH_FILE: "/run/auth.json" })).toMatchObject({
      kind: "open",
    });
  });
});

describe("barge.auth", () => {
  test.each(["barge: {auth: open}", "barge: {auth: {open: }}", "auth: none\nbarge: {auth: open}"])(
    "%j is open and meant",
    async (text) => {
      expect(await authOf(text)).toEqual({ kind: "open", isMeant: true });
    },
  );

  test("a map, with every default", async () => {
    expect(await authOf("barge: {auth: {}}")).toEqual({
      kind: "built-in",
      users: undefined,
      key: undefined,
      groups: {},
      robots: {},
      issuers: {},
      service: "barge",
      issuer: "barge",
      tokenLifetimeMs: 300_000,
      refreshTokenLifetimeMs: 90 * 86_400_000,
      attempts: { perAddress: 30, perAccount: 10 },
      access: [],
    });
  });

  test("a map with everything", async () => {
    const auth = await builtIn(`
barge:
  auth:
    users: /auth/htpasswd
    groups: {dev: [alice, "bob@example.com"], ops: carol, /team/a: [0123]}
    issuers:
      github:
        issuer: https://token.actions.githubusercontent.com
        audience: registry.example.com
        groups: repository_owner
      cluster:
        issuer: http://127.0.0.1:8080
        audience: [a, b]
        jwks: /etc/jwks.json
        ca: /etc/ca.pem
        maxTokenAge: 10m
    service: registry.example.com
    issuer: ours
    tokenLifetime: 1h
    refreshTokenLifetime: 24h
    attempts: {perAddress: 5, perAccount: 2}
`);
    expect(auth).toMatchObject({
      users: "/auth/htpasswd",
      groups: { dev: ["alice", "bob@example.com"], ops: ["carol"], "/team/a": ["0123"] },
      issuers: {
        github: {
          issuer: "https://token.actions.githubusercontent.com",
          audience: ["registry.example.com"],
          jwks: undefined,
          ca: undefined,
          groupsClaim: "repository_owner",
          maxTokenAgeMs: 3_600_000,
        },
        cluster: {
          audience: ["a", "b"],
          jwks: "/etc/jwks.json",
          ca: "/etc/ca.pem",
          groupsClaim: undefined,
          maxTokenAgeMs: 600_000,
        },
      },
      service: "registry.example.com",
      issuer: "ours",
      tokenLifetimeMs: 3_600_000,
      refreshTokenLifetimeMs: 86_400_000,
      attempts: { perAddress: 5, perAccount: 2 },
    });
  });

  test("names may be words that every object has", async () => {
    const auth = await builtIn("barge: {auth: {groups: {dev: []}}}").catch(() => undefined);
    expect(auth).toBeUndefined();
    const { groups, robots } = await builtIn("barge: {auth: {}}");
    expect([groups["constructor"], robots["constructor"]]).toEqual([undefined, undefined]);
    const named = await builtIn("barge: {auth: {groups: {constructor: alice}}}");
    expect(named.groups["constructor"]).toEqual(["alice"]);
  });

  test("auth.htpasswd gives the users", async () => {
    const htpasswd = "auth: {htpasswd: {realm: r, path: /p}}";
    expect(await builtIn(`${htpasswd}\nbarge: {auth: {}}`)).toMatchObject({ users: "/p" });
    expect(await builtIn(`${htpasswd}\nbarge: {auth: {users: /p}}`)).toMatchObject({ users: "/p" });
  });

  test("secrets come from variables and files, also below names that are chosen freely", async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), "barge-config-"));
    const path = join(directory.path, "secret");
    await writeFile(path, "the secret of deploy\n");
    const auth = await builtIn(
      `barge: {auth: {key: 'env:KEY', robots: {ci: {secret: 'env:CI'}, deploy: {secret: 'file:${path}'}}}}`,
      { KEY: "PEM", CI: "the secret of ci" },
    );
    expect(auth.key?.reveal()).toBe("PEM");
    expect(auth.robots["ci"]?.secret.reveal()).toBe("the secret of ci");
    expect(auth.robots["deploy"]?.secret.reveal()).toBe("the secret of deploy");
    expect(JSON.stringify(auth)).not.toMatch(/the secret|PEM/);
  });

  test("with storage on S3 and a key", async () => {
    const text =
      "version: 0.1\nstorage: {s3: {bucket: b, region: r}}\nhttp: {addr: ':5000'}\nbarge: {auth: {key: 'env:KEY'}}";
    expect((await configOf(text, { KEY: "PEM" })).auth.kind).toBe("built-in");
  });

  test("comes from the environment", async () => {
    expect(await authOf("", { BARGE_AUTH: "open" })).toMatchObject({ isMeant: true });
    const auth = await builtIn("barge: {auth: {users: /p}}", {
      BARGE_AUTH_TOKENLIFETIME: "10m",
      BARGE_AUTH_GROUPS_DEV: "[alice]",
      BARGE_AUTH_ROBOTS_CI_SECRET: "env:CI",
      BARGE_AUTH_ISSUERS: "{a: {issuer: 'https://a.example', audience: b}}",
      BARGE_AUTH_ATTEMPTS_PERADDRESS: "7",
      BARGE_ACCESS: "[{subject: 'user:alice', repositories: '**', actions: all}]",
      CI: "the secret of ci",
    });
    expect(auth).toMatchObject({
      users: "/p",
      tokenLifetimeMs: 600_000,
      groups: { dev: ["alice"] },
      issuers: { a: { audience: ["b"] } },
      attempts: { perAddress: 7, perAccount: 10 },
    });
    expect(auth.robots["ci"]?.secret.reveal()).toBe("the secret of ci");
    expect(auth.access).toHaveLength(1);
  });

  test("items of a list that was written as a text can be added to", async () => {
    const auth = await builtIn("barge: {auth: {groups: {dev: alice}}}", {
      BARGE_AUTH_GROUPS_DEV_1: "bob",
    });
    expect(auth.groups).toEqual({ dev: ["alice", "bob"] });
  });
});

describe("barge.access", () => {
  const issuers =
    "issuers: {github: {issuer: 'https://token.actions.githubusercontent.com', audience: a}}";

  async function rules(access: string): Promise<BuiltInAuthConfig["access"]> {
    return (await builtIn(`barge: {auth: {${issuers}}, access: [${access}]}`)).access;
  }

  test("every kind of subject", async () => {
    const subjects = [
      "anonymous",
      "authenticated",
      "user:alice@example.com",
      "user:Alice Smith",
      "group:/team/a:b",
      "robot:ci-1",
    ];
    const [found] = await rules(
      `{subject: ${JSON.stringify(subjects)}, repositories: 'team/**', actions: pull}`,
    );
    expect(found).toEqual({
      subjects: [
        { kind: "anonymous" },
        { kind: "authenticated" },
        { kind: "user", name: "alice@example.com" },
        { kind: "user", name: "Alice Smith" },
        { kind: "group", name: "/team/a:b" },
        { kind: "robot", name: "ci-1" },
      ],
      repositories: ["team/**"],
      actions: ["pull"],
    });
  });

  test("claims, whose values may be numbers and lists", async () => {
    const [found] = await rules(
      "{subject: 'claims:github', claims: {repository_owner_id: 0123, ref: [main, 'v*']}, repositories: ['a', 'b/*'], actions: [push, pull]}",
    );
    expect(found).toEqual({
      subjects: [
        {
          kind: "claims",
          issuer: "github",
          claims: { repository_owner_id: ["0123"], ref: ["main", "v*"] },
        },
      ],
      repositories: ["a", "b/*"],
      actions: ["pull", "push"],
    });
  });

  test("all actions", async () => {
    const [found] = await rules("{subject: 'user:root', repositories: ['**'], actions: all}");
    expect(found?.actions).toEqual(["pull", "push", "overwrite", "delete", "promote", "admin"]);
  });
});

test("barge.audit", async () => {
  const audit = async (text: string) => (await configOf(minimal(text))).barge.audit;
  expect(await audit("")).toEqual({ path: undefined, pulls: false });
  expect(await audit("barge: {audit: {path: /a, pulls: true}}")).toEqual({
    path: "/a",
    pulls: true,
  });
});

test.each([
  ["", "require-and-verify"],
  ["clientauth: request-client-cert", "request"],
  ["clientauth: require-any-client-cert", "require-any"],
  ["clientauth: verify-client-cert-if-given", "verify-if-given"],
  ["clientauth: require-and-verify-client-cert", "require-and-verify"],
])("http.tls.clientcas with %j", async (clientAuth, mode) => {
  const tls = `tls: {certificate: c, key: k, clientcas: [/a, /b], ${clientAuth}}`;
  const config = await configOf(`version: 0.1\nstorage: inmemory\nhttp: {addr: ":1", ${tls}}`);
  expect(config.http.tls?.clientCertificates).toEqual({ authorities: ["/a", "/b"], mode });
});

test("the public schema takes a text for a list and for barge.auth", () => {
  const { barge } = publicJsonSchema().properties ?? {};
  expect(barge).toMatchObject({
    properties: {
      auth: { anyOf: [{ type: "string" }, { type: "object" }] },
      access: {
        items: {
          properties: {
            actions: { anyOf: [{ enum: expect.arrayContaining(["all"]) }, { type: "array" }] },
            subject: { anyOf: [{ type: "string" }, { type: "array" }] },
          },
        },
      },
    },
  });
});
