/** The drop-in for the reference registry's `auth.htpasswd`: every user may do everything. */
import type { HtpasswdAuthConfig } from "../config/config.ts";
import type { Access, Caller } from "./access.ts";
import type { AttemptLimiter } from "./attempts/attempts.ts";
import { parseBasic } from "./basic-credentials.ts";
import { basicChallenge } from "./challenge.ts";
import { CredentialsRefused } from "./errors.ts";
import { mayAllButAdminister, NOBODY } from "./open-access.ts";
import type { Users } from "./users.ts";

export interface HtpasswdAccessOptions {
  readonly users: Pick<Users, "fingerprint" | "verify">;
  readonly attempts: Pick<AttemptLimiter, "run">;
}

/** Any other scheme than `Basic` counts as nothing shown, as it does to the reference registry. */
export function createHtpasswdAccess(
  { realm }: HtpasswdAuthConfig,
  { users, attempts }: HtpasswdAccessOptions,
): Access {
  return {
    identify: (shown) => {
      const credentials = parseBasic(shown.authorization);
      if (credentials === undefined) return NOBODY;
      const { name, password } = credentials;
      const { address } = shown;
      return identified(
        attempts.run({ address, account: name }, async () => {
          // Taken first: should the password change meanwhile, the old one has proved nothing.
          const fingerprint = users.fingerprint(name);
          if (!(await users.verify(name, password, { address }))) return undefined;
          return callerOf(name, () => users.fingerprint(name) === fingerprint);
        }),
      );
    },
    challenge: () => basicChallenge(realm),
  };
}

async function identified(attempt: Promise<Caller | undefined>): Promise<Caller> {
  const caller = await attempt;
  if (caller === undefined) throw new CredentialsRefused("a wrong name or password");
  return caller;
}

function callerOf(name: string, holds: () => boolean): Caller {
  return { ...mayAllButAdminister({ kind: "user", name, groups: [] }), holds };
}
