/** The API of administrators: what it works on, put together when the first request for it comes. */
import type { Hono } from "hono";
import type { ApiEnvironment } from "../api/request.ts";
import type { Access, Caller } from "../auth/access.ts";
import { ANONYMOUS } from "../auth/identity.ts";
import type { RobotRecords } from "../auth/robot-records.ts";
import type { Config } from "../config/config.ts";
import { systemClock } from "../lib/clock.ts";
import type { AuditLog } from "../observability/audit-log.ts";
import type { Logger } from "../observability/logger.ts";
import type { StorageDriver } from "../storage/storage-driver.ts";
import { type OpenedAccess, openAttempts, USUAL_ATTEMPTS } from "./access.ts";
import type { RegistryInside } from "./registry-app.ts";
import { readVersion } from "./version.ts";

export interface AdministrationParts extends OpenedAccess {
  readonly driver: StorageDriver;
  readonly log: Logger;
  readonly audit: AuditLog | undefined;
  /** Closes what was opened, in reverse. */
  readonly resources: AsyncDisposableStack;
  readonly stopping: AbortSignal;
}

/** Who asks over the socket in the state directory: whoever can open it owns the server. */
export const OPERATOR: Caller = {
  identity: ANONYMOUS,
  name: "operator",
  may: () => true,
  mayList: true,
  seesAll: true,
  isAdmin: true,
  lack: "denied",
};

/** One for each server: what robots it knows is known once. */
export class Administration {
  readonly #config: Config;
  readonly #parts: AdministrationParts;
  #robots: Promise<RobotRecords> | undefined;
  #access: Promise<Access> | undefined;
  #api: Promise<Hono<ApiEnvironment>> | undefined;

  constructor(config: Config, parts: AdministrationParts) {
    this.#config = config;
    this.#parts = parts;
  }

  /** Who asks the API. Where Barge makes no tokens of its own, robots log in here all the same. */
  readonly access: Access = {
    identify: async (shown) => {
      this.#access ??= this.#openAccess();
      return await (await this.#access).identify(shown);
    },
    challenge: (options) => this.#parts.access.challenge(options),
  };

  /** @param inside of the registry that it administers. */
  api(inside: RegistryInside): Promise<Hono<ApiEnvironment>> {
    this.#api ??= this.#openApi(inside);
    return this.#api;
  }

  async #openApi({ content, events }: RegistryInside): Promise<Hono<ApiEnvironment>> {
    const [{ createApi }, robots] = await Promise.all([
      import("../api/api.ts"),
      this.#openRobots(),
    ]);
    const { auth, http, storage } = this.#config;
    const { own, log, audit, stopping } = this.#parts;
    return createApi({
      access: this.access,
      robots,
      audit,
      events,
      removal: content.removal,
      isDeleteEnabled: storage.deleteEnabled && !storage.readOnly,
      rules: own?.rules,
      groups: auth.kind === "built-in" ? auth.groups : {},
      keys: own?.keys,
      clock: systemClock,
      log,
      version: await readVersion(),
      prefix: http.prefix,
      stopping,
    });
  }

  async #openAccess(): Promise<Access> {
    const { access, own } = this.#parts;
    if (own !== undefined) return access;
    const [{ withRobots }, robots, attempts] = await Promise.all([
      import("../auth/robot-access.ts"),
      this.#openRobots(),
      openAttempts(USUAL_ATTEMPTS),
    ]);
    return withRobots(access, { robots, attempts });
  }

  #openRobots(): Promise<RobotRecords> {
    this.#robots ??= this.#createRobots();
    return this.#robots;
  }

  async #createRobots(): Promise<RobotRecords> {
    const { own, driver, log, resources } = this.#parts;
    if (own !== undefined) return own.robots;
    const { createRobotRecords } = await import("../auth/robot-records.ts");
    return resources.use(createRobotRecords({ driver, clock: systemClock, log, configured: {} }));
  }
}
