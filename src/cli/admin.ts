/** `barge admin init`: makes an account that may administer, through the socket in the state directory. */
import { join, resolve } from "node:path";
import { stateDirectoryOf } from "../app/state-directory.ts";
import { loadConfig } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import { checkedRobotName } from "./checked-names.ts";
import type { Io } from "./io.ts";
import { printNewRobot } from "./robot.ts";
import { connect } from "./server-arguments.ts";
import { UsageError } from "./usage-error.ts";

export interface AdminInitArguments {
  /** `undefined`: the server's choice. */
  readonly name: string | undefined;
  /** `undefined`: the one of the config. */
  readonly socket: string | undefined;
  /** `undefined`: the file that is found, else the built-in defaults. */
  readonly config: string | undefined;
  readonly debug: boolean;
  readonly format: "text" | "json";
}

/** @throws {ConfigInvalid} {UsageError}; {Unreachable} when no server has that socket; {Denied} when it is another user's */
export async function runInit(args: AdminInitArguments, io: Io): Promise<number> {
  const body = args.name === undefined ? {} : { name: checkedRobotName(args.name) };
  const socket = args.socket ?? (await configuredSocket(args, io));
  const connection = await connect(
    {
      server: `unix:${resolve(socket)}`,
      authFile: undefined,
      caFile: undefined,
      insecure: false,
      plainHttp: false,
      realmHosts: [],
      debug: args.debug,
    },
    io,
  );
  const admin = await connection.request("POST", "auth/admins", body);
  printNewRobot(admin, { io, format: args.format, server: undefined });
  return 0;
}

async function configuredSocket({ config: argument }: AdminInitArguments, io: Io): Promise<string> {
  const { environment } = io;
  const path = await locateConfig({ argument, environment });
  const { config } = await loadConfig({ path, environment });
  const directory = stateDirectoryOf(config);
  if (directory !== undefined) return join(directory, "admin.sock");
  throw new UsageError(
    "this config names no state directory: set barge.state.directory, or name the socket by --socket",
  );
}
