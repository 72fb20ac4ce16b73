/**
 * Who may do what, put together from what the config says. Each way is loaded only where it is used: an
 * open registry starts without any of it.
 */
import { availableParallelism } from "node:os";
import type { Access } from "../auth/access.ts";
import type { AttemptLimiter } from "../auth/attempts/attempts.ts";
import type { HtpasswdUsers } from "../auth/passwords/htpasswd-users.ts";
import { OPEN_ACCESS } from "../auth/open-access.ts";
import type { RobotRecords } from "../auth/robots/robot-records.ts";
import type { Rules } from "../auth/rules/rules.ts";
import type { SigningKeys } from "../auth/tokens/signing-keys.ts";
import type { TokenService } from "../auth/tokens/token-service.ts";
import type { AttemptsConfig, AuthConfig, BuiltInAuthConfig, Config } from "../config/config.ts";
import { systemClock } from "../lib/clock.ts";
import type { Logger } from "../observability/logger.ts";
import type { StorageDriver } from "../storage/storage-driver.ts";
import { entryUrl } from "./entries.ts";
import { makeStateDirectory, stateDirectoryOf } from "./state-directory.ts";

export interface OpenedAccess {
  readonly access: Access;
  /** Exactly where Barge makes tokens of its own. */
  readonly own: OwnTokens | undefined;
}

/** What administering Barge's own accounts takes. */
export interface OwnTokens {
  readonly tokens: TokenService;
  readonly keys: SigningKeys;
  readonly rules: Rules;
  readonly robots: RobotRecords;
}

export interface AccessParts {
  readonly driver: StorageDriver;
  readonly log: Logger;
  /** Closes what was opened, in reverse. */
  readonly resources: AsyncDisposableStack;
}

/** @throws whatever is wrong with the files that the config names. */
export async function openAccess(config: Config, parts: AccessParts): Promise<OpenedAccess> {
  const { auth } = config;
  if (auth.kind === "built-in") return await openBuiltIn(config, auth, parts);
  return { access: await openOther(auth, parts), own: undefined };
}

async function openOther(
  auth: Exclude<AuthConfig, BuiltInAuthConfig>,
  parts: AccessParts,
): Promise<Access> {
  switch (auth.kind) {
    case "open":
      return OPEN_ACCESS;
    case "silly": {
      const { createSillyAccess } = await import("../auth/silly-access.ts");
      return createSillyAccess(auth);
    }
    case "token": {
      const { createOutsideAccess } = await import("../auth/outside-access.ts");
      return await createOutsideAccess(auth, parts);
    }
    case "htpasswd": {
      const { createHtpasswdAccess } = await import("../auth/htpasswd-access.ts");
      const users = await openUsers(auth.path, { ...parts, provision: true });
      const attempts = await openAttempts(USUAL_ATTEMPTS);
      return createHtpasswdAccess(auth, { users, attempts });
    }
  }
}

async function openBuiltIn(
  config: Config,
  auth: BuiltInAuthConfig,
  { driver, log, resources }: AccessParts,
): Promise<OpenedAccess> {
  const [builtIn, keyring, workloadIssuers, ruling, records] = await Promise.all([
    import("../auth/built-in-access.ts"),
    import("../auth/tokens/signing-keys.ts"),
    import("../auth/workloads/workload-issuers.ts"),
    import("../auth/rules/rules.ts"),
    import("../auth/robots/robot-records.ts"),
  ]);
  const clock = systemClock;
  const rules = ruling.createRules(auth);
  const robots = resources.use(
    records.createRobotRecords({ driver, clock, log, configured: auth.robots }),
  );
  const directory = auth.key === undefined ? await keysDirectory(config) : undefined;
  const keys = await keyring.openSigningKeys({ ...auth, given: auth.key, directory, clock, log });
  const users =
    auth.users === undefined
      ? undefined
      : await openUsers(auth.users, { log, resources, provision: false });
  const attempts = await openAttempts(auth.attempts);
  const { issuers } = auth;
  const workloads = workloadIssuers.createWorkloadIssuers({ issuers, rules, clock, log });
  const access = builtIn.createBuiltInAccess(auth, {
    users,
    robots,
    rules,
    attempts,
    keys,
    workloads,
    clock,
    log,
    realmPath: `${config.http.prefix}auth/token`,
  });
  return { access, own: { tokens: access.tokens, keys, rules, robots } };
}

/** Without a directory the keys live as long as the process, as the content of the driver inmemory does. */
async function keysDirectory(config: Config): Promise<string | undefined> {
  const state = stateDirectoryOf(config);
  if (state === undefined) return undefined;
  await makeStateDirectory(state);
  return `${state}/keys`;
}

/** The same as what `barge.auth.attempts` has for its default. */
export const USUAL_ATTEMPTS: AttemptsConfig = { perAddress: 30, perAccount: 10 };

export async function openAttempts(config: AttemptsConfig): Promise<AttemptLimiter> {
  const { AttemptLimiter: Limiter } = await import("../auth/attempts/attempts.ts");
  return new Limiter({ ...config, clock: systemClock });
}

const MOST_PASSWORD_THREADS = 2;
/** At the usual cost it takes four seconds until the last of them is checked. */
const MOST_PASSWORDS_WAITING = 64;

async function openUsers(
  path: string,
  { log, resources, provision }: Omit<AccessParts, "driver"> & { readonly provision: boolean },
): Promise<HtpasswdUsers> {
  const [{ PasswordPool }, { openHtpasswdUsers }] = await Promise.all([
    import("../auth/passwords/password-pool.ts"),
    import("../auth/passwords/htpasswd-users.ts"),
  ]);
  const pool = resources.use(
    new PasswordPool({
      threadUrl: entryUrl("password-thread"),
      maxThreads: Math.min(MOST_PASSWORD_THREADS, Math.max(1, availableParallelism() - 1)),
      maxWaiting: MOST_PASSWORDS_WAITING,
    }),
  );
  return await openHtpasswdUsers({ path, pool, log, provision });
}
