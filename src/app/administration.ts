/** The API of administrators: what it works on, put together when the first request for it comes. */
import type { Hono } from "hono";
import type { ApiEnvironment } from "../api/request.ts";
import type { Access, Caller } from "../auth/access.ts";
import { ANONYMOUS } from "../auth/identity.ts";
import type { RobotRecords } from "../auth/robots/robot-records.ts";
import type { Config } from "../config/config.ts";
import { systemClock } from "../lib/clock.ts";
import { once } from "../lib/once.ts";
import type { AuditLog } from "../observability/audit-log.ts";
import type { Logger } from "../observability/logger.ts";
import type { StorageDriver } from "../storage/storage-driver.ts";
import { type OpenedAccess, openAttempts, USUAL_ATTEMPTS } from "./access.ts";
import type { RegistryInside } from "./registry-inside.ts";
import { readVersion } from "./version.ts";

export interface AdministrationParts extends OpenedAccess {
  readonly driver: StorageDriver;
  readonly log: Logger;
  readonly audit: AuditLog | undefined;
  /** Closes what was opened, in reverse. */
  readonly resources: AsyncDisposableStack;
  readonly stopping: AbortSignal;
}

export interface Administration {
  /** Who asks the API. Where Barge makes no tokens of its own, robots log in here all the same. */
  readonly access: Access;
  readonly openApi: () => Promise<Hono<ApiEnvironment>>;
}

/** Who asks over the socket in the state directory: whoever can open it owns the server. */
export const OPERATOR: Caller = {
  identity: ANONYMOUS,
  name: "operator",
  may: () => true,
  maySeeBelow: () => true,
  mayList: true,
  seesAll: true,
  isAdmin: true,
  lack: "denied",
};

/** @param inside of the registry that is administered. */
export function createAdministration(
  config: Config,
  parts: AdministrationParts,
  inside: RegistryInside,
): Administration {
  // One for the whole server: what it knows of robots it knows once.
  const openRobots = once(() => createRobots(parts));
  const openAccess = once(() => createAccess(parts, openRobots));
  const access: Access = {
    identify: async (shown) => (await openAccess()).identify(shown),
    challenge: (options) => parts.access.challenge(options),
  };
  const openApi = once(async () => {
    const [{ createApi }, robots, version] = await Promise.all([
      import("../api/api.ts"),
      openRobots(),
      readVersion(),
    ]);
    const { own, log, audit, stopping } = parts;
    const { auth, http, storage } = config;
    return createApi({
      access,
      robots,
      audit,
      events: inside.events,
      removal: inside.content.removal,
      isDeleteEnabled: storage.deleteEnabled && !storage.readOnly,
      rules: own?.rules,
      groups: auth.kind === "built-in" ? auth.groups : {},
      keys: own?.keys,
      clock: systemClock,
      log,
      version,
      prefix: http.prefix,
      stopping,
    });
  });
  return { access, openApi };
}

async function createRobots({
  own,
  driver,
  log,
  resources,
}: AdministrationParts): Promise<RobotRecords> {
  if (own !== undefined) return own.robots;
  const { createRobotRecords } = await import("../auth/robots/robot-records.ts");
  return resources.use(createRobotRecords({ driver, clock: systemClock, log, configured: {} }));
}

async function createAccess(
  { access, own }: AdministrationParts,
  openRobots: () => Promise<RobotRecords>,
): Promise<Access> {
  if (own !== undefined) return access;
  const [{ withRobots }, robots, attempts] = await Promise.all([
    import("../auth/robot-access.ts"),
    openRobots(),
    openAttempts(USUAL_ATTEMPTS),
  ]);
  return withRobots(access, { robots, attempts });
}
