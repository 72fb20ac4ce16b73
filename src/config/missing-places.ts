/** What is left out because the config names no place for it. */
import type { Config } from "./config.ts";

/**
 * Warnings. With the store on this machine's disk everything has its place below the root; where nobody has
 * to say who they are, nothing of it is missed.
 */
export function findMissingPlaces({
  auth,
  barge,
  storage,
}: Pick<Config, "auth" | "barge" | "storage">): readonly string[] {
  const { name } = storage.driver;
  if (auth.kind === "open" || name === "filesystem") return [];
  const warnings: string[] = [];
  if (barge.audit.path === undefined) {
    warnings.push(
      `no audit log is kept: with storage ${name} it has no place of its own; name a file in barge.audit.path`,
    );
  }
  if (barge.state.directory === undefined) {
    const keys = auth.kind === "built-in" && auth.key === undefined ? KEYS_END : "";
    warnings.push(
      `there is no socket for barge admin init, which makes the first administrator: with storage ${name} name a directory of this machine in barge.state.directory${keys}`,
    );
  }
  return warnings;
}

const KEYS_END = "; without it the key that signs tokens ends with each process, too";
