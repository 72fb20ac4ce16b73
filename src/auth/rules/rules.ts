/**
 * The rules of `barge.access`: who may do what where. All rules that fit are added up; none takes away what
 * another gives. Pure.
 */
import type { AccessRuleConfig, BuiltInAuthConfig, RuleSubject } from "../../config/config.ts";
import type { RepositoryName } from "../../oci/repository-name.ts";
import { ACTIONS, type Action } from "../action.ts";
import { matchesClaim } from "./claims.ts";
import type { Identity, WorkloadIdentity } from "../identity.ts";
import { EVERY_REPOSITORY, matchesRepository, reachesBelow } from "./repository-pattern.ts";
import type { RobotRight } from "../robots.ts";
import {
  claimOf,
  type Giving,
  type Near,
  type Question,
  whyGiven,
  whyGivenToYou,
  whyNotGiven,
  whyNotGivenToYou,
} from "./rule-reasons.ts";

/** What the rules say to one action, and why. */
export interface Explanation {
  readonly action: Action;
  readonly isAllowed: boolean;
  /**
   * The first rule that allows it, by its place in `barge.access`, from 1; `undefined` when none does, and for
   * oneself.
   */
  readonly rule: number | undefined;
  /** A sentence without a full stop. */
  readonly reason: string;
}

export interface ExplainOptions {
  /** They ask themselves, and learn nothing of whom else rules name, nor of the order of rules. */
  readonly isForOneself?: boolean | undefined;
}

/** Each method is cheap enough to be called for each item of a list. */
export interface Rules {
  allows(identity: Identity, action: Action, repository: RepositoryName): boolean;
  /** Whether a rule with the pattern `**` allows it. */
  allowsEverywhere(identity: Identity, action: Action): boolean;
  /** Whether anything whose name begins with the folder, which ends with a slash, might be pulled. */
  reachesBelow(identity: Identity, folder: string): boolean;
  /** Whether the list of repositories may be asked for: by whoever is known, or may pull anything at all. */
  mayList(identity: Identity): boolean;
  /** Whether it is one of ours: not the anonymous, nor a job that no rule names. */
  knows(identity: Identity): boolean;
  /** One item for each action, in their order. */
  explain(
    identity: Identity,
    repository: RepositoryName,
    options?: ExplainOptions,
  ): readonly Explanation[];
  /** The claims that rules look at in the tokens of that issuer. */
  claimsOf(issuer: string): readonly string[];
}

/** The rules as configured; an empty list allows nothing. */
export function createRules({
  access,
  groups,
}: Pick<BuiltInAuthConfig, "access" | "groups">): Rules {
  return new AccessRules(access, new Members(groups));
}

class AccessRules implements Rules {
  readonly #rules: readonly AccessRuleConfig[];
  readonly #members: Members;

  constructor(rules: readonly AccessRuleConfig[], members: Members) {
    this.#rules = rules;
    this.#members = members;
  }

  allows(identity: Identity, action: Action, repository: RepositoryName): boolean {
    return this.#rules.some(
      (rule) => covers(rule, action, repository) && this.#names(rule, identity, action),
    );
  }

  allowsEverywhere(identity: Identity, action: Action): boolean {
    return this.#rules.some(
      (rule) =>
        rule.actions.includes(action) &&
        rule.repositories.includes(EVERY_REPOSITORY) &&
        this.#names(rule, identity, action),
    );
  }

  reachesBelow(identity: Identity, folder: string): boolean {
    return this.#rules.some(
      (rule) =>
        rule.actions.includes("pull") &&
        rule.repositories.some((pattern) => reachesBelow(pattern, folder)) &&
        this.#names(rule, identity, "pull"),
    );
  }

  mayList(identity: Identity): boolean {
    if (this.knows(identity)) return true;
    return this.#rules.some(
      (rule) => rule.actions.includes("pull") && this.#names(rule, identity, "pull"),
    );
  }

  explain(
    identity: Identity,
    repository: RepositoryName,
    { isForOneself = false }: ExplainOptions = {},
  ): readonly Explanation[] {
    return ACTIONS.map((action) => {
      const question = { identity, action, repository };
      return isForOneself ? this.#explainToThem(question) : this.#explain(question);
    });
  }

  #explain(question: Question): Explanation {
    const { action } = question;
    const giving = this.#giving(question);
    if (giving !== undefined) {
      const reason = whyGiven(question, giving);
      return { action, isAllowed: true, rule: giving.number, reason };
    }
    const reason = whyNotGiven(question, this.#near(question));
    return { action, isAllowed: false, rule: undefined, reason };
  }

  #explainToThem(question: Question): Explanation {
    const { action } = question;
    const giving = this.#giving(question);
    const reason =
      giving === undefined ? whyNotGivenToYou(question) : whyGivenToYou(question, giving);
    return { action, isAllowed: giving !== undefined, rule: undefined, reason };
  }

  #giving({ identity, action, repository }: Question): Giving | undefined {
    for (const [index, rule] of this.#rules.entries()) {
      if (!covers(rule, action, repository)) continue;
      const subject = rule.subjects.find((one) => this.#isSubject(one, identity, action));
      if (subject !== undefined) return { rule, number: index + 1, subject };
    }
    return undefined;
  }

  #near({ identity, action, repository }: Question): Near {
    const all = this.#rules.map((rule, index) => ({ rule, number: index + 1 }));
    const naming = all.filter(({ rule }) =>
      rule.actions.some((one) => this.#names(rule, identity, one)),
    );
    return {
      naming,
      fitting: naming.filter(({ rule }) => hasRepository(rule.repositories, repository)),
      others: all.filter(({ rule }) => covers(rule, action, repository)),
    };
  }

  claimsOf(issuer: string): readonly string[] {
    const subjects = this.#rules
      .flatMap((rule) => rule.subjects)
      .filter((subject) => subject.kind === "claims" && subject.issuer === issuer);
    return [...new Set(subjects.flatMap(claimNames))];
  }

  /** What everybody may do, those who have said who they are may do as well; to administer is never among it. */
  #names(rule: AccessRuleConfig, identity: Identity, action: Action): boolean {
    return rule.subjects.some((subject) => this.#isSubject(subject, identity, action));
  }

  #isSubject(subject: RuleSubject, identity: Identity, action: Action): boolean {
    if (subject.kind === "anonymous") return action !== "admin";
    // Robots and jobs have what is given to them by name: their narrow rights would mean nothing beside it.
    if (subject.kind === "authenticated") return identity.kind === "user";
    return isNamed(subject, identity, this.#members);
  }

  /**
   * Whether it is one of ours. A job of another system is so only when a rule names it by its claims or by
   * a group: a public issuer vouches for everybody's jobs.
   */
  knows(identity: Identity): boolean {
    if (identity.kind !== "workload") return identity.kind !== "anonymous";
    return this.#rules.some((rule) =>
      rule.subjects.some((subject) => isNamed(subject, identity, this.#members)),
    );
  }
}

