import type { Access } from "../auth/access.ts";
import type { RobotRecords } from "../auth/robots/robot-records.ts";
import type { Rules } from "../auth/rules/rules.ts";
import type { SigningKeys } from "../auth/tokens/signing-keys.ts";
import type { RepositoryRemoval } from "../content/repository-removal.ts";
import type { EventBus } from "../events/bus.ts";
import type { Clock } from "../lib/clock.ts";
import type { AuditLog } from "../observability/audit-log.ts";
import type { Logger } from "../observability/logger.ts";

/** What the API works on. */
export interface ApiDeps {
  readonly access: Pick<Access, "challenge">;
  readonly robots: RobotRecords;
  /** `undefined`: none is kept. */
  readonly audit: Pick<AuditLog, "read" | "record"> | undefined;
  readonly events: Pick<EventBus, "publish">;
  readonly removal: RepositoryRemoval;
  /** `storage.delete.enabled`, and that the store is not read-only. */
  readonly isDeleteEnabled: boolean;
  /** `undefined`: this server has none. */
  readonly rules: Pick<Rules, "explain" | "knows"> | undefined;
  /** Members by group, of the config. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** `undefined`: this server signs no tokens. */
  readonly keys: Pick<SigningKeys, "rotate"> | undefined;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
  /** Of the program. */
  readonly version: string;
  /** `http.prefix`: begins and ends with "/". */
  readonly prefix: string;
  /** A change that was begun goes on when its client goes away, but not when the server stops. */
  readonly stopping: AbortSignal;
}
