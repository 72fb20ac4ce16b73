import { describe, expect, it } from "vitest";
import type { Action } from "../../src/auth/action.ts";
import { explainSubject, parseSubject } from "../../src/auth/rules/explain.ts";
import { ANONYMOUS } from "../../src/auth/identity.ts";
import type { Robot } from "../../src/auth/robots.ts";
import { createRules } from "../../src/auth/rules/rules.ts";
import type { AccessRuleConfig } from "../../src/config/config.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";

const repository = parseRepositoryName("team/app");

const access: readonly AccessRuleConfig[] = [
  { subjects: [{ kind: "anonymous" }], repositories: ["public/**"], actions: ["pull"] },
  {
    subjects: [{ kind: "authenticated" }, { kind: "robot", name: "ci" }],
    repositories: ["team/*"],
    actions: ["pull"],
  },
  { subjects: [{ kind: "group", name: "dev" }], repositories: ["**"], actions: ["push"] },
  {
    subjects: [{ kind: "claims", issuer: "github", claims: { repository_owner: ["org"] } }],
    repositories: ["team/*"],
    actions: ["overwrite"],
  },
  {
    subjects: [
      { kind: "claims", issuer: "cluster", claims: { sub: ["system:serviceaccount:a:*"] } },
    ],
    repositories: ["team/*"],
    actions: ["delete"],
  },
];

const rules = createRules({ access, groups: { dev: ["alice"] } });

async function rulesFor(subject: string, claims = {}): Promise<readonly unknown[]> {
  const explanations = await explainSubject({ rules }, { subject, repository, claims });
  return explanations.flatMap(({ action, rule }) => (rule === undefined ? [] : [action, rule]));
}

describe("explainSubject", () => {
  it.each([
    ["anonymous", {}, []],
    ["authenticated", {}, ["pull", 2]],
    ["user:alice", {}, ["pull", 2, "push", 3]],
    ["user:bob", {}, ["pull", 2]],
    ["group:dev", {}, ["pull", 2, "push", 3]],
    ["robot:ci", {}, ["pull", 2]],
    ["robot:cd", {}, []],
    ["claims:github", { repository_owner: "org" }, ["overwrite", 4]],
    ["claims:github", { repository_owner: ["other", "org"] }, ["overwrite", 4]],
    ["claims:github", { repository_owner: "evil" }, []],
    ["claims:github", {}, []],
    ["claims:cluster", { sub: "system:serviceaccount:a:b" }, ["delete", 5]],
    ["claims:cluster", { sub: ["system:serviceaccount:a:b"] }, []],
  ])("%s with %j", async (subject, claims, expected) => {
    expect(await rulesFor(subject, claims)).toEqual(expected);
  });

  it("names whom no rule names", async () => {
    const [pull] = await explainSubject({ rules }, { subject: "claims:github", repository });
    expect(pull?.reason).toBe(
      "no rule names claims:github with team/app: rule 1 is for other repositories",
    );
    const none = createRules({ access: [], groups: {} });
    const [first] = await explainSubject({ rules: none }, { subject: "group:dev", repository });
    expect(first?.reason).toBe("no rule names group:dev");
  });
});

describe("explainSubject() of a job that no rule names", () => {
  async function whyNo(action: Action, claims: Record<string, string | string[]>): Promise<string> {
    const question = { subject: "claims:github", repository, claims };
    const explained = await explainSubject({ rules: demanding }, question);
    return explained.find((one) => one.action === action)?.reason ?? "";
  }

  const github = (claims: Record<string, string[]>, actions: readonly Action[]) => ({
    subjects: [{ kind: "claims", issuer: "github", claims } as const],
    repositories: ["team/*"],
    actions,
  });
  const demanding = createRules({
    access: [
      ...access.slice(0, 3),
      github({ repository_owner: ["org", "org-*"], ref: ["refs/heads/main"] }, ["push"]),
      github({ sub: ["repo:org/app:*"] }, ["push", "delete"]),
      { ...github({ repository_owner: ["elsewhere"] }, ["push"]), repositories: ["other/*"] },
    ],
    groups: {},
  });
  const none = "no rule names claims:github with team/app: rule 1 is for other repositories";

  it("names the rules of its issuer, each with the first claim that is not there", async () => {
    expect(await whyNo("push", {})).toBe(
      `${none}; rule 4 asks for the claim repository_owner to be org or org-*, which is not there` +
        "; rule 5 asks for the claim sub to be repo:org/app:*, which is not there",
    );
  });

  it("names the first claim that differs, and what it is", async () => {
    const claims = { repository_owner: "org", ref: ["a", "b"], sub: "repo:evil/app" };
    expect(await whyNo("push", claims)).toBe(
      `${none}; rule 4 asks for the claim ref to be refs/heads/main, which is a, b` +
        "; rule 5 asks for the claim sub to be repo:org/app:*, which is repo:evil/app",
    );
  });

  it("names none that is for another action or repository, or of another issuer", async () => {
    expect(await whyNo("delete", {})).not.toContain("rule 4");
    expect(await whyNo("overwrite", {})).toBe(none);
    const question = { subject: "claims:gitlab", repository, claims: {} };
    const [, push] = await explainSubject({ rules: demanding }, question);
    expect(push?.reason).toBe(none.replace("github", "gitlab"));
  });
});

describe("explainSubject() of a robot", () => {
  const rights = [{ repositories: ["team/**"], actions: ["push", "pull"] }] as const;
  const robots = {
    find: async (name: string) =>
      name === "ci" ? ({ name, rights } as unknown as Robot) : undefined,
  };

  it("tells what its own rights give, behind what rules do", async () => {
    const explained = await explainSubject({ rules, robots }, { subject: "robot:ci", repository });
    expect(explained.slice(0, 3)).toEqual([
      expect.objectContaining({ action: "pull", isAllowed: true, rule: 2 }),
      {
        action: "push",
        isAllowed: true,
        rule: undefined,
        reason: "the robot's own rights give it",
      },
      expect.objectContaining({
        action: "overwrite",
        isAllowed: false,
        reason: expect.stringMatching(
          /no rule names robot:ci .*, and its own rights do not give it/,
        ),
      }),
    ]);
  });

  it("allows nothing to one that is not there", async () => {
    const explained = await explainSubject({ rules, robots }, { subject: "robot:old", repository });
    expect(explained.map(({ isAllowed }) => isAllowed)).not.toContain(true);
    expect(explained[0]?.reason).toBe("there is no robot old, or it has expired");
  });
});

describe("parseSubject", () => {
  it("makes somebody of whom no more is known", () => {
    expect(parseSubject("anonymous")).toBe(ANONYMOUS);
    expect(parseSubject("group:/a:b")).toEqual({ kind: "user", name: "", groups: ["/a:b"] });
    expect(parseSubject("claims:x", { sub: "s" })).toMatchObject({ issuer: "x", subject: "s" });
  });

  it.each(["", "alice", "user:", "user", "owner:x", "Anonymous", "constructor:x"])(
    "refuses %j",
    (text) => {
      expect(() => parseSubject(text)).toThrow(expect.objectContaining({ kind: "SubjectInvalid" }));
    },
  );
});
