import { describe, expect, it } from "vitest";
import { ACTIONS, type Action } from "../../src/auth/action.ts";
import { ANONYMOUS, type Identity } from "../../src/auth/identity.ts";
import { createRules, rightsAllow, rightsAllowEverywhere } from "../../src/auth/rules/rules.ts";
import type { AccessRuleConfig, RuleSubject } from "../../src/config/config.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";

const APP = parseRepositoryName("team/app");
const OTHER = parseRepositoryName("other");

const alice: Identity = { kind: "user", name: "alice", groups: [] };
const ci: Identity = { kind: "robot", name: "ci" };

function job(claims: Record<string, unknown>, groups: readonly string[] = []): Identity {
  return { kind: "workload", issuer: "github", subject: "repo:org/app", claims, groups };
}

function rule(subject: RuleSubject, more: Partial<AccessRuleConfig> = {}): AccessRuleConfig {
  return { subjects: [subject], repositories: ["team/**"], actions: ["pull"], ...more };
}

const ofOrg: RuleSubject = {
  kind: "claims",
  issuer: "github",
  claims: { repository_owner: ["org"], ref: ["refs/heads/*"] },
};

function mayPull(subject: RuleSubject, identity: Identity, groups = {}): boolean {
  return createRules({ access: [rule(subject)], groups }).allows(identity, "pull", APP);
}

