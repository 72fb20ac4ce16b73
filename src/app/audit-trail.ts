/** Writes into the audit log what the registry tells of: changes by its events, refusals by its answers. */
import { join, resolve } from "node:path";
import { triedName } from "../auth/basic-credentials.ts";
import { CredentialsRefused } from "../auth/errors.ts";
import type { Config } from "../config/config.ts";
import { TagExists } from "../content/errors.ts";
import type { EventBus } from "../events/bus.ts";
import type { ManifestTransferred, RegistryEvent } from "../events/event.ts";
import type { AuditEntry } from "../observability/audit-entry.ts";
import type { AuditLog } from "../observability/audit-log.ts";
import type { Logger } from "../observability/logger.ts";
import { formatReference } from "../oci/reference.ts";
import { AuthenticationRequired, Denied } from "../registry/errors.ts";
import type { Exchange } from "../registry/exchange.ts";

/** @returns `undefined` when none is kept: nobody has to say who they are, or there is no place for it. */
function auditPathOf({ barge, auth, storage }: Config): string | undefined {
  if (barge.audit.path !== undefined) return resolve(barge.audit.path);
  if (auth.kind === "open" || storage.driver.name !== "filesystem") return undefined;
  return resolve(join(storage.driver.rootDirectory, "barge", "audit", "audit.jsonl"));
}

/** @throws {AuditLogUnavailable} */
export async function openAudit(
  config: Config,
  { log, resources }: { readonly log: Logger; readonly resources: AsyncDisposableStack },
): Promise<AuditLog | undefined> {
  const path = auditPathOf(config);
  if (path === undefined) return undefined;
  const { openAuditLog } = await import("../observability/audit-log.ts");
  return resources.use(await openAuditLog({ path, log }));
}

/** Writes down every change of content from now on, and pulls if they are wanted. */
export function auditEvents(
  events: EventBus,
  audit: Pick<AuditLog, "record">,
  { pulls }: { readonly pulls: boolean },
): void {
  const record = (event: RegistryEvent): void => {
    const change = changeOf(event);
    if (change === undefined || (change.action === "pull" && !pulls)) return;
    const { actor, request } = event;
    audit.record({
      at: event.at,
      actor: actor.name,
      identity: actor.kind,
      address: request.sureAddress,
      repository: event.repository,
      ...change,
      requestId: request.id,
      outcome: "done",
      userAgent: request.userAgent,
    });
  };
  events.subscribe(record, { pulls });
}

type Change = Pick<AuditEntry, "action" | "reference" | "before" | "after">;

/** @returns `undefined` for what whoever does it writes down in more detail. */
function changeOf(event: RegistryEvent): Change | undefined {
  switch (event.kind) {
    case "repository":
      return undefined;
    case "tag":
      return { action: "untag", reference: event.target.tag, before: event.target.digest };
    case "blob":
      return { action: event.action, reference: event.target.digest };
    case "manifest":
      if (event.action === "delete") return { action: "delete", reference: event.target.digest };
      return event.action === "pull" ? pullOf(event) : pushOf(event);
  }
}

function pullOf({ target }: ManifestTransferred): Change {
  return { action: "pull", reference: target.tag ?? target.digest, after: target.digest };
}

function pushOf({ target: { tag, digest, replaced } }: ManifestTransferred): Change {
  if (tag === undefined) return { action: "push", reference: digest };
  const isMoved = replaced !== undefined && replaced !== digest;
  const action = isMoved ? "overwrite" : "push";
  return { action, reference: tag, before: replaced, after: digest };
}

/** Writes down a request that was refused because of who made it. All others are none of this log's. */
export function auditRefusal(
  exchange: Exchange,
  error: unknown,
  audit: Pick<AuditLog, "record">,
): void {
  const action = refusedAction(error);
  if (action === undefined) return;
  const { route, caller } = exchange;
  audit.record({
    at: new Date(),
    actor: action === "login-failed" ? triedName(exchange.authorization) : exchange.actor,
    identity: caller.identity.kind,
    address: exchange.address,
    action,
    ...(route && "name" in route && { repository: route.name }),
    ...(route && "reference" in route && { reference: formatReference(route.reference) }),
    requestId: exchange.id,
    outcome: "refused",
    userAgent: exchange.header("user-agent"),
  });
}

function refusedAction(error: unknown): "denied" | "login-failed" | undefined {
  if (error instanceof Denied || error instanceof TagExists) return "denied";
  const isLogin = error instanceof AuthenticationRequired;
  return isLogin && error.cause instanceof CredentialsRefused ? "login-failed" : undefined;
}