/** Who belongs to which group of the config. */
class Members {
  readonly #byGroup: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(groups: Readonly<Record<string, readonly string[]>>) {
    this.#byGroup = new Map(
      Object.entries(groups).map(([group, users]) => [group, new Set(users)] as const),
    );
  }

  has(group: string, user: string): boolean {
    return this.#byGroup.get(group)?.has(user) === true;
  }
}

/** Whether the subject names just these; `anonymous` and `authenticated` do not. */
function isNamed(subject: RuleSubject, identity: Identity, members: Members): boolean {
  switch (subject.kind) {
    case "anonymous":
    case "authenticated":
      return false;
    case "user":
    case "robot":
      return identity.kind === subject.kind && identity.name === subject.name;
    case "group":
      return isMember(identity, subject.name, members);
    case "claims":
      return identity.kind === "workload" && isVouchedFor(identity, subject);
  }
}

function isMember(identity: Identity, group: string, members: Members): boolean {
  if (identity.kind === "workload") return identity.groups.includes(group);
  if (identity.kind !== "user") return false;
  return identity.groups.includes(group) || members.has(group, identity.name);
}

type ClaimsSubject = Extract<RuleSubject, { kind: "claims" }>;

/** All of the claims that the rule names must match; one without any names nobody. */
function isVouchedFor(identity: WorkloadIdentity, { issuer, claims }: ClaimsSubject): boolean {
  const wanted = Object.entries(claims);
  if (identity.issuer !== issuer || wanted.length === 0) return false;
  return wanted.every(([name, patterns]) => matchesClaim(patterns, claimOf(identity, name)));
}

function claimNames(subject: RuleSubject): readonly string[] {
  return subject.kind === "claims" ? Object.keys(subject.claims) : [];
}

function covers(
  right: Pick<AccessRuleConfig, "repositories" | "actions">,
  action: Action,
  repository: RepositoryName,
): boolean {
  return right.actions.includes(action) && hasRepository(right.repositories, repository);
}

function hasRepository(patterns: readonly string[], repository: RepositoryName): boolean {
  return patterns.some((pattern) => matchesRepository(pattern, repository));
}

/** Whether a robot's own rights allow it. */
export function rightsAllow(
  rights: readonly RobotRight[],
  action: Action,
  repository: RepositoryName,
): boolean {
  return rights.some((right) => covers(right, action, repository));
}

/** Whether they let pull anything whose name begins with the folder, which ends with a slash. */
export function rightsReachBelow(rights: readonly RobotRight[], folder: string): boolean {
  return rights.some(
    ({ actions, repositories }) =>
      actions.includes("pull") && repositories.some((pattern) => reachesBelow(pattern, folder)),
  );
}

/** Whether a robot's own rights allow it on every repository: by the pattern `**`. */
export function rightsAllowEverywhere(rights: readonly RobotRight[], action: Action): boolean {
  return rights.some(
    (right) => right.actions.includes(action) && right.repositories.includes(EVERY_REPOSITORY),
  );
}
