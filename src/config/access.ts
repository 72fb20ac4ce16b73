import { z } from "zod";
import { repositoryPatternProblem } from "../oci/repository-pattern.ts";
import type { AccessRuleConfig, RuleAction, RuleSubject } from "./config.ts";
import {
  accountNameProblem,
  issuerNameProblem,
  robotNameProblem,
  userNameProblem,
} from "./account-names.ts";
import { EVEN_IF_PARTS_ARE_WRONG, oneOrMore } from "./leaves.ts";
import { suggestion } from "./nearest.ts";
import { isText } from "./value-at.ts";

const ACTIONS = [
  "pull",
  "push",
  "overwrite",
  "delete",
  "promote",
  "admin",
] as const satisfies readonly RuleAction[];

const WORDS = ["anonymous", "authenticated"] as const;

/** What may stand before the colon, and what is wrong with a name behind it. */
const NAMED = {
  user: userNameProblem,
  group: accountNameProblem,
  robot: robotNameProblem,
  claims: issuerNameProblem,
} as const satisfies Record<string, (name: string) => string | undefined>;

const SUBJECT_WANTED =
  "must be anonymous, authenticated, user:NAME, group:NAME, robot:NAME or claims:ISSUER";

const subject = z.string().superRefine((text, context) => {
  const problem = subjectProblem(text);
  if (problem !== undefined) context.addIssue(problem);
});

const repository = z.string().superRefine((pattern, context) => {
  const problem = repositoryPatternProblem(pattern);
  if (problem !== undefined) context.addIssue(problem);
});

const rule = z
  .strictObject({
    subject: oneOrMore(subject, "somebody, such as user:alice or group:dev").describe(
      "Whom the rule is for: `anonymous` (everybody), `authenticated` (every user, but no robot or job), `user:NAME`, `group:NAME`, `robot:NAME`, `claims:ISSUER`. Required.",
    ),
    claims: z
      .record(z.string(), oneOrMore(z.string().min(1, "is empty"), "a value"))
      .optional()
      .describe(
        "For `claims:ISSUER`: each claim that a token must have, with its value or values, in which `*` stands for any characters. `a/b` is the claim `b` inside of `a`. One of them must say whose job it is.",
      ),
    repositories: oneOrMore(repository, "a pattern, such as team/** or **").describe(
      "Patterns of repository names: `*` stands for any characters but `/`, `**` for any characters. Required.",
    ),
    actions: oneOrMore(z.enum([...ACTIONS, "all"]), `an action (${ACTIONS.join(", ")})`).describe(
      "What may be done: `pull`, `push` (content, new tags), `overwrite` (tags that are there), `delete`, `promote`, `admin`, or `all`. Required.",
    ),
  })
  .superRefine(({ subject: subjects, claims }, context) => {
    if (claims === undefined || !Array.isArray(subjects)) return;
    if (subjects.some((text) => isText(text) && text.startsWith("claims:"))) return;
    const message = "have an effect only for a subject claims:ISSUER; remove them or add it";
    context.addIssue({ code: "custom", path: ["claims"], message });
  }, EVEN_IF_PARTS_ARE_WRONG);

/** `barge.access:` */
export const accessSchema = z
  .array(rule)
  .optional()
  .describe(
    "Who may do what, as one list of rules that are added up. What no rule allows is forbidden. Needs `barge.auth`.",
  );

export type AccessSection = z.output<typeof accessSchema>;

export function toAccessRules(access: AccessSection): readonly AccessRuleConfig[] {
  return (access ?? []).map((one) => ({
    subjects: one.subject.map((text) => toSubject(text, one.claims ?? {})),
    repositories: one.repositories,
    actions: ACTIONS.filter((action) =>
      one.actions.some((given) => given === action || given === "all"),
    ),
  }));
}

/** What is wrong with the text of a subject; `undefined` when nothing is. */
function subjectProblem(text: string): string | undefined {
  if (WORDS.some((word) => word === text)) return undefined;
  const [kind, name] = splitSubject(text);
  const isKind = Object.hasOwn(NAMED, kind);
  if (name === undefined) {
    return isKind ? `${SUBJECT_WANTED}: the name is missing` : SUBJECT_WANTED + hint(kind);
  }
  if (!isSubjectKind(kind)) return SUBJECT_WANTED + hint(kind);
  const problem = NAMED[kind](name);
  return problem === undefined
    ? undefined
    : `names ${kind} ${JSON.stringify(name)}, which ${problem}`;
}

function hint(word: string): string {
  return suggestion(word, [...WORDS, ...Object.keys(NAMED)]);
}

function isSubjectKind(kind: string): kind is keyof typeof NAMED {
  return Object.hasOwn(NAMED, kind);
}

/** Only the first colon parts: names of groups may have some of their own. */
function splitSubject(text: string): readonly [string, string | undefined] {
  const colon = text.indexOf(":");
  return colon === -1 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** Of a text that {@link subjectProblem} has nothing against. */
function toSubject(text: string, claims: Readonly<Record<string, readonly string[]>>): RuleSubject {
  const [kind, name = ""] = splitSubject(text);
  if (kind === "claims") return { kind, issuer: name, claims };
  if (kind === "user" || kind === "group" || kind === "robot") return { kind, name };
  return { kind: kind === "authenticated" ? "authenticated" : "anonymous" };
}
