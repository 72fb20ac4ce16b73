/**
 * Robots beside another way to say who one is: for the API of administrators, who are there also where
 * nobody has to log in, or where another server makes the tokens.
 */
import type { Access, Caller, Shown } from "./access.ts";
import { parseBasic } from "./basic-credentials.ts";
import { ROBOT_PREFIX } from "./identity.ts";
import { type AttemptGuard, Logins } from "./logins.ts";
import type { RobotDirectory } from "./robots.ts";
import { RuledCaller } from "./rules/ruled-caller.ts";
import { createRules } from "./rules/rules.ts";

export interface RobotAccessDeps {
  readonly robots: Pick<RobotDirectory, "login">;
  readonly attempts: AttemptGuard;
}

/** Robots log in by `Basic`, and have their own rights; all else is as `others` see it. */
export function withRobots(others: Access, { robots, attempts }: RobotAccessDeps): Access {
  const rules = createRules({ access: [], groups: {} });
  const logins = new Logins({ users: undefined, robots, workloads: NO_WORKLOADS, attempts });
  const robotOf = async ({ authorization, address }: Shown): Promise<Caller | undefined> => {
    const credentials = parseBasic(authorization);
    if (credentials?.name.startsWith(ROBOT_PREFIX) !== true) return undefined;
    const login = await logins.login({ ...credentials, address });
    return new RuledCaller({ ...login, rules });
  };
  return {
    identify: async (shown) => (await robotOf(shown)) ?? (await others.identify(shown)),
    challenge: (options) => others.challenge(options),
  };
}

const NO_WORKLOADS = {
  verify: () => Promise.reject(new TypeError("only robots log in here")),
};
