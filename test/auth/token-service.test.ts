import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { EXCHANGE_GRANT } from "../../src/auth/tokens/token-request.ts";
import { basic, BLOCKED_ADDRESS, getToken, JOB_TOKEN, openLab, postForm } from "./built-in-lab.ts";

const ALICE = { authorization: basic("alice", "a-pass") };
const REFUSED = { kind: "CredentialsRefused" };
const JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt";

function accessIn(token: string): unknown {
  return decodeJwt(token)["access"];
}

interface ScopeRow {
  readonly who: string;
  readonly authorization: string | undefined;
  readonly asked: string;
  readonly scope: string;
}

const BOB = basic("bob", "b-pass");
const ROOT = basic("root", "r-pass");
const CI = basic("robot+ci", "secret-of-ci");
const GITHUB = basic("oidc", JOB_TOKEN);

const SCOPE_ROWS: readonly ScopeRow[] = [
  ["nobody", undefined, "repository:public/a:pull", "repository:public/a:pull"],
  ["nobody", undefined, "repository:public/a:pull,push", "repository:public/a:pull"],
  ["nobody", undefined, "repository:team/a:pull", ""],
  ["nobody", undefined, "repository:public/a:*", "repository:public/a:pull"],
  ["nobody", undefined, "registry:catalog:*", ""],
  ["alice", ALICE.authorization, "repository:team/a:pull,push", "repository:team/a:pull,push"],
  ["alice", ALICE.authorization, "repository:team/a:push,pull", "repository:team/a:pull,push"],
  ["alice", ALICE.authorization, "repository:team/a:*", "repository:team/a:pull,push,delete"],
  ["alice", ALICE.authorization, "repository:other/a:*", ""],
  ["alice", ALICE.authorization, "repository:team/a:admin,overwrite", ""],
  ["alice", ALICE.authorization, "repository:team/A:pull", ""],
  ["alice", ALICE.authorization, "repository:team/../other:pull", ""],
  ["alice", ALICE.authorization, "repository:host:5000/team/a:pull", ""],
  ["alice", ALICE.authorization, "repository:team/a:PULL", ""],
  ["alice", ALICE.authorization, "registry:catalog:*", ""],
  ["alice", ALICE.authorization, "registry:team/a:pull", ""],
  ["alice", ALICE.authorization, "repository:catalog:*", ""],
  ["alice", ALICE.authorization, "nonsense", ""],
  [
    "alice",
    ALICE.authorization,
    "repository(plugin):team/a:pull",
    "repository(plugin):team/a:pull",
  ],
  ["bob, who moves no tag", BOB, "repository:team/a:pull,push", "repository:team/a:pull"],
  ["root", ROOT, "registry:catalog:*", "registry:catalog:*"],
  ["root", ROOT, "repository:any/thing:delete", "repository:any/thing:delete"],
  ["a robot", CI, "repository:ci/a:pull,push repository:team/a:pull", "repository:ci/a:pull"],
  ["a job", GITHUB, "repository:org/a:pull,push,delete", "repository:org/a:pull,push"],
].map(([who = "", authorization, asked = "", scope = ""]) => ({
  who,
  authorization,
  asked,
  scope,
}));

it("tells from where a password comes, for its place in the queue", async () => {
  const lab = await openLab();
  await getToken(lab, "", { ...ALICE, address: "192.0.2.7" });
  expect(lab.users.addresses).toEqual(["192.0.2.7"]);
});

