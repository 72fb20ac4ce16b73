import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AskedServer, openAskedServer } from "./asked-server.ts";
import type { Said } from "./configured-store.ts";

let the: AskedServer;

beforeEach(async () => {
  the = await openAskedServer();
});
afterEach(async () => the[Symbol.asyncDispose]());

describe("barge access explain", () => {
  const body = {
    subject: "claims:github",
    repository: "shop/web",
    actions: [
      { action: "pull", allowed: true, rule: 2, reason: "rule 2 names them" },
      { action: "push", allowed: false, rule: null, reason: "no rule gives it" },
    ],
  };
  const explain = ["access", "explain", "claims:github", "shop/web"] as const;

  it("prints a row for each action, and asks with the claims", async () => {
    const claims = ["--claim", "ref=refs/heads/main", "--claim", "x=a=b"];
    const said = await the.say({ body }, ...explain, ...claims);
    expect(said.stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["ACTION", "ALLOWED", "RULE", "WHY"],
      ["pull", "yes", "2", "rule 2 names them"],
      ["push", "no", "-", "no rule gives it"],
      [""],
    ]);
    const { searchParams, pathname } = the.asked().url;
    expect(pathname).toBe("/api/v1/auth/access");
    expect([...searchParams]).toEqual([
      ["subject", "claims:github"],
      ["repository", "shop/web"],
      ["claim", "ref=refs/heads/main"],
      ["claim", "x=a=b"],
    ]);
  });

  it("--action prints that one", async () => {
    const said = await the.say({ body }, ...explain, "--action", "push", "--format", "json");
    expect(JSON.parse(said.stdout)).toEqual({ ...body, actions: [body.actions[1]] });
  });

  it.each([
    [["bob", "shop/web"], /"bob" names nobody: write .*; did you mean "user:bob"\?/],
    [["robot+ci", "shop/web"], /did you mean "robot:ci"\?/],
    [["user:", "shop/web"], /"user:" names nobody/],
    [["robot:CI", "shop/web"], /"CI", which is not the name of a robot/],
    [["user:oidc", "shop/web"], /"oidc", which no user can have/],
    [["claims:Git", "shop/web"], /"Git", which is not the name of an issuer/],
    [["user:bob", "Shop/Web"], /"Shop\/Web" is not the name of a repository/],
    [["user:bob", "shop/web", "--action", "zap"], /"zap" is no action; there are pull, push/],
    [["user:bob", "shop/web", "--action", "pul"], /did you mean "pull"\?/],
    [["user:bob", "shop/web", "--claim", "a=b"], /--claim is for claims:ISSUER/],
    [["claims:github", "shop/web", "--claim", "ref"], /NAME=VALUE/],
  ])("of %j is a mistake: 2, and nothing is asked", async (args, message) => {
    const said = await the.say({ body }, "access", "explain", ...args);
    expect([said.code, said.stdout]).toEqual([2, ""]);
    expect(said.stderr).toMatch(message);
    expect(the.server.requests).toEqual([]);
  });

  it("--format json escapes what steers terminals", async () => {
    const answer = { body: { ...body, repository: "\u009b2J\u2067" } };
    const { stdout } = await the.say(answer, ...explain, "--format", "json");
    expect(stdout).toContain(String.raw`"\u009b2J\u2067"`);
    expect(JSON.parse(stdout)).toEqual(answer.body);
  });
});

describe("barge access explain --config", () => {
  const head =
    'version: 0.1\nhttp: {addr: ":0"}\nstorage: {filesystem: {rootdirectory: /nowhere}}\n';
  const rules = `${head}barge:
  auth:
    issuers:
      github: {issuer: "https://issuer.test", audience: barge}
  access:
    - {subject: "user:alice", repositories: "shop/*", actions: [pull]}
    - {subject: "claims:github", claims: {repository_owner: shop}, repositories: "shop/*", actions: push}
`;

  async function explain(text: string, ...args: readonly string[]): Promise<Said> {
    const config = join(the.user.home, "config.yml");
    await writeFile(config, text);
    return await the.user.say("access", "explain", ...args, "--config", config);
  }

  it("asks the rules of the file and no server", async () => {
    const args = ["user:alice", "shop/web", "--action", "pull", "--format", "json"];
    const said = await explain(rules, ...args);
    expect(said).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(said.stdout)).toMatchObject({
      subject: "user:alice",
      repository: "shop/web",
      actions: [{ action: "pull", allowed: true, rule: 1 }],
    });
    expect(the.server.requests).toEqual([]);
  });

  it("says of a robot that its own rights are not looked at", async () => {
    const said = await explain(rules, "robot:ci", "shop/web", "--format", "json");
    expect(said).toMatchObject({ code: 0 });
    expect(said.stderr).toContain("stands in the store, and is not looked at");
  });

  it("takes claims into account", async () => {
    const push = ["claims:github", "shop/web", "--action", "push"] as const;
    expect((await explain(rules, ...push, "--claim", "repository_owner=shop")).stdout).toMatch(
      /push +yes +2 /,
    );
    expect((await explain(rules, ...push, "--claim", "repository_owner=x")).stdout).toMatch(
      /push +no +- /,
    );
  });

  it.each([
    [["someone", "shop/web"], rules, /user:NAME/],
    [["user:alice", "Shop"], rules, /Shop/],
    [["claims:github", "shop/web", "--claim", "x"], rules, /NAME=VALUE/],
    [["user:alice", "shop/web"], head, /has no rules/],
  ])("of %j is a mistake that it tells: 2", async (args, text, message) => {
    const said = await explain(text, ...args);
    expect([said.code, said.stdout]).toEqual([2, ""]);
    expect(said.stderr).toMatch(message);
  });
});
