/** `auth.silly`, for tests: whoever shows anything at all may do everything but administer. */
import type { SillyAuthConfig } from "../config/config.ts";
import type { Access } from "./access.ts";
import { bearerChallenge } from "./challenge.ts";
import { mayAllButAdminister, NOBODY } from "./open-access.ts";

const SOMEBODY = mayAllButAdminister({ kind: "user", name: "silly", groups: [] });

/** Looks at nothing but whether there is a header `Authorization`. */
export function createSillyAccess({ realm, service }: SillyAuthConfig): Access {
  return {
    identify: ({ authorization }) => ((authorization ?? "") === "" ? NOBODY : SOMEBODY),
    challenge: ({ needed }) => bearerChallenge({ realm, service, needed }),
  };
}
