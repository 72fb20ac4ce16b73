/** The rules of `barge.access`, held against a plain reading of them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIONS, type Action } from "../../src/auth/action.ts";
import { ANONYMOUS, type Identity } from "../../src/auth/identity.ts";
import { createRules } from "../../src/auth/rules/rules.ts";
import type { AccessRuleConfig, RuleSubject } from "../../src/config/config.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";

const APP = parseRepositoryName("team/app");
const OTHER = parseRepositoryName("other");

describe("any rules", () => {
  const name = fc.constantFrom("alice", "bob", "ci");
  const group = fc.constantFrom("dev", "ops");
  const subject: fc.Arbitrary<RuleSubject> = fc.oneof(
    fc.constant({ kind: "anonymous" } as const),
    fc.constant({ kind: "authenticated" } as const),
    fc.record({ kind: fc.constantFrom("user", "robot"), name }),
    fc.record({ kind: fc.constant("group"), name: group }),
    fc.record({
      kind: fc.constant("claims"),
      issuer: fc.constantFrom("github", "gitlab"),
      claims: fc.dictionary(fc.constantFrom("owner", "ref"), fc.tuple(fc.constantFrom("a", "a*")), {
        minKeys: 1,
      }),
    }),
  ) as fc.Arbitrary<RuleSubject>;
  const identity: fc.Arbitrary<Identity> = fc.oneof(
    fc.constant(ANONYMOUS),
    fc.record({ kind: fc.constant("user" as const), name, groups: fc.subarray(["dev", "ops"]) }),
    fc.record({ kind: fc.constant("robot" as const), name }),
    fc.record({
      kind: fc.constant("workload" as const),
      issuer: fc.constantFrom("github", "gitlab"),
      subject: fc.constant("s"),
      claims: fc.dictionary(fc.constantFrom("owner", "ref"), fc.constantFrom("a", "ab", "b")),
      groups: fc.subarray(["dev"]),
    }),
  );
  const access = fc.array(
    fc.record({
      subjects: fc.array(subject, { minLength: 1, maxLength: 2 }),
      repositories: fc.subarray(["team/*", "team/app", "**", "other"], { minLength: 1 }),
      actions: fc.subarray([...ACTIONS], { minLength: 1 }),
    }),
    { maxLength: 4 },
  );
  const groups = fc.constantFrom({}, { dev: ["alice"] }, { dev: ["bob"], ops: ["alice", "ci"] });

  it("allow what a plain reading of them allows, and explain it so", () => {
    fc.assert(
      fc.property(access, groups, identity, (list, members, who) => {
        const rules = createRules({ access: list, groups: members });
        for (const repository of [APP, OTHER]) {
          const explained = rules.explain(who, repository);
          for (const [index, action] of ACTIONS.entries()) {
            const expected = plainReading(list, members, { who, action, repository });
            expect(rules.allows(who, action, repository)).toBe(expected !== undefined);
            expect(explained[index]?.rule).toBe(expected);
            expect(explained[index]?.isAllowed).toBe(expected !== undefined);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("allow no less when another rule is added", () => {
    fc.assert(
      fc.property(access, access, identity, (some, more, who) => {
        const few = createRules({ access: some, groups: {} });
        const many = createRules({ access: [...more, ...some], groups: {} });
        for (const action of ACTIONS) {
          if (few.allows(who, action, APP)) expect(many.allows(who, action, APP)).toBe(true);
        }
      }),
    );
  });
});

interface Question {
  readonly who: Identity;
  readonly action: Action;
  readonly repository: string;
}

type Groups = Readonly<Record<string, readonly string[] | undefined>>;

/** The number of the first rule that allows it. */
function plainReading(
  list: readonly AccessRuleConfig[],
  members: Groups,
  { who, action, repository }: Question,
): number | undefined {
  const matching: Record<string, string> = { "team/app": "team/* team/app **", other: "other **" };
  const patterns = matching[repository]?.split(" ") ?? [];
  const index = list.findIndex(
    (one) =>
      one.subjects.some((subject) => {
        if (subject.kind === "anonymous") return action !== "admin";
        return isOne(subject, who, members);
      }) &&
      one.actions.includes(action) &&
      one.repositories.some((pattern) => patterns.includes(pattern)),
  );
  return index === -1 ? undefined : index + 1;
}

function isOne(subject: RuleSubject, who: Identity, members: Groups): boolean {
  switch (subject.kind) {
    case "anonymous":
      return true;
    case "authenticated":
      return who.kind === "user";
    case "user":
    case "robot":
      return `${who.kind}:${nameOf(who)}` === `${subject.kind}:${subject.name}`;
    case "group":
      return groupsOf(who, members).includes(subject.name);
    case "claims":
      return who.kind === "workload" && who.issuer === subject.issuer && hasClaims(subject, who);
  }
}

function nameOf(who: Identity): string {
  return "name" in who ? who.name : "";
}

function groupsOf(who: Identity, members: Groups): readonly string[] {
  const own = "groups" in who ? who.groups : [];
  if (who.kind !== "user") return own;
  const ofConfig = Object.keys(members).filter((group) => members[group]?.includes(who.name));
  return [...own, ...ofConfig];
}

function hasClaims(
  { claims }: Extract<RuleSubject, { kind: "claims" }>,
  who: Extract<Identity, { kind: "workload" }>,
): boolean {
  return Object.entries(claims).every(([claim, patterns]) =>
    patterns.some((one) => {
      const value = who.claims[claim] as string | undefined;
      return one === "a*" ? value?.startsWith("a") === true : value === one;
    }),
  );
}