describe("GET", () => {
  it.each(SCOPE_ROWS)(
    "gives $who for '$asked' '$scope'",
    async ({ authorization, asked, scope }) => {
      const lab = await openLab();
      const query = new URLSearchParams({ scope: asked, service: "registry.example" });
      const answer = await getToken(lab, query.toString(), { authorization });
      expect(answer.scope).toBe(scope);
      const parts = scope === "" ? [] : scope.split(" ");
      expect(accessIn(answer.token)).toHaveLength(parts.length);
    },
  );

  it("answers in the words of the protocol", async () => {
    const lab = await openLab();
    const answer = await getToken(
      lab,
      "scope=repository:team/a:pull&service=registry.example",
      ALICE,
    );
    expect(answer).toEqual({
      token: answer.access_token,
      access_token: expect.stringMatching(/^ey/),
      token_type: "Bearer",
      expires_in: 300,
      issued_at: "2026-01-02T03:04:05.000Z",
      scope: "repository:team/a:pull",
    });
    expect(decodeJwt(answer.token)).toMatchObject({
      iss: "barge",
      aud: "registry.example",
      sub: "alice",
      access: [{ type: "repository", name: "team/a", actions: ["pull"] }],
    });
  });

  it("takes several scopes, repeated or in one", async () => {
    const lab = await openLab();
    const both = "repository:team/a:pull repository:public/b:pull";
    for (const query of [
      "scope=repository:team/a:pull&scope=repository:public/b:pull",
      "scope=repository:team/a:pull+repository:public/b:pull",
    ]) {
      expect((await getToken(lab, query, ALICE)).scope).toBe(both);
    }
  });

  it("gives nobody a token of nobody, and a wrong password none", async () => {
    const lab = await openLab();
    expect(decodeJwt((await getToken(lab, "")).token).sub).toBe("");
    const wrong = [
      basic("alice", "wrong"),
      basic("nobody", "a-pass"),
      basic("robot+ci", "a-pass"),
      basic("robot+nobody", "secret-of-nobody"),
      basic("ci", "secret-of-ci"),
      basic("oidc", "job.token.bad"),
      basic("github", JOB_TOKEN),
      "Basic",
      "Digest x",
    ];
    for (const authorization of wrong) {
      await expect(getToken(lab, "", { authorization })).rejects.toMatchObject(REFUSED);
    }
  });

  it("gives no token for a token", async () => {
    const lab = await openLab();
    const { token } = await getToken(lab, "", ALICE);
    await expect(getToken(lab, "", { authorization: `Bearer ${token}` })).rejects.toMatchObject(
      REFUSED,
    );
    expect(decodeJwt((await getToken(lab, `access_token=${token}`)).token).sub).toBe("");
  });

  it.each([
    ["another service", "service=elsewhere", "invalid_target"],
    ["an empty service", "service=", "invalid_target"],
    ["two services", "service=registry.example&service=registry.example", "invalid_request"],
  ])("refuses %s", async (_, query, problem) => {
    const lab = await openLab();
    await expect(getToken(lab, query, ALICE)).rejects.toMatchObject({
      kind: "TokenRequestRefused",
      problem,
    });
  });

  it("looks at the first hundred resources of ten thousand", async () => {
    const lab = await openLab();
    const scopes = Array.from({ length: 10_000 }, (_, place) => `repository:team/${place}:pull`);
    const answer = await getToken(
      lab,
      new URLSearchParams({ scope: scopes.join(" ") }).toString(),
      ALICE,
    );
    expect(answer.scope.split(" ")).toEqual(scopes.slice(0, answer.scope.split(" ").length));
    expect(answer.token.length).toBeLessThanOrEqual(4096);
  });

  it("knows a certificate where no header says who asks", async () => {
    const lab = await openLab();
    const certificate = { commonName: "carol", organizations: ["ops"] };
    const query = "scope=repository:team/a:pull&offline_token=true";
    const {
      token,
      scope,
      refresh_token: refreshToken,
    } = await getToken(lab, query, { certificate });
    expect([decodeJwt(token).sub, scope]).toEqual(["carol", "repository:team/a:pull"]);
    expect(refreshToken).toBeUndefined();
    const both = await getToken(lab, query, { certificate, ...ALICE });
    expect(decodeJwt(both.token).sub).toBe("alice");
  });

  it("counts every try", async () => {
    const lab = await openLab();
    await getToken(lab, "", ALICE);
    await getToken(lab, "", { authorization: GITHUB });
    await expect(getToken(lab, "", { authorization: basic("eve", "x") })).rejects.toMatchObject(
      REFUSED,
    );
    expect(lab.tries).toEqual(["alice", "oidc:192.0.2.1", "eve"]);
    await expect(getToken(lab, "", { ...ALICE, address: BLOCKED_ADDRESS })).rejects.toMatchObject({
      kind: "TooManyAttempts",
      retryAfterSeconds: 7,
    });
  });
});

describe("POST", () => {
  const password = { grant_type: "password", username: "alice", password: "a-pass" };
  const exchange = {
    grant_type: EXCHANGE_GRANT,
    subject_token: JOB_TOKEN,
    subject_token_type: JWT_TYPE,
  };

  it("gives a token for a password", async () => {
    const lab = await openLab();
    const answer = await postForm(lab, { ...password, scope: "repository:team/a:pull,push" });
    expect(answer.scope).toBe("repository:team/a:pull,push");
    expect(answer.refresh_token).toBeUndefined();
    expect(lab.tries).toEqual(["alice"]);
  });

  it("gives a token for a job's token", async () => {
    const lab = await openLab();
    const scope = "repository:org/a:pull repository:team/a:pull";
    const answer = await postForm(lab, { ...exchange, scope, access_type: "offline" });
    expect(answer).toMatchObject({
      scope: "repository:org/a:pull",
      token_type: "Bearer",
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    });
    expect(answer.refresh_token).toBeUndefined();
    expect(lab.tries).toEqual(["oidc:192.0.2.1"]);
  });

  it.each([
    ["nothing", {}, "invalid_request"],
    ["an unknown grant", { grant_type: "client_credentials" }, "unsupported_grant_type"],
    ["a password without a name", { grant_type: "password", password: "x" }, "invalid_request"],
    ["an empty name", { ...password, username: "" }, "invalid_request"],
    ["no refresh token", { grant_type: "refresh_token" }, "invalid_request"],
    ["no subject token", { ...exchange, subject_token: "" }, "invalid_request"],
    ["no type of it", { grant_type: EXCHANGE_GRANT, subject_token: "x" }, "invalid_request"],
    ["a token of another type", { ...exchange, subject_token_type: "saml2" }, "invalid_request"],
    ["one that acts for another", { ...exchange, actor_token: "x" }, "invalid_request"],
    ["another service", { ...password, service: "elsewhere" }, "invalid_target"],
  ])("refuses %s", async (_, form, problem) => {
    await expect(postForm(await openLab(), form)).rejects.toMatchObject({
      kind: "TokenRequestRefused",
      problem,
    });
  });

  it.each([
    ["a wrong password", { ...password, password: "wrong" }],
    ["a wrong token of a job", { ...exchange, subject_token: "job.token.bad" }],
    ["a refresh token that is none", { grant_type: "refresh_token", refresh_token: "a.b.c" }],
  ])("does not know %s", async (_, form) => {
    await expect(postForm(await openLab(), form)).rejects.toMatchObject(REFUSED);
  });

  it.each([
    ["a name", { ...password, username: "al:ice" }],
    ["a password", { ...password, password: "a-pass\0more" }],
  ])("does not try %s that no header could bring", async (_, form) => {
    const lab = await openLab();
    await expect(postForm(lab, form)).rejects.toMatchObject(REFUSED);
    expect(lab.tries).toEqual([]);
  });
});
