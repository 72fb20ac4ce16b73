/** The file format of Apache's `htpasswd`, as far as the reference registry takes it: a name and a hash of bcrypt a line. */
import { nameProblem } from "../basic-credentials.ts";
import { ROBOT_PREFIX } from "../identity.ts";

export interface HtpasswdFile {
  readonly users: ReadonlyMap<string, HtpasswdUser>;
  /** What was left out, and why: for people, without anything secret. */
  readonly warnings: readonly string[];
}

export interface HtpasswdUser {
  /** 60 characters. */
  readonly hash: string;
  /** From 4 to 14: each step takes twice the time. */
  readonly cost: number;
}

/** The file cannot be used as it is. The text tells the line, and nothing of what stands there. */
export class HtpasswdInvalid extends Error {
  readonly kind = "HtpasswdInvalid";
  /** From 1. */
  readonly line: number;
  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.line = line;
  }
}

/** Of user names that mean somebody else where they log in: a job with a token of its own. */
const RESERVED_NAMES: readonly string[] = ["oidc"];
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const LEAST_COST = 4;
/** A check takes nearly a second then; beyond, a few logins stop all others. */
const MOST_COST = 14;

/**
 * Blank lines and those that begin with `#` are passed over. Of several lines for one name the last counts.
 * @throws {HtpasswdInvalid} for a line without a colon and for a hash that costs too much.
 */
export function parseHtpasswd(text: string): HtpasswdFile {
  const users = new Map<string, HtpasswdUser>();
  const warnings: string[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const content = raw.trim();
    if (content === "" || content.startsWith("#")) continue;
    const { name, user, problems } = parseLine(content, index + 1);
    const again = users.delete(name) ? ["the name stood above already; this line counts"] : [];
    if (user !== undefined) users.set(name, user);
    warnings.push(...[...again, ...problems].map((problem) => `line ${index + 1}: ${problem}`));
  }
  return { users, warnings };
}

/** Why no user may be called so; `undefined`: one may. */
export function userNameProblem(name: string): string | undefined {
  if (name.startsWith(ROBOT_PREFIX)) return `names with "${ROBOT_PREFIX}" are those of robots`;
  if (RESERVED_NAMES.includes(name)) return `the name "${name}" is not for users`;
  if (name.startsWith("#") || name.trim() !== name) {
    return "the name begins with # or has space around it";
  }
  return nameProblem(name);
}

interface ParsedLine {
  readonly name: string;
  readonly user: HtpasswdUser | undefined;
  readonly problems: readonly string[];
}

function parseLine(content: string, line: number): ParsedLine {
  const colon = content.indexOf(":");
  if (colon < 0) throw new HtpasswdInvalid(line, "no colon between name and hash");
  const name = content.slice(0, colon);
  const hash = content.slice(colon + 1);
  const cost = Number(BCRYPT.exec(hash)?.[1] ?? 0);
  if (cost > MOST_COST) {
    throw new HtpasswdInvalid(line, `a bcrypt cost of ${cost} is more than ${MOST_COST}`);
  }
  const problem = userNameProblem(name) ?? hashProblem(cost);
  if (problem !== undefined) return { name, user: undefined, problems: [problem] };
  return { name, user: { hash, cost }, problems: [] };
}

function hashProblem(cost: number): string | undefined {
  if (cost >= LEAST_COST) return undefined;
  return "no password matches: only hashes of bcrypt count ($2y$, $2a$, $2b$)";
}
