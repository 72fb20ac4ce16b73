/** What `barge verify` finds in the files that a config names. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as verify from "../../src/cli/verify.ts";

const HASH = `$2y$05$${"a".repeat(53)}`;
const GITHUB = "issuer: 'https://token.actions.githubusercontent.com', audience: a";

let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;

beforeEach(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), "barge-verify-"));
});
afterEach(async () => folder.remove());

interface Verdict {
  readonly code: number;
  readonly problems: readonly { readonly path: string; readonly message: string }[];
  readonly warnings: readonly string[];
}

const file = (name: string): string => join(folder.path, name);
const users = (text: string): Promise<void> => writeFile(file("users"), text);

async function verdictOf(sections: string, http = ""): Promise<Verdict> {
  const storage = `storage: {filesystem: {rootdirectory: ${file("data")}}}`;
  await writeFile(
    file("config.yml"),
    `version: 0.1\n${storage}\nhttp: {addr: ":5000"${http}}\n${sections.replaceAll("DIR", folder.path)}\n`,
  );
  let out = "";
  const io = { stdout: (text: string) => void (out += text), stderr: () => {}, environment: {} };
  const code = await verify.run({ file: file("config.yml"), format: "json" }, io);
  const { valid, problems, warnings } = JSON.parse(out) as Verdict & { readonly valid: boolean };
  expect([valid, problems.length]).toEqual([code === 0, code === 0 ? 0 : problems.length]);
  return { code, problems, warnings };
}

function ruled(auth: string, subject = "anonymous"): string {
  return `barge: {auth: {${auth}}, access: [{subject: '${subject}', repositories: '**', actions: pull}]}`;
}

const HTPASSWD = "auth: {htpasswd: {realm: r, path: DIR/users}}";

describe("the file of users", () => {
  it.each([
    [HTPASSWD, "auth.htpasswd.path"],
    [ruled("users: DIR/users"), "barge.auth"],
    [`${HTPASSWD}\n${ruled("")}`, "barge.auth"],
  ])("with a broken line is a problem: 2 (%s)", async (sections, path) => {
    await users(`alice:${HASH}\nbob\n`);
    const { code, problems } = await verdictOf(sections);
    expect([code, problems]).toEqual([
      2,
      [
        {
          path,
          message: expect.stringMatching(/users cannot be used: line 2: no colon/) as unknown,
        },
      ],
    ]);
  });

  it("that is a folder is a problem: 2", async () => {
    const { code, problems } = await verdictOf(ruled("users: DIR"));
    expect([code, problems[0]?.message]).toEqual([
      2,
      expect.stringMatching(/cannot be used: not a regular file/),
    ]);
  });

  it.each([
    [HTPASSWD, /there is no file .*users: serve makes it/],
    [ruled("users: DIR/users"), /there is no file .*users: nobody can log in by password/],
  ])("that is not there is a warning (%s)", async (sections, words) => {
    const { code, warnings } = await verdictOf(sections);
    expect([code, warnings]).toEqual([0, [expect.stringMatching(words)]]);
  });

  it("without anybody who can log in is a warning", async () => {
    await users("alice:plain\n");
    const { code, warnings } = await verdictOf(ruled("users: DIR/users"));
    expect([code, warnings]).toEqual([
      0,
      [
        expect.stringMatching(/line 1: no password matches: only hashes of bcrypt/),
        expect.stringMatching(/it has no users: nobody can log in by password/),
      ],
    ]);
  });

  it("is warned of where groups and rules name users that it does not have", async () => {
    await users(`alice:${HASH}\nbob:${HASH}\n`);
    const auth = "users: DIR/users, groups: {dev: [alize, bob]}";
    expect((await verdictOf(ruled(auth, "user:zoe"))).warnings).toEqual([
      `barge.auth.groups.dev has the user "alize", whom ${file("users")} does not have; did you mean "alice"?`,
      `rule 1 (barge.access[0]) is for the user "zoe", whom ${file("users")} does not have`,
    ]);
    expect((await verdictOf(ruled("users: DIR/users", "user:bob"))).warnings).toEqual([]);
  });

  it("is missed where users are named and there is none", async () => {
    const { warnings } = await verdictOf(ruled("", "user:zoe"));
    expect(warnings).toEqual([expect.stringMatching(/names no file of users/)]);
    expect((await verdictOf(ruled("", "robot:ci"))).warnings).toEqual([]);
  });
});

describe("files of keys and certificates", () => {
  it.each([
    ["rootcertbundle", "missing.pem", /cannot use .*missing\.pem: ENOENT/],
    ["rootcertbundle", "users", /cannot use .*users: there is no certificate in it/],
    ["jwks", "missing.json", /cannot use .*missing\.json: ENOENT/],
    ["jwks", "users", /cannot use .*users: it is no JSON/],
  ])("auth.token.%s: %s is a problem: 2", async (key, name, message) => {
    await users("x");
    const token = `auth: {token: {realm: 'https://a.example/t', service: s, issuer: i, ${key}: DIR/${name}}}`;
    const { code, problems } = await verdictOf(token);
    const wanted = {
      path: `auth.token.${key}`,
      message: expect.stringMatching(message) as unknown,
    };
    expect([code, problems]).toEqual([2, [wanted]]);
  });

  it.each([
    ["certificate: DIR/c, key: DIR/k", /cannot read .*\/[ck]: ENOENT/],
    ["certificate: DIR/users, key: DIR/users, clientcas: [DIR/ca]", /cannot read .*\/ca: ENOENT/],
    ["certificate: DIR/users, key: DIR/users", /users holds no certificate in PEM/],
  ])("http.tls: {%s} is a problem: 2", async (tls, message) => {
    await users("x");
    const text = `, tls: {${tls.replaceAll("DIR", folder.path)}}`;
    const { code, problems } = await verdictOf("", text);
    const wanted = { path: "http.tls", message: expect.stringMatching(message) as unknown };
    expect([code, problems]).toEqual([2, [wanted]]);
  });

  it.each([
    [`jwks: DIR/none`, /issuers\.x\.jwks: cannot use .*none: .*ENOENT.*; its jobs cannot log in/],
    [`jwks: 'file:DIR/users'`, /issuers\.x\.jwks: cannot use .*its jobs cannot log in/],
    [`ca: DIR/none`, /issuers\.x\.ca: cannot use .*none: ENOENT.*; its jobs cannot log in/],
    [`ca: DIR/users`, /issuers\.x\.ca: cannot use .*users: there is no certificate in it/],
  ])("barge.auth.issuers.x: {%s} is a warning", async (more, words) => {
    await users("x");
    const { code, warnings } = await verdictOf(ruled(`issuers: {x: {${GITHUB}, ${more}}}`));
    expect([code, warnings]).toEqual([0, [expect.stringMatching(words)]]);
  });

  it("are not complained of when they are right", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "1", alg: "ES256", use: "sig" };
    await writeFile(file("jwks"), JSON.stringify({ keys: [jwk] }));
    await writeFile(file("key"), privateKey.export({ format: "pem", type: "pkcs8" }));
    const right = ruled(`key: 'file:DIR/key', issuers: {x: {${GITHUB}, jwks: DIR/jwks}}`);
    expect(await verdictOf(right)).toEqual({ code: 0, problems: [], warnings: [] });
    const token =
      "auth: {token: {realm: 'https://a.example/t', service: s, issuer: i, jwks: DIR/jwks}}";
    expect(await verdictOf(token)).toEqual({ code: 0, problems: [], warnings: [] });
  });

  it("barge.auth.key of another kind is a problem: 2", async () => {
    await users("no key");
    const { code, problems } = await verdictOf(ruled("key: 'file:DIR/users'"));
    expect([code, problems]).toEqual([
      2,
      [{ path: "barge.auth.key", message: "holds no private key in PEM" }],
    ]);
  });
});
