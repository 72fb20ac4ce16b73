/** Lets a request to an operation, or says why not: from who asks and the path alone. */
import type { Access, Caller } from "../auth/access.ts";
import { basicChallenge } from "../auth/challenge.ts";
import { CredentialsRefused } from "../auth/errors.ts";
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
  if (isAllowed(who, { ...asked, caller })) return caller;
  if (!isKnown({ env, caller })) throw challenged(env, deps);
  const repository = who === "repository-admin" ? repositoryOf(asked) : undefined;
  deps.trail.denied({ ...asked, caller }, { reference: id, repository });
  throw new AdminRequired("you may not do this; it takes the right to administer");
}

function isAllowed(who: Who, asked: Asked): boolean {
  if (who === "anyone") return true;
  if (!isKnown(asked)) return false;
  const { caller } = asked;
  if (who === "identified" || caller.isAdmin) return true;
  return who === "repository-admin" && caller.may("admin", repositoryOf(asked));
}

/**
 * An open registry is open to be used; to administer it somebody must have said who they are. A token that
 * another server made out to nobody says it not.
 */
function isKnown({ env, caller }: Pick<Asked, "env" | "caller">): boolean {
  return env.isLocal || (caller.identity.kind !== "anonymous" && caller.name !== "");
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

/** No scope of the token protocol would help: what it takes is the right of who somebody is. */
function challenged(
  { origin }: ApiBindings,
  { access }: Deps,
  { error, cause }: { readonly error?: "invalid_token" | undefined; readonly cause?: unknown } = {},
): AuthenticationRequired {
  const challenge = access.challenge({ origin, needed: [], error }) ?? basicChallenge("barge");
  return new AuthenticationRequired(challenge, { cause });
}
