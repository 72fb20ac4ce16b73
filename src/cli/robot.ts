/** `barge robot create|list|revoke`: accounts for machines on a running server. */
import { isJsonObject, type JsonObject } from "../oci/descriptor.ts";
import { textOf } from "../client/json-object.ts";
import { printable } from "../client/printable.ts";
import { Refused } from "../client/errors.ts";
import { checkedRobotName } from "./checked-names.ts";
import type { Io } from "./io.ts";
import { parseMoment } from "./period.ts";
import { printJson } from "./print-json.ts";
import { pairRights, type RightWord } from "./robot-rights.ts";
import { connect, type ServerArguments } from "./server-arguments.ts";
import { formatTable } from "./table.ts";
import { UsageError } from "./usage-error.ts";

export interface RobotCreateArguments extends ServerArguments {
  readonly name: string;
  /** What it may do where, in the order of the command line; none: the robot may what rules say of it. */
  readonly rights: readonly RightWord[];
  /** A duration from now, or a moment. */
  readonly expires: string | undefined;
  readonly format: "text" | "json";
}

/**
 * Prints the secret, which nobody can ask for again. What was typed is checked before anything is sent.
 * @throws {UsageError}, and what `Connection` throws
 */
export async function runCreate(args: RobotCreateArguments, io: Io): Promise<number> {
  const name = checkedRobotName(args.name);
  const rights = pairRights(args.rights);
  const now = new Date();
  const expiresAt =
    args.expires === undefined
      ? undefined
      : parseMoment(args.expires, { flag: "--expires", now, direction: "future" });
  if (expiresAt !== undefined && expiresAt <= now) {
    throw new UsageError("--expires: that is over already");
  }
  const connection = await connect(args, io);
  const body = { name, rights, ...(expiresAt === undefined ? {} : { expiresAt }) };
  const robot = await connection.request("POST", "robots", body);
  printNewRobot(robot, { io, format: args.format, server: connection.name });
  return 0;
}

export interface NewRobotPrinting {
  readonly io: Io;
  readonly format: "text" | "json";
  /** Where to log in; `undefined` where that cannot be told. */
  readonly server: string | undefined;
}

/** The secret alone on standard output, for a pipe; or all of it as JSON. @throws {Refused} when the server gave none. */
export function printNewRobot(robot: unknown, { io, format, server }: NewRobotPrinting): void {
  const { stdout, stderr } = io;
  const secret = isJsonObject(robot) ? textOf(robot, "secret") : undefined;
  if (!isJsonObject(robot) || secret === undefined) {
    throw new Refused("the server gave no secret: is it a Barge server?");
  }
  if (format === "json") {
    printJson(robot, io);
    return;
  }
  const username = printable(textOf(robot, "username") ?? "");
  const expires = textOf(robot, "expiresAt");
  stderr(`made ${username}, which may: ${rightsText(robot) || "what rules say of it"}\n`);
  if (expires !== undefined) stderr(`it expires at ${printable(expires)}\n`);
  stderr(
    `log in with: docker login ${server ?? "SERVER"} --username ${username} --password-stdin\n`,
  );
  stderr("its secret is shown this once:\n");
  stdout(`${printable(secret)}\n`);
}

export interface RobotListArguments extends ServerArguments {
  readonly format: "text" | "json";
}

/** @throws what `Connection` throws */
export async function runList(args: RobotListArguments, io: Io): Promise<number> {
  const connection = await connect(args, io);
  const answer = await connection.request("GET", "robots");
  if (args.format === "json") {
    printJson(answer, io);
    return 0;
  }
  const now = new Date();
  const robots: unknown = isJsonObject(answer) ? answer["robots"] : undefined;
  const rows = (Array.isArray(robots) ? robots.filter(isJsonObject) : []).map((robot) => [
    textOf(robot, "name") ?? "",
    rightsText(robot),
    textOf(robot, "createdBy") ?? "",
    expiryOf(robot, now),
    textOf(robot, "lastUsedAt") ?? "never",
  ]);
  io.stdout(formatTable(["NAME", "MAY", "CREATED BY", "EXPIRES", "LAST USED"], rows));
  return 0;
}

export interface RobotRevokeArguments extends ServerArguments {
  readonly name: string;
}

/** Its tokens end with it. @throws what `Connection` throws; {NotFound} when there is no such robot */
export async function runRevoke(args: RobotRevokeArguments, io: Io): Promise<number> {
  const name = checkedRobotName(args.name);
  const connection = await connect(args, io);
  await connection.request("DELETE", `robots/${encodeURIComponent(name)}`);
  io.stderr(`revoked ${name}\n`);
  return 0;
}

function expiryOf(robot: JsonObject, now: Date): string {
  const expiresAt = textOf(robot, "expiresAt");
  if (expiresAt === undefined) return "never";
  return new Date(expiresAt) <= now ? `${expiresAt} (over)` : expiresAt;
}

/** `pull,push on team/*; pull on base/**`. */
function rightsText(robot: JsonObject): string {
  const rights = robot["rights"];
  if (!Array.isArray(rights)) return "";
  const texts = rights
    .filter(isJsonObject)
    .map((right) => `${words(right, "actions")} on ${words(right, "repositories")}`);
  return printable(texts.join("; "));
}

function words(right: JsonObject, name: string): string {
  const value: unknown = right[name];
  return Array.isArray(value) ? value.filter((word) => typeof word === "string").join(",") : "";
}
