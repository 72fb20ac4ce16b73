/** `barge logout`: erases the credentials of a server, or of all. */
import { eraseCredentials, findCredentials } from "../client/credentials.ts";
import { parseServerAddress } from "../client/server-address.ts";
import { systemClock } from "../lib/clock.ts";
import type { Io } from "./io.ts";
import { debugTo, serverOf } from "./server-arguments.ts";
import { UsageError } from "./usage-error.ts";

export interface LogoutArguments {
  /** As typed; `undefined`: BARGE_SERVER. */
  readonly server: string | undefined;
  /** Whether the credentials of all servers go. */
  readonly all: boolean;
  readonly authFile: string | undefined;
  readonly debug: boolean;
  readonly quiet: boolean;
}

/**
 * @returns 0, also when nobody was logged in
 * @throws {UsageError} {AddressRefused} {CredentialFileUnusable} {CredentialHelperFailed}
 */
export async function run(args: LogoutArguments, io: Io): Promise<number> {
  const host = args.all ? undefined : await hostOf(args, io);
  const signal = new AbortController().signal;
  const sources = { ...args, ...io, clock: systemClock, signal, debug: debugTo(io, args) };
  const erased = await eraseCredentials(host, sources);
  const left = host === undefined ? undefined : await findCredentials(host, sources);
  if (left !== undefined) io.stderr(`warning: ${left.file} still holds credentials for ${host}\n`);
  if (args.quiet) return 0;
  for (const one of erased) io.stderr(`logged out of ${one}\n`);
  if (erased.length === 0) io.stderr(`not logged in${host === undefined ? "" : ` to ${host}`}\n`);
  return 0;
}

async function hostOf(args: LogoutArguments, io: Io): Promise<string> {
  const server = await serverOf(args, io);
  const address = parseServerAddress(server, { plainHttp: false, insecure: false });
  if (address.kind === "network") return address.host;
  throw new UsageError("over its socket a server takes orders without a login");
}
