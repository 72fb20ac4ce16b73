/** `barge login`: proves credentials to a registry and keeps them where docker and podman find them. */
import { IDENTITY_TOKEN_NAME, type NamedCredentials } from "../client/credential-entries.ts";
import {
  type CredentialSources,
  findCredentials,
  keepCredentials,
  type KeptLogin,
} from "../client/credentials.ts";
import { type Proved, proveCredentials } from "../client/registry-login.ts";
import { isLoopbackHost } from "../lib/loopback.ts";
import { type NetworkAddress, parseServerAddress } from "../client/server-address.ts";
import { createTransport } from "../client/transport.ts";
import { loadTrust } from "../client/trust.ts";
import { systemClock } from "../lib/clock.ts";
import type { Io } from "./io.ts";
import { debugTo, type ServerArguments, serverOf } from "./server-arguments.ts";
import { processTerminal, type Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

export interface LoginArguments extends ServerArguments {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Whether the password is all of standard input. */
  readonly passwordFromInput: boolean;
  readonly quiet: boolean;
}

const TIMEOUT_MS = 30_000;

/**
 * @returns 0 once the registry has taken the credentials and they are kept.
 * @throws {UsageError} {Interrupted} {AddressRefused}, and what `proveCredentials` and `keepCredentials` throw
 */
export async function run(
  args: LoginArguments,
  io: Io,
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const address = networkAddress(await serverOf(args, io), args);
  const { name, password } = await askedFor(address, args, { io, terminal });
  const isToken = name === IDENTITY_TOKEN_NAME;
  const signal = new AbortController().signal;
  const proved = await proveCredentials({
    address,
    credentials: isToken
      ? { kind: "identity-token", token: password }
      : { kind: "password", name, password },
    transport: createTransport({
      loadTrust: () => loadTrust({ ...args, host: address.host, environment: io.environment }),
      timeoutMs: TIMEOUT_MS,
      clock: systemClock,
      environment: io.environment,
    }),
    trustedHosts: args.realmHosts,
    signal,
  });
  const token = proved.identityToken ?? (isToken ? password : undefined);
  const secret: NamedCredentials["secret"] =
    token === undefined ? { kind: "password", password } : { kind: "identity-token", token };
  const sources = { ...args, ...io, clock: systemClock, signal, debug: debugTo(io, args) };
  const kept = await keepCredentials(address.host, { name, secret }, sources);
  for (const line of await warningsOf(kept, { address, proved, sources })) {
    io.stderr(`warning: ${line}\n`);
  }
  if (!args.quiet) io.stderr(`logged in to ${address.host} as ${name}\n`);
  return 0;
}

function networkAddress(server: string, args: LoginArguments): NetworkAddress {
  const address = parseServerAddress(server, args);
  if (address.kind === "network") return address;
  throw new UsageError("over its socket a server takes orders without a login");
}

interface Asking {
  readonly io: Io;
  readonly terminal: Terminal;
}

interface NamePassword {
  readonly name: string;
  readonly password: string;
}

async function askedFor(
  { host }: NetworkAddress,
  args: LoginArguments,
  { io, terminal }: Asking,
): Promise<NamePassword> {
  if (args.passwordFromInput && args.password !== undefined) {
    throw new UsageError("--password and --password-stdin do not go together");
  }
  if (args.passwordFromInput && args.username === undefined) {
    throw new UsageError("--password-stdin needs --username");
  }
  const name = args.username ?? (await questioned(`Username for ${host}: `, terminal)).trim();
  if (name === "") throw new UsageError("the user name is empty");
  if (name.includes(":")) throw new UsageError("a user name cannot hold a colon");
  const password = await passwordOf(args, { io, terminal });
  if (password === "") throw new UsageError("the password is empty");
  return { name, password };
}

async function questioned(question: string, terminal: Terminal): Promise<string> {
  if (terminal.isInteractive) return await terminal.ask(question);
  throw new UsageError("there is no terminal to ask at: add --username and --password-stdin");
}

async function passwordOf(args: LoginArguments, { io, terminal }: Asking): Promise<string> {
  if (args.password !== undefined) {
    io.stderr(
      "warning: other users of this machine can see a password on the command line; use --password-stdin\n",
    );
    return args.password;
  }
  if (args.passwordFromInput) return (await terminal.readAll()).replace(/\r?\n$/, "");
  if (terminal.isInteractive) return await terminal.askSecret("Password: ");
  throw new UsageError("there is no terminal to ask at: add --password-stdin");
}

interface Outcome {
  readonly address: NetworkAddress;
  readonly proved: Proved;
  readonly sources: CredentialSources;
}

async function warningsOf(
  { file, helper }: KeptLogin,
  { address: { host }, proved, sources }: Outcome,
): Promise<readonly string[]> {
  const found = await findCredentials(host, { ...sources, debug: () => undefined });
  const hidden =
    found === undefined || found.file === file
      ? []
      : [`${found.file} holds other credentials for ${host}, and comes first`];
  const unproved =
    proved.by === "nobody" ? [`${host} asks nobody who they are: the password was not tried`] : [];
  const narrow =
    proved.by === "api"
      ? [
          `${host} takes these credentials to administer it, not to push and pull; --authfile keeps others apart from them`,
        ]
      : [];
  const { protocol, hostname } = proved.base;
  const isPlain = protocol === "http:" && proved.by !== "nobody" && !isLoopbackHost(hostname);
  const seen = isPlain ? [`the credentials went to ${host} without encryption`] : [];
  const readable = helper === undefined ? [`they stand unencrypted in ${file}`] : [];
  return [...unproved, ...narrow, ...seen, ...readable, ...hidden];
}
