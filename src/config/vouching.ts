/**
 * Whether a rule for jobs of another system says whose jobs they are. A public issuer signs tokens for
 * everybody: a rule that looks at the branch alone would let anybody's job in.
 */
import type { WorkloadIssuerConfig } from "./config.ts";

type Claims = Readonly<Record<string, readonly string[]>>;

/** Their values are names in full: with a `*` they would match names that others may take. */
const WHOLE: ReadonlySet<string> = new Set([
  "repository_owner",
  "repository_owner_id",
  "repository_id",
  "namespace_id",
  "project_id",
]);

/** Paths, of which the first part says whose they are: `*` may stand behind it. */
const PATHS: ReadonlySet<string> = new Set(["repository", "namespace_path", "project_path"]);

/** Of one cluster, whose namespaces are all its own. */
const NAMESPACE = "kubernetes.io/namespace";

/** How the subjects of well-known issuers begin, and what must follow up to a `*`. */
const SUBJECTS: readonly (readonly [string, RegExp])[] = [
  ["repo:", /^repo:[^/:*]+\//],
  ["repository_owner:", /^repository_owner:[^:*]+(?::|$)/],
  ["repository_owner_id:", /^repository_owner_id:[^:*]+(?::|$)/],
  ["project_path:", /^project_path:[^/:*]+\//],
  ["system:serviceaccount:", /^system:serviceaccount:[^:*]+:/],
];

/** Why the claims could be those of anybody's job; `undefined` when one of them says whose it is. */
export function vouchingProblem(
  claims: Claims,
  { issuer }: Pick<WorkloadIssuerConfig, "issuer">,
): string | undefined {
  const isSaid = Object.entries(claims).some(
    ([name, patterns]) =>
      patterns.length > 0 && patterns.every((pattern) => saysWhose(name, pattern, issuer)),
  );
  if (isSaid) return undefined;
  return `must say whose jobs: name an owner or a project in full, such as ${example(issuer)}; a * may stand only behind it`;
}

/** Why groups out of that claim could be those of anybody's job. */
export function groupsClaimProblem(config: WorkloadIssuerConfig): string | undefined {
  const claim = config.groupsClaim;
  if (claim === undefined || !isPublic(config.issuer) || isOwner(claim)) return undefined;
  if (claim === "groups_direct" && !isGitHub(config.issuer)) return undefined;
  return `is a claim that anybody's job could have as it likes: use one that says whose the job is, such as ${isGitHub(config.issuer) ? "repository_owner" : "namespace_path"}`;
}

function saysWhose(name: string, pattern: string, issuer: string): boolean {
  const fixed = pattern.split("*", 1)[0] ?? "";
  const isWhole = fixed.length === pattern.length;
  if (fixed === "") return false;
  if (WHOLE.has(name)) return isWhole;
  if (PATHS.has(name)) return isWhole || /^[^/]+\//.test(fixed);
  if (name === NAMESPACE) return true;
  return name === "sub" && saysWhoseSubject(fixed, { isWhole, issuer });
}

/** A subject in a form of its own is right anywhere but at GitHub, where owners choose the form of theirs. */
function saysWhoseSubject(
  fixed: string,
  { isWhole, issuer }: { readonly isWhole: boolean; readonly issuer: string },
): boolean {
  const known = SUBJECTS.find(([start]) => fixed.startsWith(start));
  if (known !== undefined) return known[1].test(fixed);
  if (isGitHub(issuer)) return false;
  return isWhole || !SUBJECTS.some(([start]) => start.startsWith(fixed));
}

function isOwner(claim: string): boolean {
  return WHOLE.has(claim) || PATHS.has(claim);
}

function isPublic(issuer: string): boolean {
  return isGitHub(issuer) || hostOf(issuer) === "gitlab.com";
}

/** The service of GitHub itself, or a server of its own, whose issuer has this path. */
function isGitHub(issuer: string): boolean {
  return (
    hostOf(issuer) === "token.actions.githubusercontent.com" ||
    /\/_services\/token\/?$/.test(issuer)
  );
}

function hostOf(url: string): string | undefined {
  return URL.parse(url)?.hostname;
}

function example(issuer: string): string {
  if (isGitHub(issuer)) return "repository_owner: my-org";
  if (/gitlab/i.test(issuer)) return "namespace_path: my-group";
  return "sub: system:serviceaccount:NAMESPACE:NAME, or namespace_path: my-group";
}
