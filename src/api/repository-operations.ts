/** Whole repositories. */
import { randomUUID } from "node:crypto";
import type { RepositoryDeleted } from "../events/event.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { ApiDeps } from "./api-deps.ts";
import { actorOf, type AuditTrail, identityKind } from "./audit-trail.ts";
import { SwitchedOff } from "./errors.ts";
import { type Asked, NOTHING, operation, type Operation, repositoryOf } from "./operation.ts";
import { REMOVED } from "./schemas.ts";

interface Deps extends Pick<
  ApiDeps,
  "clock" | "events" | "isDeleteEnabled" | "removal" | "stopping"
> {
  readonly trail: AuditTrail;
}

const DELETE_REPOSITORY = {
  id: "deleteRepository",
  method: "delete",
  path: "/repositories/{repository}",
  who: "repository-admin",
} as const;

export function repositoryOperations(deps: Deps): readonly Operation[] {
  const { removal, events, trail, isDeleteEnabled, stopping: signal } = deps;
  return [
    operation(DELETE_REPOSITORY, {
      summary: "Removes a repository with its tags, their history, manifests, blobs and uploads.",
      query: NOTHING,
      body: NOTHING,
      answer: { status: 200, schema: REMOVED },
      work: (asked) => {
        if (!isDeleteEnabled)
          throw new SwitchedOff("deletes are switched off: storage.delete.enabled");
        const repository = repositoryOf(asked);
        const what = { action: "repository-delete", repository } as const;
        return trail.change(asked, what, async () => {
          const removed = await removal.remove(repository, {
            signal,
            actor: actorOf(asked),
            onUntagged: (tag, before) => trail.untagged(asked, { repository, tag, before }),
          });
          events.publish(removedEvent(asked, repository, deps));
          return { repository, ...removed };
        });
      },
    }),
  ];
}

function removedEvent(
  asked: Asked,
  repository: RepositoryName,
  { clock }: Pick<ApiDeps, "clock">,
): RepositoryDeleted {
  const { env, request } = asked;
  return {
    id: randomUUID(),
    at: clock.now(),
    request: {
      id: env.id,
      address: env.shown.address,
      sureAddress: env.shown.address,
      host: URL.canParse(env.origin) ? new URL(env.origin).host : "",
      method: request.method,
      userAgent: request.headers.get("user-agent") ?? "",
    },
    actor: { name: actorOf(asked), kind: identityKind(asked) },
    kind: "repository",
    action: "delete",
    repository,
  };
}
