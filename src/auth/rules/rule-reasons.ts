/** Why rules give something or do not, in words. Pure. */
import type { AccessRuleConfig, RuleSubject } from "../../config/config.ts";
import type { RepositoryName } from "../../oci/repository-name.ts";
import type { Action } from "../action.ts";
import { claimValue, matchesClaim, textsOf } from "./claims.ts";
import type { Identity, WorkloadIdentity } from "../identity.ts";
import { matchesRepository } from "./repository-pattern.ts";

/** What is asked about. */
export interface Question {
  readonly identity: Identity;
  readonly action: Action;
  readonly repository: RepositoryName;
}

export interface NumberedRule {
  readonly rule: AccessRuleConfig;
  /** Place in `barge.access`, from 1. */
  readonly number: number;
}

/** A rule that gives it, and which of its subjects they are. */
export interface Giving extends NumberedRule {
  readonly subject: RuleSubject;
}

/** For administrators: who else the rule is for stands there as well. */
export function whyGiven({ action, repository }: Question, { rule, number }: Giving): string {
  const subjects = rule.subjects.map(describeSubject).join(", ");
  return `rule ${number} gives ${action} on ${patternFor(rule, repository)} to ${subjects}`;
}

/** For oneself: nothing of others, nor of the order of rules. */
export function whyGivenToYou({ action, repository }: Question, giving: Giving): string {
  const pattern = patternFor(giving.rule, repository);
  return `a rule gives ${action} on ${pattern} to ${describeSubject(giving.subject)}`;
}

/** Rules that come near. */
export interface Near {
  /** Those that name who asks, and of these the ones with the repository. */
  readonly naming: readonly NumberedRule[];
  readonly fitting: readonly NumberedRule[];
  /** Those with action and repository, whoever they name. */
  readonly others: readonly NumberedRule[];
}

/** For administrators. */
export function whyNotGiven(question: Question, { naming, fitting, others }: Near): string {
  const { identity, action, repository } = question;
  const lacks = identity.kind === "workload" ? claimLacks(identity, others) : [];
  const who = describeIdentity(identity);
  const sentence = (): string => {
    if (naming.length === 0) return `no rule names ${who}`;
    if (fitting.length === 0) {
      return `no rule names ${who} with ${repository}: ${numbers(naming)} for other repositories`;
    }
    return `no rule names ${who} with ${repository} and ${action}: ${numbers(fitting)} for other actions`;
  };
  return [sentence(), ...lacks].join("; ");
}

/** For oneself. */
export function whyNotGivenToYou({ identity, action, repository }: Question): string {
  return `no rule gives ${action} on ${repository} to ${describeIdentity(identity)}`;
}

/** What the token of a job would have to say for each rule of its issuer that does not fit. */
function claimLacks(identity: WorkloadIdentity, rules: readonly NumberedRule[]): readonly string[] {
  return rules.flatMap(({ rule, number }) =>
    rule.subjects
      .filter((subject) => subject.kind === "claims" && subject.issuer === identity.issuer)
      .flatMap((subject) => (subject.kind === "claims" ? Object.entries(subject.claims) : []))
      .filter(([name, patterns]) => !matchesClaim(patterns, claimOf(identity, name)))
      .slice(0, 1)
      .map(([name, patterns]) => {
        const texts = textsOf(claimOf(identity, name)).filter((text) => text !== "");
        const found = texts.length === 0 ? "which is not there" : `which is ${texts.join(", ")}`;
        return `rule ${number} asks for the claim ${name} to be ${patterns.join(" or ")}, ${found}`;
      }),
  );
}

/** The claim that rules call so. */
export function claimOf(identity: WorkloadIdentity, name: string): unknown {
  return name === "sub" ? identity.subject : claimValue(identity.claims, name);
}

function patternFor({ repositories }: AccessRuleConfig, repository: RepositoryName): string {
  return repositories.find((one) => matchesRepository(one, repository)) ?? "";
}

/** As rules write it: `user:alice`. An identity without a name stands for its group, or for any user. */
function describeIdentity(identity: Identity): string {
  switch (identity.kind) {
    case "anonymous":
      return "anonymous";
    case "user":
      if (identity.name !== "") return `user:${identity.name}`;
      return identity.groups[0] === undefined ? "authenticated" : `group:${identity.groups[0]}`;
    case "robot":
      return `robot:${identity.name}`;
    case "workload":
      return `claims:${identity.issuer}`;
  }
}

function describeSubject(subject: RuleSubject): string {
  if (subject.kind === "anonymous" || subject.kind === "authenticated") return subject.kind;
  return `${subject.kind}:${subject.kind === "claims" ? subject.issuer : subject.name}`;
}

function numbers(rules: readonly NumberedRule[]): string {
  const list = rules.map(({ number }) => number).join(", ");
  return rules.length === 1 ? `rule ${list} is` : `rules ${list} are`;
}
