/** Runs podman and buildah on image stores of the test's own. */
import { join } from "node:path";
import type { Clients } from "./clients.ts";
import { requireTool } from "./tools.ts";

/** Which program to run, and in which of the test's image stores. */
interface ImageStore {
  readonly engine: "buildah" | "podman";
  readonly store: string;
}

/** @returns what it wrote to stdout, trimmed. */
export async function runImageStore(
  clients: Clients,
  { engine, store }: ImageStore,
  args: readonly string[],
): Promise<string> {
  const folder = join(clients.directory, store);
  const flags = ["--storage-driver", "vfs", "--root", folder, "--runroot", `${folder}-run`];
  const command = [requireTool(engine), ...flags, ...args];
  // What the engine mounts vanishes with the mount namespace.
  return (await clients.run("unshare", "--mount", "--", ...command)).trim();
}
