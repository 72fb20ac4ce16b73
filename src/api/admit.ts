/** Lets a request to an operation, or says why not: from who asks and the path alone. */
import type { Access, Caller, Needed } from "../auth/access.ts";
import { basicChallenge } from "../auth/challenge.ts";
import { CredentialsRefused } from "../auth/errors.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { AuditTrail } from "./audit-trail.ts";
import { AdminRequired, AuthenticationRequired, NothingThere } from "./errors.ts";
import { type Asked, type Operation, repositoryOf, type Who } from "./operation.ts";
import type { ApiBindings } from "./request.ts";

interface Deps {
  readonly access: Pick<Access, "challenge">;
  readonly trail: AuditTrail;
}

/**
 * Who asks, once they may.
 * @throws {AuthenticationRequired} {AdminRequired} {NothingThere} {InvalidName} {TooManyAttempts} {AuthUnavailable}
 */
export async function admit(
  { id, who }: Pick<Operation, "id" | "who">,
  asked: Omit<Asked, "caller">,
  deps: Deps,
): Promise<Caller> {
  const { env } = asked;
  // Whoever cannot open the socket is not told what there is behind it.
  if (who === "local" && !env.isLocal) throw new NothingThere();
  const caller = await identified(asked, deps);
  const repository = who === "delete" ? repositoryOf(asked) : undefined;
  if (isAllowed(who, caller, { env, repository })) return caller;
  if (caller.identity.kind === "anonymous") throw challenged(env, deps, { repository });
  deps.trail.denied({ ...asked, caller }, { reference: id, repository });
  if (caller.lack === "scope" && repository !== undefined) {
    throw challenged(env, deps, { repository, error: "insufficient_scope" });
  }
  throw new AdminRequired("you may not do this; it takes the right to administer");
}

/** An open registry is open to be used; to administer it somebody must have said who they are. */
function isAllowed(
  who: Who,
  caller: Caller,
  {
    env,
    repository,
  }: { readonly env: ApiBindings; readonly repository: RepositoryName | undefined },
): boolean {
  if (who === "anyone") return true;
  const isKnown = env.isLocal || caller.identity.kind !== "anonymous";
  if (!isKnown) return false;
  if (who === "identified" || caller.isAdmin) return true;
  if (repository === undefined) return false;
  return caller.may("delete", repository) || caller.may("admin", repository);
}

async function identified(asked: Omit<Asked, "caller">, deps: Deps): Promise<Caller> {
  const { env } = asked;
  try {
    return await env.identify();
  } catch (cause) {
    if (!(cause instanceof CredentialsRefused)) throw cause;
    deps.trail.loginFailed({ ...asked, caller: undefined });
    throw challenged(env, deps, { error: cause.isToken ? "invalid_token" : undefined, cause });
  }
}

function challenged(
  { origin }: ApiBindings,
  { access }: Deps,
  {
    repository,
    error,
    cause,
  }: {
    readonly repository?: RepositoryName | undefined;
    readonly error?: "invalid_token" | "insufficient_scope" | undefined;
    readonly cause?: unknown;
  },
): AuthenticationRequired {
  const needed: readonly Needed[] =
    repository === undefined ? [] : [{ kind: "repository", repository, actions: ["delete"] }];
  const challenge = access.challenge({ origin, needed, error }) ?? basicChallenge("barge");
  return new AuthenticationRequired(challenge, { cause });
}
