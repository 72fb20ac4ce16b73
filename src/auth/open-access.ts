/** Nobody has to say who they are. */
import type { Access, Caller } from "./access.ts";
import { ANONYMOUS } from "./identity.ts";

/** Whoever reaches an open registry. It never means the right to administer it. */
export const ANYONE: Caller = {
  identity: ANONYMOUS,
  name: "",
  may: (action) => action !== "admin",
  maySeeBelow: () => true,
  mayList: true,
  seesAll: true,
  isAdmin: false,
  lack: "denied",
};

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
