/** Who somebody is, and what rules say of them. */
import type { Identity } from "../auth/identity.ts";
import { withOwnRights } from "../auth/rules/explain.ts";
import type { ExplainOptions } from "../auth/rules/rules.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/repository-name.ts";
import type { ApiDeps } from "./api-deps.ts";
import { actorOf, identityKind } from "./audit-trail.ts";
import { AdminRequired, NothingThere } from "./errors.ts";
import { NOTHING, operation, type Operation } from "./operation.ts";
import { ACCESS, ACCESS_QUERY, CALLER } from "./schemas.ts";
import { isOneself, askedSubject } from "./subject.ts";

type Deps = Pick<ApiDeps, "groups" | "robots" | "rules">;

export function accessOperations(deps: Deps): readonly Operation[] {
  return [
    operation(
      { id: "whoAmI", method: "get", path: "/auth/whoami", who: "identified" },
      {
        summary: "Who the server takes the caller for.",
        query: NOTHING,
        body: NOTHING,
        answer: { status: 200, schema: CALLER },
        work: async (asked) => ({
          name: actorOf(asked),
          kind: identityKind(asked),
          groups: groupsOf(asked.caller.identity, deps.groups),
          isAdmin: asked.caller.isAdmin,
        }),
      },
    ),
    operation(
      { id: "explainAccess", method: "get", path: "/auth/access", who: "identified" },
      {
        summary:
          "What a subject may do to a repository, and for administrators which rule decides. Of others only for them.",
        query: ACCESS_QUERY,
        lists: ["claim"],
        body: NOTHING,
        answer: { status: 200, schema: ACCESS },
        work: async ({ caller, query }) => {
          const { subject, claim = [] } = query;
          const isOwn = claim.length === 0 && isOneself(caller.identity, subject);
          if (!isOwn && !caller.isAdmin) {
            throw new AdminRequired("only administrators may ask about the access of others");
          }
          const repository = parseRepositoryName(query.repository);
          const identity = isOwn ? caller.identity : askedSubject(subject, claim);
          const isForOneself = !caller.isAdmin;
          const actions = await explain({ identity, repository, isForOneself }, deps);
          return { subject, repository, actions };
        },
      },
    ),
  ];
}

interface Explained extends ExplainOptions {
  readonly identity: Identity;
  readonly repository: RepositoryName;
}

async function explain(
  { identity, repository, isForOneself }: Explained,
  { robots, rules }: Deps,
): Promise<readonly unknown[]> {
  if (rules === undefined) {
    throw new NothingThere("this server has no rules: they come with barge.auth and barge.access");
  }
  // Public issuers vouch for everybody's jobs.
  if (isForOneself === true && !rules.knows(identity)) {
    throw new AdminRequired("no rule names you; only administrators may ask why");
  }
  const robot = identity.kind === "robot" ? await robots.find(identity.name) : undefined;
  if (identity.kind === "robot" && robot === undefined) {
    throw new NothingThere("there is no such robot, or not any more", "NAME_UNKNOWN");
  }
  return rules
    .explain(identity, repository, { isForOneself })
    .map((one) => (robot === undefined ? one : withOwnRights(one, robot.rights, repository)))
    .map(({ action, isAllowed, rule, reason }) => {
      return { action, allowed: isAllowed, rule: rule ?? null, reason };
    });
}

/** Those that came with the proof of who it is, and of a user those of the config. */
function groupsOf(identity: Identity, groups: ApiDeps["groups"]): readonly string[] {
  if (identity.kind !== "user" && identity.kind !== "workload") return [];
  const { name } = identity.kind === "user" ? identity : { name: undefined };
  const configured = Object.entries(groups)
    .filter(([, members]) => name !== undefined && members.includes(name))
    .map(([group]) => group);
  return [...new Set([...identity.groups, ...configured])].toSorted();
}
