/** What rules say of somebody who is not there: `barge access explain SUBJECT REPOSITORY`. */
import type { RepositoryName } from "../../oci/repository-name.ts";
import { ACTIONS } from "../action.ts";
import { ANONYMOUS, type Identity } from "../identity.ts";
import type { RobotDirectory, RobotRight } from "../robots.ts";
import { type Explanation, rightsAllow, type Rules } from "./rules.ts";

/** The text names nobody. Its message says what would. */
export class SubjectInvalid extends Error {
  readonly kind = "SubjectInvalid";
}

/** Whom and what it is asked about. */
export interface ExplainQuestion {
  /** As in rules: `anonymous`, `authenticated`, `user:NAME`, `group:NAME`, `robot:NAME`, `claims:ISSUER`. */
  readonly subject: string;
  readonly repository: RepositoryName;
  /** For `claims:ISSUER`: the claims of the token, by the names that rules use, with their values. */
  readonly claims?: Readonly<Record<string, string | readonly string[]>> | undefined;
}

/** Who knows what somebody may do. */
export interface Explaining {
  readonly rules: Rules;
  /** `undefined` where robots have no rights of their own. */
  readonly robots?: Pick<RobotDirectory, "find"> | undefined;
}

/**
 * One item for each action, in their order. What a robot's own rights allow has no number of a rule.
 * @throws {SubjectInvalid}
 */
export async function explainSubject(
  { rules, robots }: Explaining,
  { subject, repository, claims = {} }: ExplainQuestion,
): Promise<readonly Explanation[]> {
  const identity = parseSubject(subject, claims);
  const explanations = rules.explain(identity, repository);
  if (identity.kind !== "robot" || robots === undefined) return explanations;
  const robot = await robots.find(identity.name);
  if (robot === undefined) return ACTIONS.map((action) => unknownRobot(action, identity.name));
  return explanations.map((one) => withOwnRights(one, robot.rights, repository));
}

/**
 * Somebody of whom no more is known than the text says. A member of a group and whoever is logged in are
 * users without a name.
 * @throws {SubjectInvalid}
 */
export function parseSubject(
  text: string,
  claims: Readonly<Record<string, string | readonly string[]>> = {},
): Identity {
  if (text === "anonymous") return ANONYMOUS;
  if (text === "authenticated") return { kind: "user", name: "", groups: [] };
  const [kind, name] = splitSubject(text);
  if (name === "") throw new SubjectInvalid(SUBJECT_WANTED);
  switch (kind) {
    case "user":
      return { kind, name, groups: [] };
    case "group":
      return { kind: "user", name: "", groups: [name] };
    case "robot":
      return { kind, name };
    case "claims":
      return { kind: "workload", issuer: name, subject: subjectOf(claims), claims, groups: [] };
    default:
      throw new SubjectInvalid(SUBJECT_WANTED);
  }
}

const SUBJECT_WANTED =
  "write anonymous, authenticated, user:NAME, group:NAME, robot:NAME or claims:ISSUER";

/** Names of groups may have colons of their own. */
function splitSubject(text: string): readonly [string, string] {
  const colon = text.indexOf(":");
  return colon === -1 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
}

function subjectOf(claims: Readonly<Record<string, string | readonly string[]>>): string {
  const subject = Object.hasOwn(claims, "sub") ? claims["sub"] : undefined;
  return typeof subject === "string" ? subject : "";
}

function unknownRobot(action: Explanation["action"], name: string): Explanation {
  const reason = `there is no robot ${name}, or it has expired`;
  return { action, isAllowed: false, rule: undefined, reason };
}

/** What no rule gives a robot its own rights may. */
export function withOwnRights(
  explanation: Explanation,
  rights: readonly RobotRight[],
  repository: RepositoryName,
): Explanation {
  if (explanation.isAllowed) return explanation;
  if (rightsAllow(rights, explanation.action, repository)) {
    return { ...explanation, isAllowed: true, reason: "the robot's own rights give it" };
  }
  return { ...explanation, reason: `${explanation.reason}, and its own rights do not give it` };
}
