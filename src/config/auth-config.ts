/** Puts `auth`, `barge.auth` and `barge.access` together, and finds what in them does not go together. */
import { type AccessSection, toAccessRules } from "./access.ts";
import { type AuthSection, toReferenceAuth } from "./auth.ts";
import {
  type BargeAuthMap,
  type BargeAuthSection,
  isOpen,
  toAttempts,
  toGroups,
  toIssuers,
  toRobots,
} from "./barge-auth.ts";
import type {
  AccessRuleConfig,
  AuthConfig,
  BuiltInAuthConfig,
  HtpasswdAuthConfig,
  StorageConfig,
  WorkloadIssuerConfig,
} from "./config.ts";
import { Secret } from "./secret.ts";
import { suggestion } from "./nearest.ts";
import { groupsClaimProblem, vouchingProblem } from "./vouching.ts";

/** The sections that say who may do what. */
export interface AuthSections {
  readonly auth?: AuthSection;
  readonly barge: { readonly auth?: BargeAuthSection; readonly access?: AccessSection };
}

/** What is wrong, where. */
export interface AuthProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The mode, of sections in which {@link authProblems} finds nothing. */
export function toAuthConfig({ auth, barge }: AuthSections): AuthConfig {
  if (isOpen(barge.auth)) return { kind: "open", isMeant: true };
  const outer = toReferenceAuth(auth);
  if (barge.auth === undefined) return outer;
  return toBuiltIn(barge.auth, {
    users: outer.kind === "htpasswd" ? outer.path : undefined,
    access: toAccessRules(barge.access),
  });
}

function toBuiltIn(
  auth: BargeAuthMap,
  { users, access }: Pick<BuiltInAuthConfig, "users" | "access">,
): BuiltInAuthConfig {
  return {
    kind: "built-in",
    users: auth.users ?? users,
    key: auth.key === undefined ? undefined : new Secret(auth.key),
    groups: toGroups(auth),
    robots: toRobots(auth),
    issuers: toIssuers(auth),
    service: auth.service,
    issuer: auth.issuer,
    tokenLifetimeMs: auth.tokenLifetime,
    refreshTokenLifetimeMs: auth.refreshTokenLifetime,
    attempts: toAttempts(auth),
    access,
  };
}

/** How the sections contradict one another, or the store. */
export function authProblems(
  { auth, barge }: AuthSections,
  storage: StorageConfig,
): readonly AuthProblem[] {
  const types = Object.keys(auth ?? {});
  if (barge.auth === undefined) return accessAlone(barge.access);
  if (isOpen(barge.auth)) {
    return [...besideOpen(barge.auth), ...openBeside(types), ...accessAlone(barge.access)];
  }
  return [
    ...mapBeside(types),
    ...twoFiles(barge.auth, toReferenceAuth(auth)),
    ...missingKey(barge.auth, storage),
    ...issuerProblems(barge.auth),
    ...ruleProblems(toAccessRules(barge.access), toIssuers(barge.auth)),
  ];
}

function accessAlone(access: AccessSection): readonly AuthProblem[] {
  if (access === undefined) return [];
  const message =
    "needs Barge's own accounts: write barge.auth as a map (barge: {auth: {users: /path/to/htpasswd}}), or remove the rules";
  return [{ path: ["barge", "access"], message }];
}

function besideOpen(auth: BargeAuthMap): readonly AuthProblem[] {
  const written = ["users", "key"] as const;
  const maps = ["groups", "robots", "issuers"] as const;
  const beside = [
    ...written.filter((key) => auth[key] !== undefined),
    ...maps.filter((key) => Object.keys(auth[key]).length > 0),
  ];
  if (beside.length === 0) return [];
  const message = `is open and names ${beside.join(", ")} as well; leave one of the two`;
  return [{ path: ["barge", "auth"], message }];
}

function openBeside(types: readonly string[]): readonly AuthProblem[] {
  const locked = types.filter((type) => type !== "none");
  if (locked.length === 0) return [];
  const message = `says open, and auth.${locked.join(", auth.")} says the opposite; remove one of the two`;
  return [{ path: ["barge", "auth"], message }];
}

/** A file of users is all that the two can share. */
function mapBeside(types: readonly string[]): readonly AuthProblem[] {
  const others = types.filter((type) => type !== "htpasswd");
  if (others.length === 0) return [];
  const message = `gives Barge its own accounts and tokens, which cannot stand beside auth.${others.join(", auth.")}; remove one of the two`;
  return [{ path: ["barge", "auth"], message }];
}

function twoFiles(auth: BargeAuthMap, outer: AuthConfig): readonly AuthProblem[] {
  if (!isHtpasswd(outer) || auth.users === undefined || auth.users === outer.path) return [];
  const message = "is another file than auth.htpasswd.path; remove one of the two";
  return [{ path: ["barge", "auth", "users"], message }];
}

function isHtpasswd(auth: AuthConfig): auth is HtpasswdAuthConfig {
  return auth.kind === "htpasswd";
}

function missingKey(auth: BargeAuthMap, { driver }: StorageConfig): readonly AuthProblem[] {
  if (driver.name !== "s3" || auth.key !== undefined) return [];
  const message =
    "is missing: with storage on S3 give the key that signs tokens, the same for every replica, as file:/path or env:NAME (it is never kept in the bucket)";
  return [{ path: ["barge", "auth", "key"], message }];
}

function issuerProblems(auth: BargeAuthMap): readonly AuthProblem[] {
  const claims = Object.entries(toIssuers(auth)).flatMap(([name, issuer]) => {
    const message = groupsClaimProblem(issuer);
    return message === undefined
      ? []
      : [{ path: ["barge", "auth", "issuers", name, "groups"], message }];
  });
  return [...claims, ...takenGroups(auth)];
}

/** What an issuer calls a group must never be one of the file's. */
function takenGroups({ groups }: BargeAuthMap): readonly AuthProblem[] {
  const message = "has a colon, which stands in the groups of issuers (ISSUER:GROUP) alone";
  return Object.keys(groups)
    .filter((group) => group.includes(":"))
    .map((group) => ({ path: ["barge", "auth", "groups", group], message }));
}

type Issuers = Readonly<Record<string, WorkloadIssuerConfig>>;

function ruleProblems(
  rules: readonly AccessRuleConfig[],
  issuers: Issuers,
): readonly AuthProblem[] {
  return rules.flatMap((rule, index) =>
    claimsProblems(rule, issuers).map(({ key, message }) => ({
      path: ["barge", "access", index, key],
      message,
    })),
  );
}

interface RuleProblem {
  readonly key: "subject" | "claims";
  readonly message: string;
}

function claimsProblems({ subjects }: AccessRuleConfig, issuers: Issuers): readonly RuleProblem[] {
  return subjects.flatMap((subject): readonly RuleProblem[] => {
    if (subject.kind !== "claims") return [];
    const issuer = Object.hasOwn(issuers, subject.issuer) ? issuers[subject.issuer] : undefined;
    if (issuer === undefined) return [unknownIssuer(subject.issuer, issuers)];
    const message = vouchingProblem(subject.claims, issuer);
    return message === undefined ? [] : [{ key: "claims", message }];
  });
}

function unknownIssuer(name: string, issuers: Issuers): RuleProblem {
  const hint = suggestion(name, Object.keys(issuers));
  const message = `names the issuer ${JSON.stringify(name)}, which barge.auth.issuers does not have${hint}`;
  return { key: "subject", message };
}
