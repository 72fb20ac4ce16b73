/** What was typed, looked at before a server is asked: a slip is told as one, and nothing is sent. */
import { parseSubject, SubjectInvalid } from "../auth/rules/explain.ts";
import { issuerNameProblem, robotNameProblem, userNameProblem } from "../config/account-names.ts";
import { suggestion } from "../config/nearest.ts";
import { isRepositoryName, type RepositoryName } from "../oci/repository-name.ts";
import { UsageError } from "./usage-error.ts";

/** The name of a robot, without `robot+`. @throws {UsageError} */
export function checkedRobotName(name: string): string {
  const problem = robotNameProblem(name);
  if (problem === undefined) return name;
  throw new UsageError(`${JSON.stringify(name)} ${problem}`);
}

/** @throws {UsageError} */
export function checkedRepository(name: string): RepositoryName {
  if (isRepositoryName(name)) return name;
  throw new UsageError(
    `${JSON.stringify(name)} is not the name of a repository: lower-case letters and digits with . _ - between them, in parts joined by /`,
  );
}

/** One of the actions that there are. @throws {UsageError} that lists them, and names the one that was probably meant. */
export function checkedAction<Word extends string>(typed: string, known: readonly Word[]): Word {
  const found = known.find((word) => word === typed);
  if (found !== undefined) return found;
  throw new UsageError(
    `--action ${JSON.stringify(typed)} is no action; there are ${known.join(", ")}${suggestion(typed, known)}`,
  );
}

const NAMED: ReadonlyMap<string, (name: string) => string | undefined> = new Map([
  ["user", userNameProblem],
  ["robot", robotNameProblem],
  ["claims", issuerNameProblem],
]);

/** Somebody as rules name them. @throws {UsageError} */
export function checkedSubject(text: string): string {
  try {
    parseSubject(text);
  } catch (cause) {
    if (!(cause instanceof SubjectInvalid)) throw cause;
    const isName = /^[\w.+@-]+$/.test(text);
    const meant = isName ? `; did you mean ${JSON.stringify(subjectOf(text))}?` : "";
    throw new UsageError(`${JSON.stringify(text)} names nobody: ${cause.message}${meant}`, {
      cause,
    });
  }
  const [kind = "", ...rest] = text.split(":");
  const name = rest.join(":");
  const problem = NAMED.get(kind)?.(name);
  if (problem === undefined) return text;
  throw new UsageError(`${text} is for the name ${JSON.stringify(name)}, which ${problem}`);
}

function subjectOf(name: string): string {
  return name.startsWith("robot+") ? name.replace("+", ":") : `user:${name}`;
}

/** What a token of a job says; a claim that is there twice has both values. @throws {UsageError} */
export function checkedClaims(
  words: readonly string[],
  subject: string,
): Readonly<Record<string, readonly string[]>> {
  if (words.length > 0 && !subject.startsWith("claims:")) {
    throw new UsageError(`--claim is for claims:ISSUER, and ${subject} has none`);
  }
  const claims = new Map<string, readonly string[]>();
  for (const word of words) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`--claim ${JSON.stringify(word)}: write NAME=VALUE`);
    }
    claims.set(name, [...(claims.get(name) ?? []), value]);
  }
  return Object.fromEntries(claims);
}
