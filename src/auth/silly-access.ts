/** `auth.silly`, for tests: whoever shows anything at all may do everything but administer. */
import type { SillyAuthConfig } from "../config/config.ts";
import type { Access, Caller } from "./access.ts";
import { bearerChallenge } from "./challenge.ts";
import { NOBODY } from "./open-access.ts";

const NAME = "silly";

const SOMEBODY: Caller = {
  identity: { kind: "user", name: NAME, groups: [] },
  name: NAME,
  may: (action) => action !== "admin",
  maySeeBelow: () => true,
  mayList: true,
  seesAll: true,
  isAdmin: false,
  lack: "denied",
};

/** Looks at nothing but whether there is a header `Authorization`. */
export function createSillyAccess({ realm, service }: SillyAuthConfig): Access {
  return {
    identify: ({ authorization }) => ((authorization ?? "") === "" ? NOBODY : SOMEBODY),
    challenge: ({ needed }) => bearerChallenge({ realm, service, needed }),
  };
}
