/** Which server a verb talks to, and as whom. */
import { type Connection, openConnection } from "../client/api-client.ts";
import { knownHosts } from "../client/credentials.ts";
import { systemClock } from "../lib/clock.ts";
import type { Io } from "./io.ts";
import { UsageError } from "./usage-error.ts";

export interface ServerArguments {
  /** As typed; `undefined`: BARGE_SERVER. */
  readonly server: string | undefined;
  readonly authFile: string | undefined;
  readonly caFile: string | undefined;
  readonly insecure: boolean;
  readonly plainHttp: boolean;
  /** Hosts of token servers that the user vouches for. */
  readonly realmHosts: readonly string[];
  readonly debug: boolean;
}

/**
 * The server that is meant. One that somebody happens to be logged in to is not guessed: files of
 * credentials are shared with other programs, and what is done here may not be undone.
 * @throws {UsageError} when none is named
 */
export async function serverOf(
  { server, authFile }: Pick<ServerArguments, "server" | "authFile">,
  { environment }: Io,
): Promise<string> {
  const named = server ?? environment["BARGE_SERVER"] ?? "";
  if (named !== "") return named;
  const hosts = await knownHosts({ authFile, environment });
  const known = hosts.length === 0 ? "" : `; there are credentials for ${hosts.join(", ")}`;
  throw new UsageError(`which server? Name it by --server or in BARGE_SERVER${known}`);
}

/** @throws {UsageError} when no server is named; {AddressRefused} */
export async function connect(
  args: ServerArguments,
  io: Io,
  limits: { readonly timeoutMs?: number } = {},
): Promise<Connection> {
  return openConnection({
    ...limits,
    server: await serverOf(args, io),
    environment: io.environment,
    authFile: args.authFile,
    caFile: args.caFile,
    insecure: args.insecure,
    plainHttp: args.plainHttp,
    trustedHosts: args.realmHosts,
    clock: systemClock,
    signal: new AbortController().signal,
    debug: debugTo(io, args),
  });
}

export function debugTo({ stderr }: Io, { debug }: { debug: boolean }): (line: string) => void {
  return debug ? (line) => stderr(`debug: ${line}\n`) : () => undefined;
}
