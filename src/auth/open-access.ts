/** Nobody has to say who they are. */
import type { Access, Caller } from "./access.ts";
import { ANONYMOUS, displayName, type Identity } from "./identity.ts";

/** What is open to somebody is all but one thing: it never means the right to administer. */
export function mayAllButAdminister(identity: Identity): Caller {
  return {
    identity,
    name: displayName(identity),
    may: (action) => action !== "admin",
    maySeeBelow: () => true,
    mayList: true,
    seesAll: true,
    isAdmin: false,
    lack: "denied",
  };
}

/** Whoever reaches an open registry. */
export const ANYONE: Caller = mayAllButAdminister(ANONYMOUS);

/** Who asks before anybody has looked: may nothing. */
export const NOBODY: Caller = {
  identity: ANONYMOUS,
  name: "",
  may: () => false,
  maySeeBelow: () => false,
  mayList: false,
  seesAll: false,
  isAdmin: false,
  lack: "challenge",
};

export const OPEN_ACCESS: Access = {
  identify: () => ANYONE,
  challenge: () => undefined,
};
