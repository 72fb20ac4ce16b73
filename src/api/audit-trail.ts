/** Writes down what is done by the API, and what is refused there. */
import { triedName } from "../auth/basic-credentials.ts";
import type { Caller } from "../auth/access.ts";
import type { Clock } from "../lib/clock.ts";
import type { AuditEntry, AuditIdentity } from "../observability/audit-entry.ts";
import type { AuditLog } from "../observability/audit-log.ts";
import type { Asked } from "./operation.ts";

/** Who made a request, and of what it is. */
type Origin = Pick<Asked, "env" | "request"> & { readonly caller: Caller | undefined };

type What = Pick<AuditEntry, "action" | "before" | "reference" | "repository">;

/** What stands for whoever owns the server and shows no other name. */
const OPERATOR = "operator";

export class AuditTrail {
  readonly #audit: Pick<AuditLog, "record"> | undefined;
  readonly #clock: Pick<Clock, "now">;

  constructor({
    audit,
    clock,
  }: {
    readonly audit: Pick<AuditLog, "record"> | undefined;
    readonly clock: Pick<Clock, "now">;
  }) {
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Makes the change, and writes down that it was made, or that it failed. */
  async change<Result>(origin: Origin, what: What, work: () => Promise<Result>): Promise<Result> {
    let outcome: AuditEntry["outcome"] = "failed";
    try {
      const result = await work();
      outcome = "done";
      return result;
    } finally {
      this.#record(origin, { ...what, outcome, actor: actorOf(origin) });
    }
  }

  /** A tag went with its repository. */
  untagged(
    origin: Origin,
    {
      repository,
      tag,
      before,
    }: { readonly repository: string; readonly tag: string; readonly before: string },
  ): void {
    const what = { action: "untag", repository, reference: tag, before } as const;
    this.#record(origin, { ...what, outcome: "done", actor: actorOf(origin) });
  }

  /** Somebody who is known may not. What anonymous requests are refused is no news: so clients begin. */
  denied(origin: Origin, what: Pick<What, "reference" | "repository">): void {
    const actor = actorOf(origin);
    this.#record(origin, { ...what, action: "denied", outcome: "refused", actor });
  }

  /** @param name that was tried; without it, the one in the header `Authorization`. */
  loginFailed(origin: Origin, name?: string): void {
    const actor = name ?? triedName(origin.env.shown.authorization);
    this.#record(origin, { action: "login-failed", outcome: "refused", actor });
  }

  #record(origin: Origin, entry: What & Pick<AuditEntry, "action" | "actor" | "outcome">): void {
    const { env, request } = origin;
    this.#audit?.record({
      at: this.#clock.now(),
      identity: identityKind(origin),
      address: env.shown.address,
      requestId: env.id,
      userAgent: request.headers.get("user-agent") ?? undefined,
      ...entry,
    });
  }
}

export function identityKind({ env, caller }: Omit<Origin, "request">): AuditIdentity {
  return env.isLocal ? OPERATOR : (caller?.identity.kind ?? "anonymous");
}

/** For records and histories. */
export function actorOf({ env, caller }: Omit<Origin, "request">): string {
  const name = caller?.name ?? "";
  return env.isLocal && name === "" ? OPERATOR : name;
}
