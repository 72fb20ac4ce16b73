/** Whether strangers may do what they like. */
import { isLoopbackHost } from "../lib/loopback.ts";
import type { Config, ListenConfig } from "../config/config.ts";

/** Nobody has to say who they are, other machines reach it, and nobody said that this is meant. */
export function isCarelesslyOpen({ auth, http }: Pick<Config, "auth" | "http">): boolean {
  return auth.kind === "open" && !auth.isMeant && !isLocal(http.listen);
}

export const OPEN_WARNING =
  "this registry is open: whoever reaches its address may pull, push and delete; " +
  "set up auth or barge.auth, or write barge.auth: open if that is meant";

function isLocal(listen: ListenConfig): boolean {
  return listen.kind === "unix" || isLoopbackHost(listen.host);
}
