/** Whose access is asked about, written as in rules: `anonymous`, `user:alice`, `claims:github`. */
import { ANONYMOUS, type Identity } from "../auth/identity.ts";
import { InputInvalid } from "./errors.ts";

const FORMS = "anonymous, authenticated, user:NAME, group:NAME, robot:NAME or claims:ISSUER";

/**
 * Somebody of whom only that is known. `group:` gives a user without a name, `authenticated` one without
 * name and groups.
 * @param claims as in `sub=repo:team/app`; one that is there twice has both values.
 * @throws {InputInvalid}
 */
export function parseSubject(subject: string, claims: readonly string[]): Identity {
  const [kind = "", ...rest] = subject.split(":");
  const name = rest.join(":");
  if (claims.length > 0 && kind !== "claims") {
    throw new InputInvalid("claim goes with a subject claims:ISSUER only");
  }
  const identity = rest.length === 0 ? namelessOf(kind) : namedOf(kind, name, claims);
  if (identity === undefined) throw new InputInvalid(`the subject must be ${FORMS}`);
  return identity;
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

function namelessOf(kind: string): Identity | undefined {
  if (kind === "anonymous") return ANONYMOUS;
  return kind === "authenticated" ? { kind: "user", name: "", groups: [] } : undefined;
}

function namedOf(kind: string, name: string, claims: readonly string[]): Identity | undefined {
  if (name === "") return undefined;
  switch (kind) {
    case "user":
      return { kind, name, groups: [] };
    case "group":
      return { kind: "user", name: "", groups: [name] };
    case "robot":
      return { kind, name };
    case "claims":
      return workloadOf(name, claims);
    default:
      return undefined;
  }
}

function workloadOf(issuer: string, claims: readonly string[]): Identity {
  const found = new Map<string, string[]>();
  for (const claim of claims) {
    const equals = claim.indexOf("=");
    const name = claim.slice(0, equals);
    found.set(name, [...(found.get(name) ?? []), claim.slice(equals + 1)]);
  }
  const values = [...found].map(([name, texts]) => [name, texts.length > 1 ? texts : texts[0]]);
  const subject = found.get("sub")?.[0] ?? "";
  return { kind: "workload", issuer, subject, claims: Object.fromEntries(values), groups: [] };
}
