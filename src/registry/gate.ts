/**
 * The one gate: who asks, and whether they may do what the request would bring about. It decides from
 * names and rules alone, before anything is looked up, so that no answer tells what there is.
 */
import type { Access, Caller, Needed, ScopeAction } from "../auth/access.ts";
import { CredentialsRefused } from "../auth/errors.ts";
import { ANYONE } from "../auth/open-access.ts";
import { BlobUnknown, ManifestUnknown, NameUnknown, TagExists } from "../content/errors.ts";
import { isRepositoryName, type RepositoryName } from "../oci/repository-name.ts";
import { AuthenticationRequired, Denied } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Route } from "./route.ts";

/** What a request would do to a repository; reading and writing are refused in different ways. */
type Effect = "pull" | "push" | "delete";

const WORDS = {
  pull: "pull from",
  push: "push to",
  delete: "delete from",
} as const satisfies Record<Effect, string>;

/** The words of the token protocol: who writes reads as well there. */
const SCOPES = {
  pull: ["pull"],
  push: ["pull", "push"],
  delete: ["delete"],
} as const satisfies Record<Effect, readonly ScopeAction[]>;

/**
 * Notes on the exchange who asks, and lets through what they may. At once where the caller is known.
 * @throws {AuthenticationRequired} {Denied} {TooManyAttempts} {AuthUnavailable}; for what may not be read,
 * what an unknown thing throws.
 */
export function admit(exchange: Exchange, access: Access): void | Promise<void> {
  let caller: Caller | Promise<Caller>;
  try {
    caller = access.identify(exchange);
  } catch (error) {
    throw refusalOf(exchange, access, error);
  }
  if (!(caller instanceof Promise)) {
    letThrough(exchange, access, caller);
    return undefined;
  }
  return caller.then(
    (found) => letThrough(exchange, access, found),
    (error: unknown) => {
      throw refusalOf(exchange, access, error);
    },
  );
}

/**
 * For what has waited for its client: a robot that was revoked, or a password that was changed meanwhile,
 * must not set a tag with the last byte of a body that was begun before. @throws {AuthenticationRequired}
 */
export async function requireStanding(exchange: Exchange, access: Access): Promise<void> {
  const holds = exchange.caller.holds?.() ?? true;
  if (holds === true || (await holds)) return;
  throw challenged(exchange, access, { error: "invalid_token" });
}

/**
 * What the store refused because of rights: whoever has not said who they are is asked, for they may have
 * the right that is lacking.
 */
export function refusedEffect(exchange: Exchange, access: Access, error: unknown): unknown {
  if (!(error instanceof TagExists) || exchange.caller.lack !== "challenge") return error;
  const isShown = exchange.authorization !== undefined;
  return challenged(exchange, access, {
    error: isShown ? "insufficient_scope" : undefined,
    cause: error,
  });
}

function letThrough(exchange: Exchange, access: Access, caller: Caller): void {
  exchange.caller = caller;
  if (caller === ANYONE || isAllowed(exchange, caller)) return;
  if (caller.lack === "denied") {
    // Answered by its handler, as if nobody had ever referred to anything.
    if (exchange.route?.kind === "referrers") return;
    throw deniedAs(exchange);
  }
  const isShown = exchange.authorization !== undefined;
  const isLacking = caller.lack === "scope" || isShown;
  throw challenged(exchange, access, { error: isLacking ? "insufficient_scope" : undefined });
}

function isAllowed({ route, method }: Exchange, caller: Caller): boolean {
  if (route === undefined) return false;
  if (route.kind === "root" || method === "OPTIONS") return true;
  // Where docker learns whom to ask for a token, and whether its login is right.
  if (route.kind === "base") return caller.identity.kind !== "anonymous";
  if (route.kind === "catalog") return caller.mayList;
  return caller.may(effectOf(route.kind, method), route.name);
}

type RepositoryRoute = Extract<Route, { readonly name: RepositoryName }>["kind"];

function effectOf(kind: RepositoryRoute, method: string): Effect {
  // An upload is its owner's own, also to look at and to give up.
  if (kind === "blob_upload" || kind === "blob_upload_chunk") return "push";
  if (method === "GET" || method === "HEAD") return "pull";
  return method === "DELETE" ? "delete" : "push";
}

/** In the words of the token protocol; what a mount reads from is asked for as well. */
function neededBy({ route, method, query }: Exchange): readonly Needed[] {
  if (route?.kind === "catalog") return [{ kind: "catalog" }];
  if (route === undefined || !("name" in route)) return [];
  const effect = effectOf(route.kind, method);
  const needed: Needed = { kind: "repository", repository: route.name, actions: SCOPES[effect] };
  if (route.kind !== "blob_upload") return [needed];
  const from = query.all("from").find((name) => isRepositoryName(name));
  if (from === undefined || from === route.name) return [needed];
  return [needed, { kind: "repository", repository: from, actions: SCOPES.pull }];
}

function challenged(
  exchange: Exchange,
  access: Access,
  {
    error,
    cause,
  }: {
    readonly error: "invalid_token" | "insufficient_scope" | undefined;
    readonly cause?: unknown;
  },
): AuthenticationRequired {
  const needed = neededBy(exchange);
  const challenge = access.challenge({ origin: exchange.origin, needed, error });
  return new AuthenticationRequired({ challenge, needed }, { cause });
}

/** Whoever said who they are gets to see no more than if the thing were not there. */
function deniedAs({ route, method }: Exchange): Error {
  const unknown = method === "GET" || method === "HEAD" ? unknownOf(route) : undefined;
  if (unknown !== undefined) return unknown;
  const lacking =
    route !== undefined && "name" in route
      ? `: it takes the right to ${WORDS[effectOf(route.kind, method)]} ${route.name}`
      : "";
  return new Denied(`requested access to the resource is denied${lacking}`);
}

function unknownOf(route: Route | undefined): Error | undefined {
  if (route?.kind === "manifest") return new ManifestUnknown(route.reference);
  if (route?.kind === "blob") return new BlobUnknown(route.digest);
  return route?.kind === "tags" ? new NameUnknown(route.name) : undefined;
}

/** What was shown and is wrong is told by a challenge; everything else as it is. */
function refusalOf(exchange: Exchange, access: Access, error: unknown): unknown {
  if (!(error instanceof CredentialsRefused)) return error;
  return challenged(exchange, access, {
    error: error.isToken ? "invalid_token" : undefined,
    cause: error,
  });
}
