/**
 * The socket in the state directory. Whoever can open it owns the server, and may make the first
 * administrator. A server that cannot have one serves all the same.
 */
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Logger } from "../observability/logger.ts";
import type { Listener } from "../registry/listener.ts";
import { ListenFailed, startServer } from "./http-server.ts";
import { makeStateDirectory, stateDirectoryOf, StateDirectoryUnusable } from "./state-directory.ts";

export interface AdminSocketParts {
  readonly listener: Listener;
  readonly log: Logger;
  /** Closes it. */
  readonly resources: AsyncDisposableStack;
}

/** What a socket's address has room for, with the zero at its end: `unix(7)`, `sun_path`. */
const MAX_PATH_BYTES = 107;

export async function openAdminSocket(config: Config, parts: AdminSocketParts): Promise<void> {
  const directory = stateDirectoryOf(config);
  if (directory === undefined) {
    parts.log.debug("there is no socket for administrators: barge.state.directory names no place");
    return;
  }
  const path = join(directory, "admin.sock");
  try {
    await listenAt(path, directory, parts);
  } catch (error) {
    const isExpected = error instanceof StateDirectoryUnusable || error instanceof ListenFailed;
    if (!isExpected) throw error;
    parts.log.warn("there is no socket for administrators", { err: error });
  }
}

async function listenAt(
  path: string,
  directory: string,
  { listener, log, resources }: AdminSocketParts,
): Promise<void> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    const message = `the path of the socket is too long: ${path}`;
    throw new StateDirectoryUnusable(`${message}; name a shorter barge.state.directory`);
  }
  await makeStateDirectory(directory);
  const listen = { kind: "unix", path } as const;
  const server = await startServer({ listen, tls: undefined, listener, log, isPrivate: true });
  resources.use(server);
}
