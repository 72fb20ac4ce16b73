/** Whose access is asked about, written as in rules: `anonymous`, `user:alice`, `claims:github`. */
import type { Identity } from "../auth/identity.ts";
import { parseSubject, SubjectInvalid } from "../auth/rules/explain.ts";
import { InputInvalid } from "./errors.ts";

/**
 * Somebody of whom only that is known.
 * @param claims as in `sub=repo:team/app`; one that is there twice has both values.
 * @throws {InputInvalid}
 */
export function askedSubject(subject: string, claims: readonly string[]): Identity {
  if (claims.length > 0 && !subject.startsWith("claims:")) {
    throw new InputInvalid("claim goes with a subject claims:ISSUER only");
  }
  try {
    return parseSubject(subject, claimsOf(claims));
  } catch (error) {
    if (error instanceof SubjectInvalid) throw new InputInvalid(`the subject: ${error.message}`);
    throw error;
  }
}

/** Whether somebody asks about themselves, so far as they can be named. */
export function isOneself(identity: Identity, subject: string): boolean {
  switch (identity.kind) {
    case "anonymous":
      return false;
    case "user":
    case "robot":
      return subject === `${identity.kind}:${identity.name}`;
    case "workload":
      return subject === `claims:${identity.issuer}`;
  }
}

function claimsOf(claims: readonly string[]): Readonly<Record<string, string | readonly string[]>> {
  const found = new Map<string, string[]>();
  for (const claim of claims) {
    const equals = claim.indexOf("=");
    const name = claim.slice(0, equals);
    found.set(name, [...(found.get(name) ?? []), claim.slice(equals + 1)]);
  }
  return Object.fromEntries(
    [...found].map(([name, texts]) => [name, texts.length > 1 ? texts : (texts[0] ?? "")] as const),
  );
}