describe("allows", () => {
  it("nothing without rules", () => {
    expect(createRules({ access: [], groups: {} }).allows(alice, "pull", APP)).toBe(false);
  });

  it("everybody what the anonymous may do", () => {
    const everybody = [ANONYMOUS, alice, ci, job({})];
    expect(everybody.map((who) => mayPull({ kind: "anonymous" }, who))).toEqual(
      everybody.map(() => true),
    );
  });

  it("nobody to administer because the anonymous might", () => {
    const access = [rule({ kind: "anonymous" }, { repositories: ["**"], actions: [...ACTIONS] })];
    const rules = createRules({ access, groups: {} });
    expect(rules.allows(alice, "push", APP)).toBe(true);
    expect([ANONYMOUS, alice].map((who) => rules.allows(who, "admin", APP))).toEqual([
      false,
      false,
    ]);
    expect(rules.allowsEverywhere(ANONYMOUS, "admin")).toBe(false);
    expect(rules.explain(alice, APP).at(-1)).toMatchObject({ isAllowed: false, rule: undefined });
  });

  it("users what the authenticated may do, and neither the anonymous nor robots nor jobs", () => {
    const who = [ANONYMOUS, alice, ci, job({ repository_owner: "org" })];
    expect(who.map((one) => mayPull({ kind: "authenticated" }, one))).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  it("a job to ask for the list only when another rule names it", () => {
    const everybody = rule({ kind: "authenticated" });
    const claims = rule(ofOrg, { repositories: ["elsewhere"] });
    const ours = job({ repository_owner: "org", ref: "refs/heads/main" });
    const theirs = job({ repository_owner: "evil", ref: "refs/heads/main" });
    const rules = createRules({ access: [everybody, claims], groups: {} });
    expect([ours, theirs].map((one) => rules.mayList(one))).toEqual([true, false]);
    expect([ours, theirs].map((one) => rules.allows(one, "pull", APP))).toEqual([false, false]);
    const open = createRules({ access: [everybody, rule({ kind: "anonymous" })], groups: {} });
    expect(open.mayList(theirs)).toBe(true);
    expect(createRules({ access: [everybody], groups: {} }).mayList(theirs)).toBe(false);
  });

  it("a user by name, and no robot of that name", () => {
    const subject: RuleSubject = { kind: "user", name: "ci" };
    expect(mayPull(subject, { kind: "user", name: "ci", groups: [] })).toBe(true);
    expect(mayPull(subject, ci)).toBe(false);
    expect(mayPull({ kind: "robot", name: "ci" }, ci)).toBe(true);
    expect(mayPull({ kind: "robot", name: "alice" }, alice)).toBe(false);
  });

  it("members of a group of the config, of a certificate and of a claim", () => {
    const subject: RuleSubject = { kind: "group", name: "dev" };
    expect(mayPull(subject, alice, { dev: ["bob", "alice"] })).toBe(true);
    expect(mayPull(subject, alice, { dev: ["bob"] })).toBe(false);
    expect(mayPull(subject, { kind: "user", name: "eve", groups: ["dev"] })).toBe(true);
    expect(mayPull(subject, job({}, ["dev"]))).toBe(true);
    expect(mayPull(subject, { kind: "robot", name: "alice" }, { dev: ["alice"] })).toBe(false);
  });

  it("a job when all claims match and the issuer is the one", () => {
    expect(mayPull(ofOrg, job({ repository_owner: "org", ref: "refs/heads/x" }))).toBe(true);
    expect(mayPull(ofOrg, job({ repository_owner: "org", ref: "refs/tags/x" }))).toBe(false);
    expect(mayPull(ofOrg, job({ repository_owner: "org" }))).toBe(false);
    const elsewhere = { ...ofOrg, issuer: "gitlab" };
    expect(mayPull(elsewhere, job({ repository_owner: "org", ref: "refs/heads/x" }))).toBe(false);
  });

  it("a job by its subject, which stands in no claim", () => {
    const subject: RuleSubject = {
      kind: "claims",
      issuer: "github",
      claims: { sub: ["repo:org/*"] },
    };
    expect(mayPull(subject, job({ sub: "repo:evil/app" }))).toBe(true);
    const evil = { ...job({ sub: "repo:org/app" }), subject: "repo:evil/app" };
    expect(mayPull(subject, evil)).toBe(false);
  });

  it("nobody by claims when none is named", () => {
    expect(mayPull({ kind: "claims", issuer: "github", claims: {} }, job({}))).toBe(false);
  });

  it("only what one rule gives, not the actions of one on the repositories of another", () => {
    const access = [
      rule({ kind: "user", name: "alice" }, { actions: ["push"], repositories: ["other"] }),
      rule({ kind: "user", name: "alice" }),
    ];
    const rules = createRules({ access, groups: {} });
    expect(rules.allows(alice, "pull", APP)).toBe(true);
    expect(rules.allows(alice, "push", APP)).toBe(false);
    expect(rules.allows(alice, "push", OTHER)).toBe(true);
    expect(rules.allows(alice, "pull", OTHER)).toBe(false);
  });
});

describe("allowsEverywhere", () => {
  it("by the pattern ** alone", () => {
    const administer = (...repositories: string[]): boolean => {
      const access = [
        rule({ kind: "user", name: "alice" }, { repositories, actions: ["admin"] }),
        rule({ kind: "user", name: "bob" }, { repositories: ["**"], actions: ["admin"] }),
        rule({ kind: "user", name: "alice" }, { repositories: ["**"], actions: ["pull"] }),
      ];
      return createRules({ access, groups: {} }).allowsEverywhere(alice, "admin");
    };
    expect(administer("**")).toBe(true);
    expect(administer("team", "**")).toBe(true);
    expect(administer("*", "**/*")).toBe(false);
  });
});

describe("mayList", () => {
  it("whoever is known, and the anonymous with some right to pull", () => {
    const none = createRules({ access: [], groups: {} });
    expect([ANONYMOUS, alice, ci, job({})].map((who) => none.mayList(who))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    const subject = { kind: "anonymous" } as const;
    const mayList = (actions: readonly Action[]): boolean =>
      createRules({ access: [rule(subject, { actions })], groups: {} }).mayList(ANONYMOUS);
    expect(mayList(["pull"])).toBe(true);
    expect(mayList(["push"])).toBe(false);
  });
});

describe("explain", () => {
  const access = [
    rule({ kind: "user", name: "bob" }, { actions: ["push"] }),
    rule({ kind: "group", name: "dev" }, { repositories: ["x/*", "team/*"] }),
    rule({ kind: "user", name: "alice" }, { repositories: ["other"], actions: ["delete"] }),
  ];
  const rules = createRules({ access, groups: { dev: ["alice"] } });

  it("names the rule that allows it, by its place", () => {
    expect(rules.explain(alice, APP)[0]).toEqual({
      action: "pull",
      isAllowed: true,
      rule: 2,
      reason: "rule 2 gives pull on team/* to group:dev",
    });
  });

  it("says that no rule names them", () => {
    const reasons = rules.explain(ci, APP).map(({ reason }) => reason);
    expect(new Set(reasons)).toEqual(new Set(["no rule names robot:ci"]));
  });

  it("says which rules are for other repositories and other actions", () => {
    const elsewhere = rules.explain(alice, parseRepositoryName("nowhere"))[0];
    expect(elsewhere?.reason).toBe(
      "no rule names user:alice with nowhere: rules 2, 3 are for other repositories",
    );
    expect(rules.explain(alice, APP)[3]).toEqual({
      action: "delete",
      isAllowed: false,
      rule: undefined,
      reason: "no rule names user:alice with team/app and delete: rule 2 is for other actions",
    });
  });

  it("speaks of every action, in their order", () => {
    expect(rules.explain(alice, APP).map(({ action }) => action)).toEqual([...ACTIONS]);
  });
});

it("claimsOf names each claim of an issuer's rules once", () => {
  const access = [
    rule(ofOrg),
    rule({ kind: "claims", issuer: "github", claims: { ref: ["x"], actor: ["y"] } }),
    rule({ kind: "claims", issuer: "gitlab", claims: { namespace_path: ["z"] } }),
  ];
  const rules = createRules({ access, groups: {} });
  expect(rules.claimsOf("github")).toEqual(["repository_owner", "ref", "actor"]);
  expect(rules.claimsOf("unknown")).toEqual([]);
});

describe("rights of robots", () => {
  const rights = [
    { repositories: ["team/*"], actions: ["pull", "push"] },
    { repositories: ["**"], actions: ["admin"] },
  ] as const;

  it("allow what one of them gives", () => {
    expect(rightsAllow(rights, "push", APP)).toBe(true);
    expect(rightsAllow(rights, "push", OTHER)).toBe(false);
    expect(rightsAllow(rights, "admin", OTHER)).toBe(true);
    expect(rightsAllow([], "pull", APP)).toBe(false);
  });

  it("hold everywhere by the pattern ** alone", () => {
    expect(rightsAllowEverywhere(rights, "admin")).toBe(true);
    expect(rightsAllowEverywhere(rights, "push")).toBe(false);
  });
});
