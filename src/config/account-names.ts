/** Which names users, groups, robots and issuers may have. */

/** Letters and digits of any script, and what stands in names of directories and certificates. */
const ACCOUNT = /^[\p{L}\p{N}_/][\p{L}\p{M}\p{N} ._@+\-/\\:=]*$/u;

const PLAIN = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const MOST_CHARACTERS = 256;

/** What no user can be called: so are robots and jobs where they log in. */
const RESERVED = /^(?:robot\+.*|oidc)$/;

/** Of a group or of a user in a rule. @returns what is wrong, to follow "which"; `undefined` when nothing is. */
export function accountNameProblem(name: string): string | undefined {
  if (name.length <= MOST_CHARACTERS && ACCOUNT.test(name) && !name.endsWith(" ")) return undefined;
  return "has odd characters: letters, digits, spaces and . _ @ + - / \\ : = may stand in a name";
}

/** Of a user who logs in. */
export function userNameProblem(name: string): string | undefined {
  if (RESERVED.test(name))
    return "no user can have: it is for robots (rules name them robot:NAME) and jobs";
  if (name.includes(":")) return "has a colon, which no user's name can have";
  return accountNameProblem(name);
}

export function robotNameProblem(name: string): string | undefined {
  if (PLAIN.test(name)) return undefined;
  const meant = name.startsWith("robot+") ? "; leave robot+ out" : "";
  return `is not the name of a robot: lower-case letters, digits and . _ -, at most 64${meant}`;
}

export function issuerNameProblem(name: string): string | undefined {
  if (PLAIN.test(name)) return undefined;
  return "is not the name of an issuer: lower-case letters, digits and . _ -, at most 64";
}
